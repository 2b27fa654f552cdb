"""The items of a batch on other computers: the workers of a Dask scheduler, which see the same folders."""

from __future__ import annotations

import importlib
import os
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import Cancelled, InputError, OutputError, UsageError
from ..files.packages import Package
from ..options import RunOptions, never, silent
from .batch_item import Wishes, row_of
from .cases import Item
from .local import Messages
from .rows import failed_row
from .sizes import memory_of

DISTRIBUTED = Package(
    "distributed>=2024.1",
    "cluster",
    "to share a batch among computers",
    "--scheduler needs",
    megabytes=10,
)
#: A worker's resource of this name (bytes) is heeded: `dask worker --resources "MEMORY=64e9"`.
MEMORY = "MEMORY"
_CONNECT_S = 10.0
#: So many items are with the scheduler at a time; it keeps a record of each.
_AHEAD = 5000
#: Dask's words for a client with its scheduler, and for workers that take no work any more.
_CONNECTED = "running"
_CLOSING = ("closing", "closed", "failed")


_SCHEDULER_ENDED = "the scheduler ended before it was done"


class ClusterRunner:
    """Hands items to a Dask scheduler and their rows to the messages.

    A worker that is lost costs nothing but time: the scheduler gives its items to others, and what it had finished is
    found to be done before.

    Parameters
    ----------
    address : str
        Of the scheduler: "tcp://host:8786".
    items : sequence of Item
        What is to be done.
    wishes, options : Wishes, RunOptions
        How. Without `options.threads` an item gets one thread.
    claim : Path
        A folder that this batch holds in the output folder: a worker that does not see it has another folder.
    messages : queue
        Gets what happens.

    Raises
    ------
    InputError
        Without the package distributed.
    UsageError
        Where no scheduler answers.
    """

    def __init__(
        self, address: str, items: Sequence[Item], wishes: Wishes, options: RunOptions, claim: Path, messages: Messages
    ) -> None:
        self._distributed = DISTRIBUTED.require()
        self._address, self._items, self._messages = address, items, messages
        try:
            # asynchronous callbacks come from its own thread
            self._client = self._distributed.Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UsageError(
                f"No Dask scheduler answers at '{address}' ({error}): start one (dask scheduler), or leave "
                "--scheduler out."
            ) from error
        self._picture = wishes.picture
        self._options = replace(options, progress=silent, cancelled=never, threads=options.threads or 1)
        wishes = replace(wishes, output=Path(os.path.abspath(wishes.output)))
        self._work = partial(
            work, wishes=wishes, options=self._options, claim=Path(os.path.abspath(claim)), version=__version__
        )
        workers = self._client.scheduler_info()["workers"].values()
        self._by_memory = bool(workers) and all(MEMORY in worker["resources"] for worker in workers)
        self._run = uuid.uuid4().hex[:12]
        self._one_submits = threading.Lock()
        self._futures: dict[int, Any] = {}
        self._next = iter(range(len(items)))
        self._stopped = False
        for _ in range(min(_AHEAD, len(items))):
            self._submit()

    @property
    def workers(self) -> int:
        """How many there are now."""
        return len(self._client.scheduler_info()["workers"])

    def look(self) -> None:
        """Where the scheduler is gone, the items that are with it, and those that are not, get a row that says so."""
        if self._client.status == _CONNECTED:
            return
        with self._one_submits:
            self._stopped = True
            left = [*self._futures, *self._next]
            self._futures.clear()
        for index in left:
            self._messages.put(("row", index, self._lost(index, _SCHEDULER_ENDED)))

    def stop(self) -> None:
        """Take back what is with the scheduler; its workers end what they compute within a second."""
        with self._one_submits:
            self._stopped = True
            futures, self._futures = list(self._futures.values()), {}
        with suppress(OSError, TimeoutError, self._distributed.comm.CommClosedError):
            self._client.cancel(futures, force=True)
        self._client.close(timeout=1)

    def _submit(self) -> None:
        with self._one_submits:
            index = None if self._stopped else next(self._next, None)
            if index is None:
                return
            item = self._with_whole_paths(self._items[index])
            size = memory_of(item, self._options, self._picture) if self._by_memory else 0
            future = self._client.submit(
                self._work,
                item,
                key=f"dentaltoposeg-{self._run}-{index}",
                pure=False,
                resources={MEMORY: size} if self._by_memory else None,
            )
            self._futures[index] = future
        future.add_done_callback(partial(self._ended, index))

    def _ended(self, index: int, future: Any) -> None:
        """In a thread of the client."""
        if self._client.status != _CONNECTED:  # `look` tells of it
            return
        with self._one_submits:
            if self._futures.pop(index, None) is None:
                return
        row = self._lost(index, _SCHEDULER_ENDED)
        try:  # what cannot be fetched any more has ended with the scheduler, and is told as such before the error
            row = self._row_of(index, future)
        finally:
            self._messages.put(("row", index, row))
        self._submit()

    def _row_of(self, index: int, future: Any) -> dict[str, Any]:
        if future.status == "finished":
            row = future.result(timeout=_CONNECT_S)
        elif future.status == "error":
            row = self._lost(index, self._reason(future.exception(timeout=_CONNECT_S)))
        else:
            row = self._lost(index, "somebody else told the scheduler to forget it")
        future.release()
        return row

    def _reason(self, error: BaseException) -> str:
        if isinstance(error, self._distributed.KilledWorker):
            return "the workers that did it were lost, one after the other"
        if isinstance(error, ImportError):
            return f"a worker has not what it needs: {error}"
        text = " ".join(str(error).split())[:300]
        return f"{type(error).__name__}: {text}"

    def _lost(self, index: int, why: str) -> dict[str, Any]:
        item = self._items[index]
        message = f"It has no result ({why}): the same command goes on with it."
        return {"scan": item.scan, "name": item.name, "case": item.case, **failed_row(message, 1)}

    @staticmethod
    def _with_whole_paths(item: Item) -> Item:
        parts = tuple(ClusterRunner._with_whole_paths(part) for part in item.parts)
        return replace(item, inputs=tuple(Path(os.path.abspath(path)) for path in item.inputs), parts=parts)


def work(item: Item, *, wishes: Wishes, options: RunOptions, claim: Path, version: str) -> dict[str, Any]:
    """On a worker: the row of an item.

    Raises
    ------
    Reschedule
        (Dask's.) Where this worker is closing: others do it.
    """
    distributed = importlib.import_module("distributed")
    worker = distributed.get_worker()
    key = worker.get_current_task()
    here = {"scan": item.scan, "name": item.name, "case": item.case}
    if version != __version__:
        message = f"The worker on {worker.address} has version {__version__} of this program, not {version}."
        return here | failed_row(message, UsageError.exit_code)
    if not claim.is_dir():
        message = (
            f"The worker on {worker.address} does not see '{wishes.output}' as this computer does: give it the same "
            "folders under the same paths."
        )
        return here | failed_row(message, OutputError.exit_code)
    gone = [path for path in item.inputs if not os.path.lexists(path)]
    if gone:
        message = f"'{gone[0]}' is not there on the worker {worker.address}."
        return here | failed_row(message, InputError.exit_code)
    options = replace(options, cancelled=lambda: _is_closing(worker) or _given_up(worker, key))
    try:
        return row_of(item, wishes, options, _nobody)
    except Cancelled:
        if _is_closing(worker):
            raise distributed.Reschedule() from None
        raise


def _is_closing(worker: Any) -> bool:
    return worker.status.name in _CLOSING


def _given_up(worker: Any, key: str) -> bool:
    """Whether nobody wants the task any more: its batch was stopped, or has died with its connection."""
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


def _nobody(name: str, event: dict[str, Any]) -> None:
    """Who is told of the stages on a worker."""
