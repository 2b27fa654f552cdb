"""Every kind of file that is read: a sound example, how to damage it, and what is done with it.

What is done is what a command does with such a file: it is read, and where that is cheap also checked, cleaned or
exported, because an odd value may only be met later.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import fuzz_label_files
import fuzz_mesh_files
import numpy as np
from fuzz_networks import add_network, list_networks, network, read_structures, write_structures

if TYPE_CHECKING:
    from DentalTopoSegLib.dentition import Known

BEFORE = Path(__file__).resolve().parents[1] / "data" / "before" / "files"
#: The folder that a trial may write into, beside its files.
OUT = "out"


@dataclass(frozen=True)
class Format:
    """One kind of file.

    Parameters
    ----------
    name : str
        As the table has it.
    make : callable
        `make(folder)` writes a sound example, and gives the path that is to be opened.
    damaged : dict
        Patterns of the files that are damaged, each with the way (`fuzz_mutations.AWARE`).
    use : callable
        `use(path, out)`: what is done with it.
    row : str
        The row of the table that it counts in; empty: one of its own.
    sound : bool
        Whether the file as it is must be read.
    """

    name: str
    make: Callable[[Path], Path]
    damaged: dict[str, str]
    use: Callable[[Path, Path], object]
    row: str = ""
    sound: bool = True


# ---------------------------------------------------------------- what is done


def read_volume(path: Path, out: Path) -> None:
    from DentalTopoSegLib.files.volumes import read_volume as read

    volume, _ = read(path)
    volume.index_to_ras(np.zeros((1, 3)))


def read_by_both_forms(path: Path, out: Path) -> None:
    """By either of the two statements of its place."""
    from DentalTopoSegLib.files.volumes import read_volume as read

    for word in ("sform", "qform"):
        volume, _ = read(path, orientation=word)
        volume.index_to_ras(np.zeros((1, 3)))


def read_orientation(word: str) -> Callable[[Path, Path], None]:
    """A use that reads a volume which does not say where left and right are."""

    def use(path: Path, out: Path) -> None:
        from DentalTopoSegLib.files.volumes import read_volume as read

        volume, _ = read(path, orientation=word)
        volume.index_to_ras(np.zeros((1, 3)))

    return use


def read_labels(path: Path, out: Path) -> None:
    from DentalTopoSegLib.runs.checking import check_file

    check_file(path)


def read_mesh(path: Path, out: Path) -> None:
    from DentalTopoSegLib.files.meshes import clean
    from DentalTopoSegLib.files.meshes import read_mesh as read

    surface, _ = clean(read(path)[0], "mm")
    assert np.isfinite(surface.vertices).all() and surface.areas.min() >= 0 and np.isfinite(surface.normals).all()


def read_labelled_mesh(path: Path, out: Path) -> None:
    from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw

    jaw, _ = read_labelled_jaw(path, unit="mm")
    assert len(jaw.fdi) == len(jaw.surface.vertices)


def read_jaw_labels(path: Path, out: Path) -> None:
    from DentalTopoSegLib.files.jaw_labels import read_labelled_jaw

    read_labelled_jaw(path.with_name("jaw.ply"), path, unit="mm")


def export_as(form: str) -> Callable[[Path, Path], None]:
    """A use that exports a result, and looks that nothing was written elsewhere.

    A page gets no picture: that takes seconds, and is drawn from the labels.
    """

    def use(path: Path, out: Path) -> None:
        from DentalTopoSegLib.exports import web_page
        from DentalTopoSegLib.runs.public import export

        web_page.draw_content = lambda result, options: None

        before = _listing(path.parent)
        written = export(path, out, form)
        for file in written.values():
            assert out.resolve() in Path(file).resolve().parents, f"written to {file}"
        assert _listing(path.parent) == before, "a file beside the report was written"

    return use


def _listing(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in folder.iterdir() if p.is_file()}


def repair(path: Path, out: Path) -> None:
    from DentalTopoSegLib.runs.repairing import repair_file

    out.mkdir(exist_ok=True)
    repair_file(path, out / "repaired.vtp", all_safe=True)


def number_again(path: Path, out: Path) -> None:
    from DentalTopoSegLib.runs.repairing import repair_file

    out.mkdir(exist_ok=True)
    repair_file(path, out / "numbered.seg.nrrd", absent={14})


def read_job(path: Path, out: Path) -> None:
    from DentalTopoSegLib.runs.job import JobFile

    job = JobFile.read(path).job
    job.require_sense()
    job.lower_first()


def read_fusion(path: Path, out: Path) -> None:
    from DentalTopoSegLib.dentition import TwoNumbers
    from DentalTopoSegLib.reports.fusion_report import read_fusion_report

    for jaw in read_fusion_report(path)["jaws"]:
        for row in jaw["numbers"]["two_numbers"]:
            TwoNumbers.from_dict(row)


def find_scans(path: Path, out: Path) -> None:
    from DentalTopoSegLib.files.meshes import is_mesh_file
    from DentalTopoSegLib.runs.scans import scans_in

    for scan, name in scans_in(path):
        is_mesh_file(scan)
        name.encode("utf-8")


def read_table(path: Path, out: Path) -> None:
    from DentalTopoSegLib.runs.cases import items_of_table, read_cases

    for item in items_of_table(read_cases(path), path.parent):
        item.name.encode("utf-8")


# ---------------------------------------------------------------- sound examples


def _block(labels: bool = False):
    """A small volume, or teeth in it: (z, y, x)."""
    import SimpleITK as sitk

    rng = np.random.default_rng(0)
    array = rng.integers(-500, 2000, (20, 24, 28)).astype(np.int16)
    if labels:
        array = np.zeros((40, 44, 48), np.uint8)
        for fdi, x in ((16, 4), (15, 14), (14, 24), (13, 34)):
            array[8:30, 10:20, x : x + 8] = fdi
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.5, 0.5, 0.5))
    image.SetOrigin((-3.0, 5.0, 7.0))
    return image


def _image(name: str, labels: bool = False, compress: bool = False) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import SimpleITK as sitk

        sitk.WriteImage(_block(labels), str(folder / name), useCompression=compress)
        return folder / name

    return make


def _seg_nrrd(folder: Path) -> Path:
    import SimpleITK as sitk

    from DentalTopoSegLib.files.seg_nrrd import write_seg_nrrd
    from DentalTopoSegLib.files.volumes import Volume

    labels = Volume(sitk.GetArrayFromImage(_block(True)), (0.5, 0.5, 0.5))
    return write_seg_nrrd(labels, folder / "x.seg.nrrd", {16: 0.9}, _known((13, 14, 15, 16)))


def _known(teeth: Iterable[int]) -> Known:
    """What a run knows of its teeth."""
    from DentalTopoSegLib.dentition import Known, Stated, ToothEvidence

    basis = {fdi: ToothEvidence({fdi: 0.9, fdi + 1: 0.1}, (fdi / 2, -4.0, 2.0), 450.0) for fdi in teeth}
    return Known(Stated(frozenset({38}), False), basis)


def _known_report(folder: Path) -> Path:
    """A report that keeps what was stated and what numbers were found from."""
    path = _report("volume")(folder)
    report = json.loads(path.read_text(encoding="utf-8"))
    report |= _known(row["fdi"] for row in report["teeth"]).to_dict()
    path.write_text(json.dumps(report), encoding="utf-8")
    return path


def _dicom(whole: bool) -> Callable[[Path], Path]:
    """Eight slices; the folder is opened, or the first file."""

    def make(folder: Path) -> Path:
        import scan_files

        scan_files.generate_uid = _counted_uids()
        scan_files.write_dicom(folder / "series", scan_files.block((8, 12, 10)))
        return folder / "series" if whole else folder / "series" / "slice000.dcm"

    return make


def _enhanced(folder: Path) -> Path:
    import scan_files

    scan_files.generate_uid = _counted_uids()
    return scan_files.write_multi_frame(folder / "x.dcm", scan_files.block((8, 12, 10)))


def _scrambled(folder: Path) -> Path:
    """Frames in any order, with stacks, dimensions, a rescale each and padding."""
    import dicom_odd
    import scan_files

    dicom_odd.generate_uid = _counted_uids()
    scan = dicom_odd.enhanced(scan_files.block((9, 12, 10)), dicom_odd.scrambled(9), per_frame=frozenset({"values"}))
    scan.extra = {"PixelPaddingValue": -32768, "PixelPaddingRangeLimit": -30000}
    return scan.write(folder / "x.dcm")


def _bare(folder: Path) -> Path:
    import dicom_odd
    import pydicom

    whole = _dicom(True)(folder)
    for path in whole.iterdir():
        dicom_odd.write_bare(pydicom.dcmread(path), path)
    return whole


def _beside(folder: Path) -> Path:
    import dicom_odd

    whole = _dicom(True)(folder)
    dicom_odd.generate_uid = _counted_uids()
    dicom_odd.write_object(whole / "teeth.dcm", "1.2.840.10008.5.1.4.1.1.66.4", "SEG", np.ones((4, 12, 10), np.uint8))
    return whole


def _counted_uids() -> Callable[[], str]:
    """In place of random ones, so that the same seed gives the same files."""
    numbers = itertools.count(10)
    return lambda: f"1.2.826.0.1.3680043.8.498.{next(numbers)}"


def _mesh(name: str, content: Callable[[], bytes]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content())
        return folder / name

    return make


def _jaw_json(folder: Path) -> Path:
    (folder / "jaw.ply").write_bytes(fuzz_mesh_files.ply("<"))
    labels = [16 if i % 3 else 0 for i in range(36)]
    content = {"id_patient": "a", "jaw": "upper", "labels": labels, "instances": [v // 16 for v in labels]}
    (folder / "jaw.json").write_text(json.dumps(content))
    return folder / "jaw.json"


def _report(name: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for file in BEFORE.glob(name + "_*"):
            shutil.copyfile(file, folder / file.name)
        return folder / f"{name}_report.json"

    return make


def _job(folder: Path) -> Path:
    (folder / "upper.stl").write_bytes(fuzz_mesh_files.stl(False))
    content = {
        "inputs": [str(folder / "upper.stl")], "output": str(folder / OUT), "kind": None, "jaws": ["upper"],
        "unit": "mm", "name": "case", "series": None, "picture": False, "per_tooth": True, "threads": 1,
        "precision": "int8", "provider": "auto", "cancel_file": None,
    }  # fmt: skip
    (folder / "job.json").write_text(json.dumps(content))
    return folder / "job.json"


def _fusion(folder: Path) -> Path:
    from fusion_reports import SOUND

    (folder / "case_fusion.json").write_text(json.dumps(SOUND))
    return folder / "case_fusion.json"


def _batch(folder: Path) -> Path:
    """Scans of several kinds beside what else lies in a folder."""
    root = folder / "scans"
    (root / "deeper").mkdir(parents=True)
    _image("x.nii.gz")(root)
    _enhanced(root / "deeper")
    (root / "upper.stl").write_bytes(fuzz_mesh_files.stl(False))
    (root / "lower").write_bytes(fuzz_mesh_files.ply("ascii"))
    (root / "loop").symlink_to(root, target_is_directory=True)
    (root / "gone.nii").symlink_to("nowhere")
    (root / "zero.stl").symlink_to("/dev/zero")
    os.mkfifo(root / "pipe.nii.gz")
    os.mkfifo(root / "pipe")
    for name in (b"caf\xe9.stl", b"-o.nii", b"a\nb.ply", b"x" * 240 + b".nii"):
        with open(os.path.join(os.fsencode(root), name), "wb") as stream:
            stream.write(gzip.compress(b"1"))
    return root


def _table(folder: Path) -> Path:
    text = (
        "case;cbct;upper;lower;absent;dentition;orientation\n"
        'A;a.nii.gz;a_up.stl;a_lo.stl;14 24;permanent;LPS\n"B; b";;b.stl;;;mixed;\nC;c;;;;;\n'
    )
    (folder / "cases.csv").write_text(text)
    return folder / "cases.csv"


def _two_forms(folder: Path) -> Path:
    import nibabel as nib
    from volume_variants import AFFINE, nifti, turned

    mirrored = turned(AFFINE, mirror=(-1.0, 1.0, 1.0))
    return nifti(AFFINE, mirrored, name="x.nii", kind=nib.Nifti2Image, unit="mm")(folder)


def _bare_nrrd(folder: Path) -> Path:
    from volume_bytes import nrrd_bytes

    bare = {"space": None, "space_directions": None, "space_origin": None}
    lines = ("spacings: 0.0003 0.0004 0.0005", 'units: "m" "m" "m"', "axis mins: 0.001 0.002 0.003")
    (folder / "x.nrrd").write_bytes(nrrd_bytes(_values(), *lines, **bare))
    return folder / "x.nrrd"


def _bare_metaimage(folder: Path) -> Path:
    from volume_bytes import metaimage_bytes

    fields = {"ObjectType": "Image\nDistanceUnits = um", "ElementSpacing": "300 400 500", "TransformMatrix": None}
    (folder / "x.mha").write_bytes(metaimage_bytes(_values(), **fields))
    return folder / "x.mha"


def _values() -> np.ndarray:
    return np.arange(14 * 12 * 10, dtype=np.int16).reshape(14, 12, 10)


def _volumes() -> Iterator[Format]:
    yield Format("NIfTI (.nii)", _image("x.nii"), {"x.nii": "binary"}, read_volume)
    yield Format("NIfTI (.nii.gz)", _image("x.nii.gz", compress=True), {"x.nii.gz": "gzip"}, read_volume)
    yield Format("NIfTI-2, sform and qform differ", _two_forms, {"x.nii": "binary"}, read_by_both_forms)
    yield Format("NRRD, units and no space", _bare_nrrd, {"x.nrrd": "text"}, read_orientation("LAI"))
    yield Format("MetaImage, units and no axes", _bare_metaimage, {"x.mha": "text"}, read_orientation("PSL"))
    yield Format("Analyze (.hdr, .img)", _image("x.hdr"), {"x.hdr": "binary"}, read_volume)
    yield Format("NRRD, raw", _image("x.nrrd"), {"x.nrrd": "text"}, read_volume)
    yield Format("NRRD, gzip", _image("x.nrrd", compress=True), {"x.nrrd": "text"}, read_volume)
    yield Format("NRRD, detached (.nhdr)", _image("x.nhdr"), {"x.nhdr": "lines"}, read_volume)
    yield Format("MetaImage (.mha)", _image("x.mha"), {"x.mha": "text"}, read_volume)
    yield Format("MetaImage, zlib", _image("x.mha", compress=True), {"x.mha": "text"}, read_volume)
    yield Format("MetaImage, detached (.mhd)", _image("x.mhd"), {"x.mhd": "lines"}, read_volume)
    yield Format("DICOM file", _dicom(False), {"series/slice000.dcm": "dicom"}, read_volume)
    yield Format("DICOM series", _dicom(True), {"series/*": "dicom"}, read_volume)
    yield Format("DICOM, Enhanced CT", _enhanced, {"x.dcm": "dicom"}, read_volume)
    yield Format("DICOM, frames scrambled", _scrambled, {"x.dcm": "dicom"}, read_volume)
    yield Format("DICOM, no preamble", _bare, {"series/*": "dicom"}, read_volume)
    yield Format("DICOM beside a segmentation", _beside, {"series/*": "dicom"}, read_volume)
    yield Format("labels, NIfTI", _image("x.nii.gz", True, True), {"x.nii.gz": "gzip"}, read_labels)
    yield Format("labels, NRRD", _image("x.nrrd", True, True), {"x.nrrd": "text"}, read_labels)
    yield Format("labels, MetaImage", _image("x.mha", True), {"x.mha": "text"}, read_labels)
    yield Format("labels, .seg.nrrd", _seg_nrrd, {"x.seg.nrrd": "text"}, read_labels)
    yield Format("structures, .seg.nrrd", write_structures, {"x_structures.seg.nrrd": "text"}, read_structures)
    yield Format("labels, DICOM SEG", fuzz_label_files.dicom_seg(_counted_uids), {"teeth.dcm": "dicom"}, read_labels)
    yield Format("labels, NIfTI with names", fuzz_label_files.named_nifti, {"x.nii.gz": "gzip"}, read_labels)
    yield Format("labels, dataset.json", fuzz_label_files.with_dataset_file, {"dataset.json": "json"}, read_labels)
    yield Format("labels, .seg.nrrd, numbered again", _seg_nrrd, {"x.seg.nrrd": "text"}, number_again)


def _meshes() -> Iterator[Format]:
    yield Format("STL, binary", _mesh("x.stl", lambda: fuzz_mesh_files.stl(False)), {"x.stl": "binary"}, read_mesh)
    yield Format("STL, ASCII", _mesh("x.stl", lambda: fuzz_mesh_files.stl(True)), {"x.stl": "lines"}, read_mesh)
    for name, kind in (("ASCII", "ascii"), ("little-endian", "<"), ("big-endian", ">")):
        make = _mesh("x.ply", lambda kind=kind: fuzz_mesh_files.ply(kind))
        yield Format(f"PLY, {name}", make, {"x.ply": "header and numbers"}, read_mesh)
    yield Format("OBJ", _mesh("x.obj", fuzz_mesh_files.obj), {"x.obj": "lines"}, read_mesh)
    for kind in ("ascii", "appended", "zlib"):
        make = _mesh("x.vtp", lambda kind=kind: fuzz_mesh_files.vtp(kind))
        yield Format(f"VTP, {kind}", make, {"x.vtp": "xml"}, read_labelled_mesh)
    yield Format("3Shape (.dcm, HPS)", _mesh("x.dcm", fuzz_mesh_files.hps), {"x.dcm": "xml"}, read_mesh)
    yield Format("labels, Teeth3DS JSON", _jaw_json, {"jaw.json": "json"}, read_jaw_labels)


def _texts() -> Iterator[Format]:
    for form in ("csv", "html", "nifti"):
        yield Format(f"report, {form}", _report("volume"), {"volume_report.json": "json"}, export_as(form))
    yield Format("report of a jaw, csv", _report("jaw"), {"jaw_report.json": "json"}, export_as("csv"))
    yield Format("report of a jaw, repair", _report("jaw"), {"jaw_report.json": "json"}, repair)
    yield Format("report, numbered again", _known_report, {"volume_report.json": "json"}, number_again)
    yield Format("job", _job, {"job.json": "json"}, read_job)
    yield Format("fusion", _fusion, {"case_fusion.json": "json"}, read_fusion)
    yield Format("table of cases", _table, {"cases.csv": "lines"}, read_table)
    yield Format("folder of a batch", _batch, {"x.nii.gz": "gzip", "upper.stl": "binary", "lower": "lines",
                                               "deeper/*": "dicom"}, find_scans)  # fmt: skip


def _networks() -> Iterator[Format]:
    files = {"phantom-teeth/models.json": "json", "phantom-teeth/*.md": "lines", "phantom-teeth/*.onnx": "binary"}
    yield Format("network, zip", network(True), {"x.zip": "binary"}, add_network)
    yield Format("network, folder", network(False), files, add_network)
    yield Format("network, added before", network(False), files, list_networks)


FORMATS = (*_volumes(), *_meshes(), *_texts(), *_networks())
