"""Networks of others, and what they find, for `fuzz_formats`: sound examples, and what is done with them."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

#: A converted nnU-Net in miniature.
NETWORK = Path(__file__).resolve().parents[1] / "data" / "nnunet" / "phantom-teeth.zip"


def add_network(path: Path, out: Path) -> None:
    """Check and copy a converted network, and look that nothing was written elsewhere."""
    from DentalTopoSegLib.nnunet.installed import add_network as add
    from DentalTopoSegLib.nnunet.installed import installed_networks

    before = {p: p.stat().st_mtime_ns for p in path.parent.rglob("*")}
    try:
        added = add(path, lambda card: bool(card.licence), out / "networks")
        assert added is not None and [one.card for one in installed_networks(out / "networks")] == [added.card]
        assert {p.parent for p in out.rglob("*")} <= {out, out / "networks", added.folder}
    finally:
        now = {p: p.stat().st_mtime_ns for p in path.parent.rglob("*") if out not in (p, *p.parents)}
        assert now == {p: t for p, t in before.items() if out not in (p, *p.parents)}, "a file was written elsewhere"


def list_networks(path: Path, out: Path) -> None:
    """Look at networks that were added before and have changed since; and what a run does first with one."""
    from DentalTopoSegLib.nnunet.converted import check_converted
    from DentalTopoSegLib.nnunet.installed import installed_networks

    for one in installed_networks(path.parent):
        assert one.card is not None or one.problem
    check_converted(path)


def read_structures(path: Path, out: Path) -> None:
    from DentalTopoSegLib.files.structures import read_structures as read

    labels, names = read(path)
    assert labels.array.ndim == 3 and all(0 < value < 65536 and name for value, name in names.items())


def network(as_zip: bool) -> Callable[[Path], Path]:
    """A converted network as it is handed over."""

    def make(folder: Path) -> Path:
        if as_zip:
            shutil.copyfile(NETWORK, folder / "x.zip")
            return folder / "x.zip"
        with zipfile.ZipFile(NETWORK) as archive:
            archive.extractall(folder)
        return folder / NETWORK.stem

    return make


def write_structures(folder: Path) -> Path:
    """Two structures, as a run with such a network leaves them."""
    from DentalTopoSegLib.files.structures import write_structures as write
    from DentalTopoSegLib.files.volumes import Volume

    array = np.zeros((40, 44, 48), np.uint8)
    array[8:30, 10:20, 4:12], array[8:30, 10:20, 24:32] = 13, 14
    labels = Volume(array, (0.5, 0.5, 0.5))
    return write(labels, {13: "Mandible", 14: "Sinus"}, folder / "x_structures.seg.nrrd")
