"""A Dask cluster of real processes on this computer's loopback: a scheduler and workers of one thread each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_PATIENCE_S = 120.0


class Cluster:
    """Its processes; address: of the scheduler. folder: for what they write."""

    def __init__(self, folder: Path, workers: int, resources: str = "") -> None:
        folder.mkdir(parents=True)
        self._folder, self._resources = folder, resources
        self._log = (folder / "log.txt").open("wb")
        told = folder / "scheduler.json"
        self.scheduler = self._start("dask_scheduler", "--port", "0", "--scheduler-file", str(told))
        end = time.monotonic() + _PATIENCE_S
        while not told.exists() or not told.read_text().strip().endswith("}"):
            if self.scheduler.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the scheduler did not start: {(folder / 'log.txt').read_text()}")
            time.sleep(0.05)
        self.address: str = json.loads(told.read_text())["address"]
        self.workers = [self.add_worker() for _ in range(workers)]

    def add_worker(self) -> subprocess.Popen:
        """One more."""
        resources = ["--resources", self._resources] if self._resources else []
        local = ("--local-directory", str(self._folder))
        return self._start(
            "dask_worker", self.address, "--nthreads", "1", "--no-nanny", "--memory-limit", "0", *resources, *local
        )

    def _start(self, program: str, *words: str) -> subprocess.Popen:
        command = [sys.executable, "-m", f"distributed.cli.{program}", "--host", "127.0.0.1", "--no-dashboard", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(command, stdout=self._log, stderr=self._log, env=environment, cwd=self._folder)

    def close(self) -> None:
        """End all of them."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
        self._log.close()


@contextmanager
def cluster(folder: Path, workers: int, resources: str = "") -> Iterator[Cluster]:
    """Processes that end with the block."""
    running = Cluster(folder, workers, resources)
    try:
        yield running
    finally:
        running.close()
