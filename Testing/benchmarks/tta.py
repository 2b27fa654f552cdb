"""What looking several times (`--tta`) gives and costs on phantoms with known teeth: once, mirrored, also turned.

    python Testing/benchmarks/tta.py FOLDER [--models-dir FOLDER] [--provider openvino] [--limit N]

FOLDER holds phantoms as `python -m training` writes them for evaluation: NAME_image.nii.gz and NAME_labels.nii.gz. Each
is segmented in all three ways in turn; told are the scores of each and the CPU seconds (user and system) of the whole
path without reading, and their means. Mean figures over few scans hang on single teeth.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCORES = ("dice", "nsd", "detection_f1", "tca", "cer", "identification_accuracy")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models-dir", type=Path, help="another folder with a models.json")
    parser.add_argument("--provider", default="onnxruntime")
    parser.add_argument("--limit", type=int)
    args = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    import numpy as np

    from DentalTopoSegLib.cbct import segmenting
    from DentalTopoSegLib.cbct.views import AGAIN, ONCE, TURNED
    from DentalTopoSegLib.checks.metrics.label_maps import evaluate_pair
    from DentalTopoSegLib.files.volumes import read_volume
    from DentalTopoSegLib.networks.models import load_model
    from DentalTopoSegLib.networks.tasks import task_names
    from DentalTopoSegLib.options import RunOptions

    models = {
        task: load_model(task, 1, folder=args.models_dir, provider=args.provider) for task in task_names("volume")
    }
    rows: dict[str, list[list[float]]] = {}
    print(f"{'':<24}{'':<8}{'CPU s':>8}" + "".join(f"{name[:9]:>10}" for name in SCORES))
    for path in sorted(args.folder.glob("*_image.nii.gz"))[: args.limit]:
        scan, _ = read_volume(path)
        truth, _ = read_volume(path.with_name(path.name.replace("_image", "_labels")))
        for name, views in (("once", ONCE), ("twice", AGAIN), ("turned", TURNED)):
            segmenting.AGAIN = views
            start = time.process_time()
            found = segmenting.segment_volume(scan, RunOptions(threads=1, tta=True), models=models)
            seconds = time.process_time() - start
            scores = evaluate_pair(found.labels, truth)
            rows.setdefault(name, []).append([seconds, *(scores[key] for key in SCORES)])
            print(_line(path.name.split("_image")[0], name, rows[name][-1]), flush=True)
    for name, values in rows.items():
        print(_line("mean", name, np.mean(values, 0).tolist()))
    return 0


def _line(scan: str, name: str, row: list[float]) -> str:
    return f"{scan:<24}{name:<8}{row[0]:>8.2f}" + "".join(f"{value:>10.4f}" for value in row[1:])


if __name__ == "__main__":
    sys.exit(main())
