"""The networks of others that a person has added: a folder each, by its name, in a folder of hers."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ..errors import ModelError, OutputError, UsageError
from ..files.journal import MARK, sync_file, sync_folder
from ..files.names import shown, why_not_bare
from ..files.transactions import all_or_nothing, without_stages
from ..networks.models import MOST_LIST_BYTES
from .converted import MOST_CARD_BYTES, Card, check_converted, entries_of, read_card
from .parcels import LIST, open_parcel

#: Names another folder for added networks.
VARIABLE = "DENTALTOPOSEG_NETWORKS"
#: Of a network's file: Protocol Buffers' own bound.
MOST_NETWORK_BYTES = 2 << 30
_KEPT_KEYS = ("id", "task", "precision", "file", "sha256", "size_bytes", "license", "card")
_ARRIVING, _LEAVING = f"{MARK}arriving", f"{MARK}leaving"


@dataclass(frozen=True)
class Installed:
    """A network that was added.

    Parameters
    ----------
    name : str
        By which it is chosen.
    folder : Path
        Where it lies.
    card : Card, optional
        None where it is damaged.
    problem : str
        Why it cannot be used, a sentence; empty where it can.
    """

    name: str
    folder: Path
    card: Card | None
    problem: str = ""


def networks_folder() -> Path:
    """Where added networks lie: the folder that the environment variable DENTALTOPOSEG_NETWORKS names, else one for
    the user's own data, as each system has it. UsageError where the system knows no home of hers."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    try:
        home = Path.home()
    except RuntimeError as error:
        raise UsageError(f"This user has no home folder: name one for networks in {VARIABLE}.") from error
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "DentalTopoSeg" / "networks"
    if sys.platform == "darwin":
        return home / "Library" / "Application Support" / "DentalTopoSeg" / "networks"
    return Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "dentaltoposeg" / "networks"


def installed_networks(folder: Path | None = None) -> list[Installed]:
    """The networks that were added, by their names.

    Parameters
    ----------
    folder : Path, optional
        Where they lie; `networks_folder` by default. One that is not there holds none.

    Raises
    ------
    ModelError
        For a folder that cannot be looked into.
    """
    folder = folder or networks_folder()
    try:
        places = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ModelError(f"The folder of networks '{folder}' cannot be read ({error.strerror or error}).") from error
    return [_look_into(place) for place in places]


def _look_into(place: Path) -> Installed:
    try:
        card = read_card(place)
    except ModelError as error:
        return Installed(place.name, place, None, str(error))
    except OSError as error:
        return Installed(place.name, place, None, f"'{place}' cannot be read ({error.strerror or error}).")
    return Installed(place.name, place, card)


def find_network(name: str, folder: Path | None = None) -> Installed:
    """The network of a name that was added.

    Raises
    ------
    ModelError
        Where there is none, with those that there are, and where it is damaged.
    """
    found = _called(name, folder)
    if found.card is None:
        raise ModelError(f"The network {shown(name)} cannot be used: {found.problem} Remove it and add it again.")
    return found


def _called(name: str, folder: Path | None) -> Installed:
    every = installed_networks(folder)
    found = next((one for one in every if one.name == name), None)
    if found is None:
        there = ", ".join(one.name for one in every) or "none"
        raise ModelError(f"No network that was added is called {shown(name)} (there are: {there}).")
    return found


def models_folder(said: str, folder: Path | None = None) -> str:
    """The folder that is meant by `--models`: that of the added network of this name, else the folder of this path.

    Raises
    ------
    ModelError
        Where neither is there.
    """
    if why_not_bare(said) is None and any(one.name == said for one in installed_networks(folder)):
        return str(find_network(said, folder).folder)
    if os.path.isdir(said):
        return said
    there = ", ".join(one.name for one in installed_networks(folder)) or "none"
    raise ModelError(f"{shown(said)} is neither a folder nor the name of an added network (there are: {there}).")


def add_network(
    path: str | os.PathLike[str], accept: Callable[[Card], bool], folder: Path | None = None
) -> Installed | None:
    """Check the folder or zip of a converted network, ask, and copy it to those that were added, whole or not at all.

    What is checked is the copy, which nobody can change any more. Only the files that its list names are copied.

    Parameters
    ----------
    path : path
        The folder or zip.
    accept : callable
        Is shown the card, once all is checked; True: the person accepts the licence, and it is added.
    folder : Path, optional
        Where added networks lie.

    Returns
    -------
    Installed or None
        None where it was not accepted; then nothing is left.

    Raises
    ------
    InputError, ModelError
        For what is no converted network, damaged, altered, or holds what none may hold.
    UsageError
        Where a network of this name was added before.
    OutputError
        For everything the disk refuses.
    """
    folder = folder or networks_folder()
    try:
        return _add(Path(path), accept, folder)
    except _DeclinedError:
        return None


class _DeclinedError(Exception):
    """The person does not accept the licence: what was begun is taken back."""


def _add(path: Path, accept: Callable[[Card], bool], folder: Path) -> Installed:
    with open_parcel(path) as parcel, all_or_nothing(folder) as stage:
        arriving = stage / _ARRIVING
        arriving.mkdir()
        try:
            parcel.copy(LIST, arriving / LIST, MOST_LIST_BYTES)
            entries = entries_of(arriving)
            for entry in entries:
                size = entry.get("size_bytes", MOST_NETWORK_BYTES)
                parcel.copy(entry["file"], arriving / entry["file"], size)
            for name in {entry["card"] for entry in entries if entry.get("card")}:
                parcel.copy(name, arriving / name, MOST_CARD_BYTES)
            card = check_converted(arriving)
        except ModelError as error:
            raise ModelError(_told_of(str(error), arriving, path)) from error
        _require_new(card.name, folder)
        if not accept(card):
            raise _DeclinedError
        kept = [{key: entry[key] for key in _KEPT_KEYS if key in entry} for entry in entries]
        (arriving / LIST).write_text(json.dumps({"models": kept}, indent=2) + "\n", encoding="utf-8")
        for file in arriving.iterdir():
            sync_file(file)
        sync_folder(arriving)
        target = folder / card.name
        _require_new(card.name, folder)  # somebody may have added it while the card was read
        os.rename(arriving, target)
        sync_folder(folder)
    return Installed(card.name, target, card)


def _told_of(sentence: str, arriving: Path, given: Path) -> str:
    """A refusal of the copy as one of what was given."""
    return without_stages(sentence.replace(str(arriving), str(given)))


def _require_new(name: str, folder: Path) -> None:
    taken = next((one.name for one in installed_networks(folder) if one.name.casefold() == name.casefold()), None)
    if taken is not None:
        raise UsageError(
            f"A network called '{taken}' was added before: remove it first, or convert this one by --name."
        )


def remove_network(name: str, folder: Path | None = None) -> None:
    """Take an added network away, also a damaged one; a run that has opened it goes on.

    Raises
    ------
    ModelError
        Where none has this name.
    OutputError
        When the disk refuses.
    """
    folder = folder or networks_folder()
    found = _called(name, folder)
    with all_or_nothing(folder) as stage:  # what is moved there goes with it, also after a kill
        try:
            os.rename(found.folder, stage / _LEAVING)
        except OSError as error:
            raise OutputError(
                f"The network '{name}' cannot be removed ({error.strerror or error}): close what uses it."
            ) from error
