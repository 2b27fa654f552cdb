"""Which files of a folder are one scan, by what they say they are; what else lies there is named and left aside.

Nothing here keeps or prints a patient's name, id or birth date. File names and instance numbers are not trusted.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ....errors import InputError
from ...hps import is_hps_file
from ...names import one_line
from ..foreign import EXPORT_DICOM, told_of
from .folders import files_in, is_dicom_file, is_directory_file
from .frames import Frame, Orientations, frame_count, frames_of, stacks_in
from .header import DicomHeader, read_image_header
from .kinds import SCAN_CLASSES, Role, role_of, sop_class

# A series with fewer than this share of the largest one's voxels is a scout, a key image, a report page.
SIDE_SERIES_SHARE = 0.2
MIN_SLICES = 8


@dataclass(frozen=True)
class Series:
    """Frames that belong together: same series, size, orientation and stack.

    Parameters
    ----------
    uid, number, modality : str
        As in the files.
    rows, columns : int
        Pixels of each frame.
    localizer : bool
        Whether the files say that they are scouts.
    role : Role
        Whether they can be the scan.
    headers : tuple of DicomHeader
        One per file.
    copies : tuple of (DicomHeader, DicomHeader)
        A file that is taken, and one that claims to be the same.
    frames : tuple of Frame
        Of a file with many: those that belong together.
    part : int
        Which of several stacks in one file, from 1; 0 for one alone.
    merged : bool
        Whether the files name a series of their own each.
    """

    uid: str
    number: str
    modality: str
    rows: int
    columns: int
    localizer: bool
    role: Role
    headers: tuple[DicomHeader, ...]
    copies: tuple[tuple[DicomHeader, DicomHeader], ...] = ()
    frames: tuple[Frame, ...] = ()
    part: int = 0
    merged: bool = False

    @property
    def slices(self) -> int:
        return len(self.frames) or sum(frame_count(header) for header in self.headers)

    @property
    def voxels(self) -> int:
        return self.rows * self.columns * self.slices

    @property
    def many_in_one_file(self) -> bool:
        return len(self.headers) == 1 and frame_count(self.headers[0]) > 1

    def is_called(self, wanted: str) -> bool:
        """Whether a user means this series: its number or the end of its id, of a stack with ".1", ".2" behind."""
        stack = f".{self.part}" if self.part else ""
        return wanted in (self.number + stack, self.uid + stack) or (
            len(wanted) > 3 and (self.uid + stack).endswith(wanted)
        )

    def describe(self) -> str:
        stack = f".{self.part}" if self.part else ""
        number = f"series {one_line(self.number)}{stack}" if self.number else "a series without number"
        slices = "1 slice" if self.slices == 1 else f"{self.slices} slices"
        return f"{number} ({slices} of {self.columns} x {self.rows}, id ...{one_line(self.uid[-8:])}{stack})"


@dataclass
class Found:
    """The image series among some files, and how many objects of other kinds and meshes of 3Shape's there are."""

    series: list[Series] = field(default_factory=list)
    others: Counter[str] = field(default_factory=Counter)
    meshes: int = 0

    def others_said(self) -> str:
        """As "1 DICOM segmentation and 2 structured reports"."""
        said = [f"{n} {name}{'s' if n > 1 else ''}" for name, n in sorted(self.others.items())]
        return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)


def find_series(path: Path, wanted: str | None, warnings: list[str]) -> Series:
    """The one scan of a folder, or of a file: then of its series. Raises InputError.

    A CD's DICOMDIR stands for the folder it lies in. Appends to `warnings` what was left aside.
    """
    if not path.is_dir() and is_directory_file(path):
        path = path.parent
    if path.is_dir():
        return _choose(scan_files(files_in(path)), path, wanted, warnings)
    alone = scan_files([path])
    if not alone.series:
        raise _no_image(path, alone)
    own = alone.series
    if not own[0].many_in_one_file:
        beside = scan_files(files_in(path.parent, recursive=False))
        own = [s for s in beside.series if any(h.path == path for h in (*s.headers, *(c for _, c in s.copies)))]
        own = own or alone.series
    return _choose(Found(own), path, wanted, warnings)


def _no_image(path: Path, found: Found) -> InputError:
    if found.others:
        name = next(iter(found.others))
        article = "an" if name[0] in "aeioMN" and not name.startswith("NM") else "a"
        return InputError(f"'{path}' is {article} {name}, no CBCT scan: give the folder with the scan's slices.")
    if is_hps_file(path):
        return InputError(
            f"'{path}' is an intraoral scan in 3Shape's own mesh format (HPS), no DICOM: give it as a jaw, or export "
            "it as STL, PLY or OBJ."
        )
    return InputError(f"'{path}' is not an image in DICOM, or it is cut short: copy or export it again.")


def scan_files(files: Iterable[Path]) -> Found:
    """All image series among files. Raises InputError for a damaged DICOM file: it may be one of their slices."""
    groups: dict[tuple, list[DicomHeader]] = defaultdict(list)
    copies: dict[tuple, list[tuple[DicomHeader, DicomHeader]]] = defaultdict(list)
    taken: dict[tuple, DicomHeader] = {}
    orientations, found = Orientations(), Found()
    for file in files:
        header = read_image_header(file)
        if header is None:
            if file.stat().st_size == 0 and is_dicom_file(file):
                raise InputError(f"'{file}' is empty (0 bytes): copy or export the scan again.")
            found.meshes += is_hps_file(file)
            continue
        role, name = role_of(header)
        if role is Role.NEITHER:
            found.others[name] += bool(name)
            continue
        if not header.has("Rows") or not header.has("Columns"):
            if sop_class(header) in SCAN_CLASSES:
                raise InputError(
                    f"'{file}' is DICOM but cut short or damaged (it has no Rows and Columns): copy or export the scan "
                    "again."
                )
            continue
        key = _group_key(header, role, orientations)
        one = (*key, *_identity(header, file))
        if one in taken:  # the same slice copied twice, if its pixels agree
            copies[key].append((taken[one], header))
            continue
        taken[one] = header
        groups[key].append(header)
    series = [_series(key, headers, copies[key]) for key, headers in groups.items()]
    found.others = +found.others
    found.series = [part for one in _merged(series) for part in _parts(one)]
    return found


def _identity(header: DicomHeader, file: Path) -> tuple[str, ...]:
    """What only copies of one slice share; many slices with one id are still many."""
    uid = header.text("SOPInstanceUID")
    if not uid:
        return (str(file),)
    return uid, header.text("ImagePositionPatient"), header.text("InstanceNumber")


def _group_key(header: DicomHeader, role: Role, orientations: Orientations) -> tuple:
    axes = header.numbers("ImageOrientationPatient", 6)
    # Two multi-frame files of one series are two scans, not two slices.
    own = header.text("SOPInstanceUID") if frame_count(header) > 1 else ""
    return (
        header.text("SeriesInstanceUID"),
        header.count("Rows", 1, 65535),
        header.count("Columns", 1, 65535),
        orientations.index(axes),
        "LOCALIZER" in header.text("ImageType").upper(),
        role,
        own,
    )


def _series(key: tuple, headers: list[DicomHeader], copies: list[tuple[DicomHeader, DicomHeader]]) -> Series:
    first = headers[0]
    number, modality = first.text("SeriesNumber"), first.text("Modality")
    return Series(key[0], number, modality, key[1], key[2], key[4], key[5], tuple(headers), tuple(copies))


def _merged(series: list[Series]) -> list[Series]:
    """The series, those of a few slices put together that can only be one scan: some programs name one for each slice.

    Same study, frame of reference, kind and size; `stack_slices` then sees whether they lie on one grid.
    """
    pieces: dict[tuple, list[Series]] = defaultdict(list)
    for one in series:
        if one.role is Role.SCAN and not one.localizer and one.slices < MIN_SLICES and not one.many_in_one_file:
            pieces[_origin(one)].append(one)
    merged = []
    for some in pieces.values():
        if len(some) > 1 and sum(s.slices for s in some) >= MIN_SLICES:
            headers = tuple(header for s in some for header in s.headers)
            copies = tuple(copy for s in some for copy in s.copies)
            merged.append(replace(some[0], headers=headers, copies=copies, merged=True))
            series = [s for s in series if s not in some]
    return [*series, *merged]


def _origin(one: Series) -> tuple:
    header = one.headers[0]
    words = ("StudyInstanceUID", "FrameOfReferenceUID", "ImageOrientationPatient", "PixelSpacing")
    return one.rows, one.columns, one.modality, sop_class(header), *(header.text(word) for word in words)


def _parts(one: Series) -> list[Series]:
    """The stacks of a file with many frames, each as a series; other series as they are."""
    if one.role is not Role.SCAN or not one.many_in_one_file:
        return [one]
    stacks = stacks_in(frames_of(one.headers[0]))
    return [
        replace(one, frames=tuple(stack), part=number if len(stacks) > 1 else 0)
        for number, stack in enumerate(stacks, start=1)
    ]


def _choose(found: Found, path: Path, wanted: str | None, warnings: list[str]) -> Series:
    everything = found.series
    if not everything:
        raise InputError(_nothing(path, found))
    if wanted is not None:
        return _called(everything, path, wanted)
    scans = [s for s in everything if not s.localizer and s.slices >= MIN_SLICES]
    scans = [s for s in scans if s.role is Role.SCAN] or scans
    if not scans:
        raise InputError(f"'{path}' holds no scan of {MIN_SLICES} slices or more, only {listing(everything)}.")
    largest = max(s.voxels for s in scans)
    scans = [s for s in scans if s.voxels >= SIDE_SERIES_SHARE * largest]
    if len(scans) > 1:
        raise InputError(
            f"'{path}' holds {len(scans)} scans: {listing(scans)}. Choose one with --series and its number or id, "
            "or keep one scan per folder."
        )
    aside = [s for s in everything if s is not scans[0]]
    if aside:
        warnings.append(f"Left aside as scout or side pictures: {listing(aside)}.")
    if found.others:
        warnings.append(f"Left aside, as no scan: {found.others_said()}.")
    if found.meshes:
        scans_said = "1 intraoral scan" if found.meshes == 1 else f"{found.meshes} intraoral scans"
        warnings.append(f"Left aside: {scans_said} in 3Shape's own format, to be segmented as a jaw.")
    return scans[0]


def _called(everything: list[Series], path: Path, wanted: str) -> Series:
    meant = [s for s in everything if s.is_called(wanted)]
    meant = [s for s in meant if s.voxels >= SIDE_SERIES_SHARE * max(w.voxels for w in meant)]
    if len(meant) != 1:
        problem = "is not in" if not meant else "names several scans in"
        raise InputError(
            f"Series '{wanted}' {problem} '{path}', which holds {listing(everything)}: choose one of them."
        )
    if meant[0].slices < MIN_SLICES:
        raise InputError(
            f"Series '{wanted}' of '{path}' is no scan of {MIN_SLICES} slices or more: choose another one."
        )
    return meant[0]


def _nothing(path: Path, found: Found) -> str:
    if found.others:
        return f"'{path}' holds no CBCT scan, only {found.others_said()}: give the folder with the scan's slices."
    if path.is_dir() and any(is_hps_file(file) for file in files_in(path)):
        return (
            f"'{path}' holds intraoral scans in 3Shape's own mesh format (HPS), no DICOM: give the files as jaws, or "
            "export them as STL, PLY or OBJ."
        )
    for file in files_in(path) if path.is_dir() else ():
        told = told_of(file, dental=True)
        if told is not None:
            return f"'{file}' {told}"
    return f"'{path}' holds no DICOM images: give the folder with the scan's slices, or the scan's file. {EXPORT_DICOM}"


def listing(series: Sequence[Series]) -> str:
    """The series in words, by number; no more than eight."""
    ordered = sorted(series, key=lambda s: (s.number.zfill(12), s.part, s.uid))
    more = f" and {len(ordered) - 8} more" if len(ordered) > 8 else ""
    return "; ".join(s.describe() for s in ordered[:8]) + more
