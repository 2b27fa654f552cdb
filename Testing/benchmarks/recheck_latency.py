"""How long a check takes in the scene: of the whole dentition, after an edit of one tooth, of a repair and its undo.

    python Testing/benchmarks/recheck_latency.py [--spacing MM] [--size X Y Z] [--repeats N]

A phantom's exact labels become a segmentation as `add_result` makes it; then for every tooth a brush stroke is made the
way Segment Editor makes it, and the time of `Review.recheck` is taken (the stroke itself is not counted), by the clock
and, for machines that have other work, of the processor. Needs slicer-core.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "helpers")]

from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.phantom import make_phantom  # noqa: E402
from DentalTopoSegLib.scene import add_segmentation, review_of  # noqa: E402
from DentalTopoSegLib.scene.segments import oriented_image  # noqa: E402


def milliseconds(values: list[float]) -> str:
    median, most = np.median(values), max(values)
    return f"median {1e3 * median:.0f} ms, 95 % {1e3 * np.percentile(values, 95):.0f} ms, most {1e3 * most:.0f} ms"


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, that the work takes."""
    clock, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - processor


def stroke(node, review, fdi: int, rng: np.random.Generator) -> None:
    """Erase a ball of about 1.5 mm radius somewhere in the tooth."""
    import slicer

    labels = review.labels()
    inside = np.argwhere(labels.array == fdi)
    centre = inside[rng.integers(len(inside))]
    low, high = inside.min(0), inside.max(0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    away = np.indices(labels.array[box].shape).transpose(1, 2, 3, 0) + low - centre
    ball = (np.linalg.norm(away * labels.spacing[::-1], axis=-1) < 1.5) & (labels.array[box] == fdi)
    mask = ((labels.array[box] == fdi) & ~ball).astype(np.uint8)
    image = oriented_image(mask, tuple(int(v) for v in low), review._segments.local)
    logic, segmentation = slicer.vtkSlicerSegmentationsModuleLogic, node.GetSegmentation()
    every = tuple(segmentation.GetNthSegmentID(i) for i in range(segmentation.GetNumberOfSegments()))
    logic.SetBinaryLabelmapToSegment(image, node, f"Tooth_{fdi}", logic.MODE_REPLACE, image.GetExtent(), False, every)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spacing", type=float, default=0.3, help="voxel size of the phantom, mm")
    parser.add_argument("--size", type=int, nargs=3, default=(512, 512, 400), help="voxels x, y, z")
    parser.add_argument("--repeats", type=int, default=2, help="strokes per tooth")
    options = parser.parse_args()
    import slicer

    fov = [min(n * options.spacing, most) for n, most in zip(options.size, (110, 100, 90), strict=True)]
    small = make_phantom(seed=1, spacing_mm=options.spacing, fov_mm=fov, fillings=0, noise=0).labels
    array = np.zeros(options.size[::-1], np.uint8)  # a wide field: the head around the teeth costs room, not time
    start = [(n - m) // 2 for n, m in zip(array.shape, small.shape, strict=True)]
    array[tuple(slice(s, s + m) for s, m in zip(start, small.shape, strict=True))] = small.array

    scene = slicer.vtkMRMLScene()
    begun = time.perf_counter()
    node = add_segmentation(scene, array, small.index_to_ras_matrix(), "FDI", "teeth")
    shown = time.perf_counter() - begun
    begun = time.perf_counter()
    review = review_of(node)
    opened = time.perf_counter() - begun
    teeth = sorted(review.teeth())
    print(f"{array.shape[2]} x {array.shape[1]} x {array.shape[0]} voxels of {options.spacing} mm, {len(teeth)} teeth")
    print(f"segmentation with surfaces made in {shown:.2f} s, review opened (first check) in {opened:.2f} s")
    whole = [timed(lambda: review.recheck(whole=True)) for _ in range(3)]
    print(f"whole dentition: {milliseconds([w for w, _ in whole])}; processor {milliseconds([c for _, c in whole])}")

    asked, checked, computed = [], [], []
    rng = np.random.default_rng(0)
    for fdi in teeth * options.repeats:
        stroke(node, review, fdi, rng)
        begun = time.perf_counter()
        review.needs_recheck()
        asked.append(time.perf_counter() - begun)
        took, used = timed(review.recheck)
        checked.append(took)
        computed.append(used)
    print(f"after a stroke on one tooth ({len(checked)}): {milliseconds(checked)}; processor {milliseconds(computed)}")
    print(f"asking whether anything changed: {milliseconds(asked)}")

    repaired, undone = [], []
    for finding in review.findings():
        if finding.code in ("tunnel", "fragment", "void") and finding.state == "open" and finding.repairs:
            try:
                repaired.append(timed(lambda key=finding.key: review.repair(key)))
            except InputError as error:
                print(f"not repaired: {error}")
                continue
            undone.append(timed(review.undo))
    for what, times in (("repair with check and new surface", repaired), ("its undo", undone)):
        if times:
            wall, processor = (milliseconds(list(one)) for one in zip(*times, strict=True))
            print(f"{what} ({len(times)}): {wall}; processor {processor}")
    review.close()


if __name__ == "__main__":
    main()
