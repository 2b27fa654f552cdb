"""What is asked of an archive: which series a study has (QIDO-RS), one series (WADO-RS), and to keep objects
(STOW-RS)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import Cancelled, InputError, OutputError, UsageError
from .connection import Address

#: `progress(done, total)`.
Progress = Callable[[int, int], None]
#: Files of a series that are taken; a CBCT has hundreds.
MOST_INSTANCES = 10_000
_UID = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_SERIES_UID, _SERIES_NUMBER, _MODALITY, _INSTANCES = "0020000E", "00200011", "00080060", "00201209"
_SOP_UID = "00080018"


@dataclass(frozen=True)
class Series:
    """A series of a study: its UID, its number as text, its modality, and how many instances it has (None where the
    archive does not say)."""

    uid: str
    number: str
    modality: str
    instances: int | None


def require_uid(uid: str, said: str) -> None:
    """Raise UsageError for what is no DICOM UID, without repeating it. said: what it should be."""
    if not (len(uid) <= 64 and _UID.fullmatch(uid)):
        raise UsageError(f"{said} is no DICOM UID: numbers with dots between them, at most 64 characters.")


class Archive:
    """A DICOMweb service.

    Parameters
    ----------
    address : Address
        Where it is.

    Raises
    ------
    InputError
        Where the package that talks to it is absent.
    UsageError
        For half of a pair of user and password.
    """

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client = address.client(address.session())

    def series(self, study: str) -> list[Series]:
        """The series of a study, in the order of their numbers. Raises InputError for a study without any."""
        require_uid(study, "The study (--study)")
        with self.address.talking("list the series of the study"):
            found = self._client.search_for_series(
                study, fields=["NumberOfSeriesRelatedInstances", "SeriesNumber", "Modality"], get_remaining=True
            )
            series = [_series(item) for item in found]
        if not series:
            raise InputError(f"The archive at '{self.address.shown}' has no such study, or shows you none of it.")
        return sorted(series, key=lambda one: (len(one.number), one.number))

    def instances(self, study: str, series: str) -> set[str]:
        """The SOP Instance UIDs of a series, none where it is not there."""
        with self.address.talking("list what is in a series"):
            found = self._client.search_for_instances(study, series, get_remaining=True)
            return {str(_first(item, _SOP_UID)) for item in found}

    def fetch(
        self,
        study: str,
        series: Series,
        folder: Path,
        progress: Progress = lambda done, total: None,
        cancelled: Callable[[], bool] = bool,
    ) -> int:
        """Write the files of a series into a folder; how many they are.

        Parameters
        ----------
        study : str
            Its UID.
        series : Series
            Of that study.
        folder : Path
            Is there, and empty.
        progress : callable
            After each file.
        cancelled : callable
            Asked after each file.

        Raises
        ------
        InputError
            Where fewer come than there are, others than were asked for, or more than `MOST_INSTANCES`.
        Cancelled
            Where somebody wants to stop.
        OutputError
            For everything the disk refuses.
        """
        seen: set[str] = set()
        total = series.instances or 0
        with self.address.talking("send the series"):
            # as they are kept: nothing is asked of the archive that it may not be able to do
            for dataset in self._client.iter_series(study, series.uid, media_types=(("application/dicom", "*"),)):
                if cancelled():
                    raise Cancelled()
                if dataset.StudyInstanceUID != study or dataset.SeriesInstanceUID != series.uid:
                    raise InputError(f"The archive at '{self.address.shown}' sent files of another series.")
                if len(seen) >= MOST_INSTANCES:
                    raise InputError(f"The series has more than the {MOST_INSTANCES:,} files that are taken.")
                seen.add(str(dataset.SOPInstanceUID))
                try:
                    dataset.save_as(folder / f"{len(seen):05}.dcm", enforce_file_format=True)
                except OSError as error:
                    raise OutputError(
                        f"The scan cannot be kept ({error.strerror or error}): free some space."
                    ) from error
                progress(len(seen), max(total, len(seen)))
        if len(seen) < total or not seen:
            raise InputError(
                f"The archive at '{self.address.shown}' sent {len(seen)} of the series' {total or 'unknown number of'} "
                "files: try again."
            )
        return len(seen)

    def store(self, files: Sequence[Path], progress: Progress = lambda done, total: None) -> None:
        """Hand DICOM files over, one after the other, and look whether they are there.

        One that the archive has already, under the same UID, counts as stored.

        Parameters
        ----------
        files : sequence of Path
            DICOM files.
        progress : callable
            After each file.

        Raises
        ------
        OutputError
            Where not all are kept; it says how many are, and names the first that is not.
        """
        import pydicom

        for done, path in enumerate(files):
            try:
                with self.address.talking("keep the results"):
                    dataset = pydicom.dcmread(path)
                    answer = self._client.store_instances([dataset], study_instance_uid=dataset.StudyInstanceUID)
                    failed = bool(answer.get("FailedSOPSequence"))
                there = not failed and self._has(dataset)
            except InputError as error:
                raise _partly(done, files, str(error)) from error
            if not there:
                raise _partly(done, files, f"The archive at '{self.address.shown}' does not keep '{path.name}'.")
            progress(done + 1, len(files))

    def _has(self, dataset: Any) -> bool:
        return str(dataset.SOPInstanceUID) in self.instances(dataset.StudyInstanceUID, dataset.SeriesInstanceUID)


def _partly(done: int, files: Sequence[Path], reason: str) -> OutputError:
    kept = f"{done} of {len(files)} files are stored, the first that is not is '{files[done].name}'"
    said = kept if done else "Nothing is stored"
    return OutputError(f"{reason} {said}; all are in '{files[done].parent}', and storing them again leaves no doubles.")


def _series(item: dict[str, Any]) -> Series:
    count = _first(item, _INSTANCES)
    number = _first(item, _SERIES_NUMBER)
    return Series(
        str(_first(item, _SERIES_UID) or ""),
        "" if number is None else str(number),
        str(_first(item, _MODALITY) or ""),
        None if count is None else int(count),
    )


def _first(item: dict[str, Any], tag: str) -> Any:
    """The first value of a tag in DICOM JSON, None where it has none."""
    values = item.get(tag, {}).get("Value") or [None]
    return values[0]
