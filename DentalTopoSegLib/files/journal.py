"""How finished files get from a stage into their folder so that a kill or a failing disk at any moment loses nothing.

A stage is a hidden folder in the results' folder. Its way:

1. Every new file is on the disk (fsync); every file that will be replaced gets a second name in the stage.
2. The journal is written: from here on the new files count. They are moved one by one, reports last.
3. The journal goes, then the stage.

A run that is killed before 2 has changed nothing: its stage is deleted by the next run. Killed later, the next run
finishes the moves. Where that is impossible (a disk that refuses, a file that somebody has changed meanwhile) the
older files come back; the journal then has the other name, so that a kill in the midst of that is finished as well.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from ..errors import OutputError

#: All names that are ours alone begin so, in the results' folder and in a stage.
MARK = ".dentaltoposeg-"
JOURNAL = f"{MARK}journal.json"
UNDO = f"{MARK}undo.json"
_DRAFT = f"{MARK}draft.json"
_KEPT = f"{MARK}kept"
_GONE = f"{MARK}gone"
#: Files with this ending are moved last: where a report is, all is that it reports on.
_REPORT_ENDING = "_report.json"
_CHUNK_BYTES = 1 << 20
#: Of a journal: that of 5,000 files, far more than any result has.
_MAX_JOURNAL_BYTES = 1 << 20


@dataclass(frozen=True)
class Move:
    """One file on its way.

    Parameters
    ----------
    name : str
        In the stage and in the folder.
    sha256 : str
        Of the new file; "" where there is none, and the older one goes.
    replaced : list of int, optional
        Size and time of change, in ns, of the file that was there.
    """

    name: str
    sha256: str
    replaced: list[int] | None = None


def staged_files(stage: Path) -> list[Path]:
    """The files that are to be moved, reports last."""
    files = [path for path in stage.iterdir() if not path.name.startswith(MARK)]
    return sorted(files, key=lambda path: (path.name.endswith(_REPORT_ENDING), path.name))


def take_away(stage: Path, name: str) -> None:
    """Let the file of this name in the results' folder go when the stage's files are moved there, with them or not
    at all."""
    (stage / _GONE).mkdir(exist_ok=True)
    (stage / _GONE / name).touch()


def names_taken_away(stage: Path) -> list[str]:
    """Of files for which nothing comes."""
    gone = stage / _GONE
    names = sorted(path.name for path in gone.iterdir()) if gone.is_dir() else []
    return [name for name in names if not _is_there(stage / name)]


def move_all(stage: Path, folder: Path) -> None:
    """Move the files of a stage to their folder, all or none; the caller holds the folder's lock.

    Raises
    ------
    OSError
        When the disk refuses; then the folder is as it was, or the stage still has what brings that back.
    """
    moves = _prepare(stage, folder)
    try:
        _write_journal(stage, moves)
        _carry_out(stage, folder, moves)
    except BaseException:
        if (stage / JOURNAL).exists():
            _turn_round(stage, folder, moves)
        raise


def is_open(stage: Path) -> bool:
    """Whether the stage holds what the folder still needs."""
    return (stage / JOURNAL).exists() or (stage / UNDO).exists()


def finish_moves(stage: Path, folder: Path) -> None:
    """Finish what a killed run began, or take it back; the caller holds the folder's lock.

    Raises
    ------
    OutputError
        For a journal that cannot be read.
    OSError
        When the disk refuses.
    """
    if (stage / UNDO).exists():
        _take_back(stage, folder, _read_journal(stage / UNDO))
    elif (stage / JOURNAL).exists():
        moves = _read_journal(stage / JOURNAL)
        left = [move for move in moves if _is_there((folder if not move.sha256 else stage) / move.name)]
        if not all(_can_go_on(stage, folder, move) for move in left):
            _turn_round(stage, folder, moves)
            return
        try:
            _carry_out(stage, folder, left)
        except OSError:  # nobody was told of the newer files, so the older ones are as good
            _turn_round(stage, folder, moves)


def sha256_of(path: Path) -> str:
    """Of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_CHUNK_BYTES):
            digest.update(part)
    return digest.hexdigest()


def sync_file(path: Path) -> None:
    """Return when the file is on the disk."""
    with path.open("r+b") as stream:
        os.fsync(stream.fileno())


def sync_folder(folder: Path) -> None:
    """Return when the names in the folder are on the disk, where the system can say so."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EBADF, errno.ENOTSUP):  # file systems without
            raise
    finally:
        os.close(descriptor)


def _prepare(stage: Path, folder: Path) -> list[Move]:
    (stage / _KEPT).mkdir(exist_ok=True)
    moves = [Move(name, "", _state(folder / name)) for name in names_taken_away(stage) if _is_file(folder / name)]
    for file in staged_files(stage):
        target = folder / file.name
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has this name", str(target))
        sync_file(file)
        moves.append(Move(file.name, sha256_of(file), _state(target)))
        if _is_there(target) and not target.is_symlink():
            with suppress(OSError):  # a disk without second names: renamed when its turn comes
                os.link(target, stage / _KEPT / file.name)
    sync_folder(stage / _KEPT)
    return moves


def _carry_out(stage: Path, folder: Path, moves: list[Move]) -> None:
    for move in moves:
        target, kept = folder / move.name, stage / _KEPT / move.name
        if _is_there(target) and not _is_there(kept):
            os.replace(target, kept)
        if move.sha256:
            os.replace(stage / move.name, target)
    sync_folder(folder)
    (stage / JOURNAL).unlink()


def _turn_round(stage: Path, folder: Path, moves: list[Move]) -> None:
    os.replace(stage / JOURNAL, stage / UNDO)
    _take_back(stage, folder, moves)


def _take_back(stage: Path, folder: Path, moves: list[Move]) -> None:
    """Bring the older files back; a file that somebody has changed since it was moved stays."""
    for move in reversed(moves):
        target, kept = folder / move.name, stage / _KEPT / move.name
        if not _is_there(target):
            if _is_there(kept):
                os.replace(kept, target)
        elif not _is_there(stage / move.name) and sha256_of(target) == move.sha256:
            if _is_there(kept):
                os.replace(kept, target)
            elif move.replaced is None:
                target.unlink()
    sync_folder(folder)
    (stage / UNDO).unlink()


def _can_go_on(stage: Path, folder: Path, move: Move) -> bool:
    """Whether the new file is whole and the older one untouched (or put aside)."""
    state = _state(folder / move.name)
    untouched = state is None or state == move.replaced
    return untouched and (not move.sha256 or sha256_of(stage / move.name) == move.sha256)


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _is_file(path: Path) -> bool:
    return _is_there(path) and stat.S_ISREG(path.lstat().st_mode)


def _state(path: Path) -> list[int] | None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return None
    return [found.st_size, found.st_mtime_ns]


def _write_journal(stage: Path, moves: list[Move]) -> None:
    draft = stage / _DRAFT
    draft.write_text(json.dumps([asdict(move) for move in moves]), encoding="utf-8")
    sync_file(draft)
    os.replace(draft, stage / JOURNAL)
    sync_folder(stage)


def _read_journal(path: Path) -> list[Move]:
    """A journal as we write it: it names files of its own stage and folder, whoever has put it there."""
    moves: list[Move] = []
    kept = path.parent / _KEPT
    sound = path.lstat().st_size <= _MAX_JOURNAL_BYTES and _is_plain(path)
    sound = sound and (not _is_there(kept) or stat.S_ISDIR(kept.lstat().st_mode))  # a link would lead elsewhere
    if sound:
        try:
            moves = [Move(**row) for row in json.loads(path.read_text(encoding="utf-8"))]
            sound = all(_is_sound(move) and _is_plain(path.parent / move.name) for move in moves)
        except (ValueError, TypeError, RecursionError):
            sound = False
    if not sound:
        raise OutputError(
            f"The folder '{path.parent}' of a run that was interrupted is damaged: look into it for files that you "
            "miss, then delete it."
        )
    return moves


def _is_sound(move: Move) -> bool:
    name, replaced = move.name, move.replaced
    return (
        isinstance(name, str)
        and isinstance(move.sha256, str)
        and name not in ("", ".", "..")
        and not name.startswith(MARK)
        and not set(name) & set("/\\\0")
        and (replaced is None or (isinstance(replaced, list) and all(isinstance(number, int) for number in replaced)))
    )


def _is_plain(path: Path) -> bool:
    """Whether this is a file, or nothing: no link and no folder."""
    return not _is_there(path) or stat.S_ISREG(path.lstat().st_mode)
