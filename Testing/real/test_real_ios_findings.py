"""Findings on real, labelled jaws: hardly any alarm on the true labels, and the right one on a damaged copy.

The scans (3D-IOSSeg, see the data pack's README) stay outside the repository; without them every test is skipped.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from DentalTopoSegLib.checks.findings import Finding, check_jaws
from DentalTopoSegLib.checks.measures.jaw import JawCase
from DentalTopoSegLib.dentition import FDI_PERMANENT, mirrored
from DentalTopoSegLib.dentition.crown_sizes import jaw_of_sizes
from DentalTopoSegLib.files.jaw_labels import most_of_vertex
from DentalTopoSegLib.files.meshes import Surface
from DentalTopoSegLib.ios.segmenting import JawSegmentation

#: Pairs whose jaws are not in the bite, by the data pack's README.
NOT_IN_BITE = {"019", "075"}


@pytest.fixture(scope="module")
def scans(real_data: Path) -> list[Path]:
    found = sorted((real_data / "ios" / "train").glob("*.npz"))
    if not found:
        pytest.skip("no labelled intraoral scans in the data folder")
    return found


@cache
def jaw(path: Path) -> JawSegmentation:
    """The scan with its true labels."""
    with np.load(path) as data:
        vertices, faces, labels = data["vertices"].astype(float), data["faces"], data["face_fdi"]
    which = path.stem.split("_")[1]
    surface = Surface(
        vertices, faces, 1.0, np.arange(len(vertices), dtype=np.int32), np.arange(len(faces), dtype=np.int32)
    )
    fdi = most_of_vertex(faces, labels, len(vertices))
    return JawSegmentation(
        surface=surface, fdi=fdi, face_fdi=labels, instance=fdi.astype(np.int32), confidence={}, jaw=which,
        jaw_inferred=which, jaw_confidence=1.0, frame=np.eye(4), frame_confidence=1.0, inside_out=False,
    )  # fmt: skip


def with_labels(path: Path, face_fdi: np.ndarray) -> JawSegmentation:
    """The scan with other labels."""
    from dataclasses import replace

    fdi = most_of_vertex(jaw(path).surface.faces, face_fdi, len(jaw(path).fdi))
    return replace(jaw(path), face_fdi=face_fdi, fdi=fdi, instance=fdi.astype(np.int32))


def codes(found: list[Finding], *severities: str) -> set[str]:
    return {finding.code for finding in found if finding.severity in severities}


def test_true_labels_hardly_ever_alarm(scans: list[Path]) -> None:
    count: Counter = Counter()
    for path in scans:
        found = check_jaws([jaw(path)], [path.stem])
        count.update((finding.severity, finding.code) for finding in found)
        assert not codes(found, "error"), f"{path.stem}: {[f.message for f in found if f.severity == 'error']}"
    print(f"\n{len(scans)} scans: {dict(count)}")
    assert sum(n for (severity, _), n in count.items() if severity == "warning") < 0.3 * len(scans)


def test_jaws_in_the_bite_are_told_from_those_that_are_not(scans: list[Path]) -> None:
    for upper in (path for path in scans if path.stem.endswith("upper")):
        lower = upper.with_name(upper.name.replace("upper", "lower"))
        if lower not in scans:
            continue
        found = check_jaws([jaw(upper), jaw(lower)], ["upper", "lower"])
        assert ("not_in_bite" in codes(found, "warning")) == (upper.stem[:3] in NOT_IN_BITE), upper.stem


def test_crown_sizes_tell_the_jaw(scans: list[Path]) -> None:
    right = 0
    for path in scans:
        case = JawCase(jaw(path), path.stem)
        sizes = [(fdi, c.pieces[0].area_mm2, c.width_mm) for fdi, c in case.crowns.items() if not c.is_cut]
        right += jaw_of_sizes(sizes)[0] == case.which
    assert right >= 0.98 * len(scans)


@pytest.fixture(scope="module")
def some(scans: list[Path]) -> list[Path]:
    return scans[3::12]


def test_exchanged_sides_show(some: list[Path]) -> None:
    table = np.arange(256)
    for fdi in FDI_PERMANENT:
        table[fdi] = mirrored(fdi)
    for path in some:
        found = check_jaws([with_labels(path, table[jaw(path).face_fdi].astype(np.uint8))], [path.stem])
        assert codes(found, "error") == {"left_right_mirrored"}, path.stem


def test_two_molars_under_one_number_show(some: list[Path]) -> None:
    for path in some:
        labels = jaw(path).face_fdi
        first, second = (16, 17) if jaw(path).jaw == "upper" else (46, 47)
        if first in labels and second in labels:
            found = check_jaws([with_labels(path, np.where(labels == second, first, labels))], [path.stem])
            # joined by their common border or not, one number on two crowns is an error
            assert codes(found, "error") & {"merged_neighbours", "doubled_number"}, path.stem


def test_exchanged_neighbours_show(some: list[Path]) -> None:
    for path in some:
        labels = jaw(path).face_fdi
        first, second = (23, 25) if jaw(path).jaw == "upper" else (33, 35)
        if first in labels and second in labels:
            changed = np.where(labels == first, second, np.where(labels == second, first, labels)).astype(np.uint8)
            assert "order_broken" in codes(check_jaws([with_labels(path, changed)], [path.stem]), "warning"), path.stem


def test_gum_inside_a_molar_shows(some: list[Path]) -> None:
    for path in some:
        surface, labels = jaw(path).surface, jaw(path).face_fdi
        tooth = 16 if jaw(path).jaw == "upper" else 36
        if tooth not in labels:
            continue
        middle = surface.vertices[surface.faces].mean(1)
        centre = middle[labels == tooth].mean(0)
        top = middle[labels == tooth][np.linalg.norm(middle[labels == tooth] - centre, axis=1).argmin()]
        near = (np.linalg.norm(middle - top, axis=1) < 1.5) & (labels == tooth)
        found = check_jaws([with_labels(path, np.where(near, 0, labels).astype(np.uint8))], [path.stem])
        assert "hole" in codes(found, "warning"), path.stem
