"""A cone-beam scanner: projections of materials, what its detector makes of them, their reconstruction.

Polychromatic projections on a circular orbit, scatter, photon noise and detector errors, then a Feldkamp-Davis-Kress
reconstruction. Projector and reconstruction are RTK's (`pip install itk-rtk`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from DentalTopoSegLib.errors import InputError
from training.patients.materials import MATERIALS
from training.patients.xrays import BASIS_NAMES, attenuation, spectrum

COARSE = 2
"""Soft tissue is smooth: its projections are taken with pixels and voxels this much larger, in a fraction of
the time."""

SURROUND_MM = {"lateral": 20.0, "anterior": 0.0, "posterior": 60.0, "above": 30.0, "below": 15.0}
"""How far the head goes on outside the phantom's box (its edge voxels extruded), so that the data are
truncated as in a scanner whose field of view is smaller than the head."""

SURROUND_VOXEL_MM = 2.0


@dataclass(frozen=True)
class Scanner:
    """One acquisition. Lengths in mm; `photons` per detector pixel and view without an object.

    `scatter` scales Ohnesorge's scatter potential P ln(1/P), `gain_error` is the relative standard deviation
    of the pixels' gain that calibration left (rings), `grey_gain` and `grey_offset` turn HU into the stored
    grey. `fov_mm` is the diameter of the field of view; None: the whole phantom is seen.
    """

    kvp: float = 100.0
    filter_al_mm: float = 6.0
    projections: int = 240
    source_axis_mm: float = 500.0
    source_detector_mm: float = 700.0
    pixel_mm: float = 0.7
    photons: float = 6e4
    electronic_noise: float = 8.0
    scatter: float = 0.03
    scatter_width_mm: float = 30.0
    blur_pixels: float = 0.5
    gain_error: float = 0.002
    bad_columns: int = 1
    hann_cut: float = 0.9
    surround: bool = True
    fov_mm: float | None = None
    grey_gain: float = 1.0
    grey_offset: float = 0.0


def draw_scanner(rng: np.random.Generator) -> Scanner:
    """A random but plausible dental cone-beam scanner."""
    return Scanner(
        kvp=float(rng.uniform(90, 120)),
        filter_al_mm=float(rng.uniform(3, 10)),
        projections=int(rng.choice([220, 240, 260])),
        photons=float(np.exp(rng.uniform(np.log(1e4), np.log(8e4)))),
        electronic_noise=float(rng.uniform(4, 15)),
        scatter=float(rng.uniform(0.02, 0.10)),
        blur_pixels=float(rng.uniform(0.35, 0.7)),
        gain_error=float(np.exp(rng.uniform(np.log(0.0008), np.log(0.006)))),
        bad_columns=int(rng.integers(0, 3)),
        hann_cut=float(rng.uniform(0.7, 1.0)),
        grey_gain=float(rng.uniform(0.7, 1.2)),
        grey_offset=float(rng.uniform(-200, 600)),
    )


def water_attenuation_per_mm(scanner: Scanner, depth_mm: float = 100.0) -> float:
    """Effective attenuation of water behind `depth_mm` of water: the reconstruction's 0 HU, 1/mm."""
    energy, weight = spectrum(scanner.kvp, scanner.filter_al_mm)
    transmitted = np.sum(weight * np.exp(-attenuation("water", energy) * depth_mm / 10))
    return float(-np.log(transmitted) / depth_mm)


def basis_densities(material: np.ndarray, density: np.ndarray | None) -> np.ndarray:
    """(3, D, H, W) float32: g/cm^3 of water, hydroxyapatite and iron in every voxel.

    Raises
    ------
    InputError
        Unknown material numbers or a density of another shape.
    """
    if material.max(initial=0) >= len(MATERIALS):
        raise InputError(f"Material {int(material.max())} is unknown: use 0 to {len(MATERIALS) - 1}.")
    table = np.array([row[1:] for row in MATERIALS], np.float32)
    if density is not None and density.ndim == 1:
        if len(density) <= int(material.max(initial=0)):
            raise InputError(f"The density table has {len(density)} entries; give one per material used.")
        table[: len(density)] *= density.astype(np.float32)[: len(table), None]
    basis = np.stack([table[:, k][material] for k in range(3)])
    if density is not None and density.ndim > 1:
        if density.shape != material.shape:
            raise InputError(f"The density volume is {density.shape}, the material volume {material.shape}.")
        basis *= density.astype(np.float32)
    return basis


class Detector:
    """The orbit and a flat detector that sees the field of view, or all of a box of `size_mm` (R, A, S).

    Axes follow RTK, which turns about its y: RTK (x, y, z) = (R, S, A).
    """

    def __init__(self, scanner: Scanner, size_mm: tuple[float, float, float]) -> None:
        self.itk, self.rtk = _load_rtk()
        self.image_type = self.itk.Image[self.itk.F, 3]
        self.scanner = scanner
        radius = 0.5 * float(scanner.fov_mm or np.hypot(size_mm[0], size_mm[1]))
        sid, sdd = scanner.source_axis_mm, scanner.source_detector_mm
        width = 2 * sdd * radius / np.sqrt(sid**2 - radius**2)
        height = size_mm[2] * sdd / (sid - radius)
        # Multiples of 8, so that the coarser detectors have exactly the same outline.
        self.shape = tuple(8 * int(np.ceil(mm / scanner.pixel_mm / 8)) for mm in (height, width))
        self.geometry = self.rtk.ThreeDCircularProjectionGeometry.New()
        for view in range(scanner.projections):
            self.geometry.AddProjection(sid, sdd, view * 360.0 / scanner.projections)

    def image(self, array: np.ndarray, spacing: tuple[float, ...], centre: tuple[float, ...]) -> object:
        """ITK image of `array` (its last axis is ITK's first) with its middle at `centre`."""
        image = self.itk.image_from_array(np.ascontiguousarray(array, np.float32))
        image.SetSpacing([float(s) for s in spacing])
        image.SetOrigin([c - s * (n - 1) / 2 for c, s, n in zip(centre, spacing, array.shape[::-1], strict=True)])
        return image

    def stack(self, values: np.ndarray, binning: int = 1) -> object:
        """A projection stack as an ITK image; the third axis counts views."""
        pixel = self.scanner.pixel_mm * binning
        image = self.image(values, (pixel, pixel, 1.0), (0.0, 0.0, 0.0))
        image.SetOrigin([*list(image.GetOrigin())[:2], 0.0])
        return image

    def project(
        self, volume: np.ndarray, spacing: float, centre: tuple[float, float, float], binning: int = 1
    ) -> np.ndarray:
        """Line integrals (views, rows, columns) through `volume` (axes A, S, R), the volume's unit * mm."""
        shape = (self.scanner.projections, self.shape[0] // binning, self.shape[1] // binning)
        projector = self.rtk.JosephForwardProjectionImageFilter[self.image_type, self.image_type].New()
        projector.SetGeometry(self.geometry)
        projector.SetInput(0, self.stack(np.zeros(shape, np.float32), binning))
        # The projector stops at the middle of the outermost voxels; a rim of zeros makes it count them whole.
        projector.SetInput(1, self.image(np.pad(volume, 1), (spacing,) * 3, centre))
        projector.Update()
        return self.itk.array_from_image(projector.GetOutput())

    def fdk(self, projections: np.ndarray, shape: tuple[int, int, int], spacing: float) -> np.ndarray:
        """Feldkamp-Davis-Kress reconstruction, `shape` in (A, S, R), attenuation in 1/mm."""
        fdk = self.rtk.FDKConeBeamReconstructionFilter[self.image_type].New()
        fdk.SetGeometry(self.geometry)
        fdk.SetInput(0, self.image(np.zeros(shape, np.float32), (spacing,) * 3, (0.0, 0.0, 0.0)))
        fdk.SetInput(1, self.stack(projections))
        fdk.GetRampFilter().SetHannCutFrequency(self.scanner.hann_cut)
        if self.scanner.surround:
            # Without padding the cut edge of the projections lights up the rim of the field of view.
            fdk.GetRampFilter().SetTruncationCorrection(0.3)
        fdk.Update()
        return self.itk.array_from_image(fdk.GetOutput())


def line_integrals(basis: np.ndarray, spacing: float, detector: Detector) -> np.ndarray:
    """(3, views, rows, columns) g/cm^3 * mm through each basis volume; `basis` is (3, z, y, x) in RAS+.

    Mineral and metal are projected at full resolution inside their own bounding box, water coarsely.
    """
    axes = (0, 2, 1, 3)  # (S, A, R) -> (A, S, R): RTK's z, y, x
    turned = basis.transpose(axes)
    views = detector.scanner.projections
    total = np.zeros((3, views, *detector.shape), np.float32)
    for k in (1, 2):
        inside = turned[k] > 0
        if not inside.any():
            continue
        box = ndimage.find_objects(inside.astype(np.uint8))[0]
        middle = [(b.start + b.stop - n) / 2 * spacing for b, n in zip(box, inside.shape, strict=True)]
        total[k] = detector.project(turned[k][box], spacing, tuple(middle[::-1]))
    soft = _bin(turned[0], COARSE)
    size = np.array(turned.shape[1:])
    # Binning drops a last odd voxel; the middle moves by half of it.
    shift = (np.array(soft.shape) * COARSE - size) * spacing / 2
    coarse = detector.project(soft, spacing * COARSE, tuple(shift[::-1]), COARSE)
    total[0] = _spread(coarse, COARSE)
    if detector.scanner.surround:
        outside, step, middle = _surroundings(turned[:2], spacing)
        for k in (0, 1):
            if outside[k].any():
                total[k] += _spread(detector.project(outside[k], step, middle, 8), 8)
    return total


def _bin(volume: np.ndarray, factor: int) -> np.ndarray:
    """Block means; odd remainders at the far end are dropped."""
    kept = [n // factor * factor for n in volume.shape]
    v = volume[: kept[0], : kept[1], : kept[2]]
    parts = [v[i::factor, j::factor, k::factor] for i in range(factor) for j in range(factor) for k in range(factor)]
    return sum(parts[1:], parts[0].astype(np.float32)) / len(parts)


def _spread(stack: np.ndarray, factor: int) -> np.ndarray:
    """Each view linearly interpolated onto pixels `factor` times smaller."""
    return np.stack([ndimage.zoom(v, factor, order=1, mode="nearest", grid_mode=True) for v in stack])


def _surroundings(turned: np.ndarray, spacing: float) -> tuple[np.ndarray, float, tuple[float, float, float]]:
    """The head outside the box: edge voxels extruded on a coarse grid, the box itself empty.

    `turned` is (2, A, S, R). Returns the volumes, their voxel size and the middle (R, S, A) in mm.
    """
    factor = max(1, round(SURROUND_VOXEL_MM / spacing))
    step = factor * spacing
    coarse = np.stack([_bin(v, factor) for v in turned])
    sides = SURROUND_MM
    pads = [("posterior", "anterior"), ("below", "above"), ("lateral", "lateral")]
    width = [(0, 0), *[tuple(round(sides[s] / step) for s in pair) for pair in pads]]
    padded = np.pad(coarse, width, mode="edge")
    inner = tuple(slice(w[0], w[0] + n) for w, n in zip(width[1:], coarse.shape[1:], strict=True))
    padded[(slice(None), *inner)] = 0
    dropped = (np.array(coarse.shape[1:]) * factor - np.array(turned.shape[1:])) * spacing / 2
    middle = [(w[1] - w[0]) * step / 2 + d for w, d in zip(width[1:], dropped, strict=True)]
    return padded, step, tuple(float(m) for m in middle[::-1])


def detect(paths: np.ndarray, scanner: Scanner, rng: np.random.Generator) -> np.ndarray:
    """Log-corrected projections -ln(I / I0) (views, rows, columns) of the line integrals `paths`.

    Beer-Lambert summed over the spectrum's bins; scatter, detector blur, photon and electronic noise, gain
    errors.
    """
    energy, weight = spectrum(scanner.kvp, scanner.filter_al_mm)
    mu = np.stack([attenuation(name, energy) for name in BASIS_NAMES]) / 10  # per g/cm^3 * mm
    rows, columns = paths.shape[2:]
    gain = 1 + scanner.gain_error * rng.standard_normal((rows, columns))
    for column in rng.integers(0, columns, scanner.bad_columns):
        gain[:, column] *= 1 + 6 * scanner.gain_error * rng.choice([-1, 1])
    out = np.empty(paths.shape[1:], np.float32)
    for view in range(paths.shape[1]):
        used = [k for k in range(3) if paths[k, view].any()]
        primary = np.zeros((rows, columns))
        for b, w in enumerate(weight):
            primary += w * np.exp(-sum(mu[k, b] * paths[k, view] for k in used)) if used else w
        potential = -primary * np.log(np.maximum(primary, 1e-9))
        small = potential.reshape(rows // 8, 8, columns // 8, 8).mean((1, 3))
        sigma = scanner.scatter_width_mm / (8 * scanner.pixel_mm)
        scattered = ndimage.zoom(
            ndimage.gaussian_filter(small, sigma, mode="nearest"), 8, order=1, mode="nearest", grid_mode=True
        )
        signal = ndimage.gaussian_filter(primary, scanner.blur_pixels) + scanner.scatter * scattered
        counts = rng.poisson(signal * scanner.photons) + scanner.electronic_noise * rng.standard_normal(signal.shape)
        # A starved pixel reads at least one photon: its logarithm stays finite, as in a real detector chain.
        out[view] = -np.log(np.maximum(counts * gain, 1.0) / scanner.photons)
    return out


def reconstruct(
    material: np.ndarray,
    spacing: float,
    scanner: Scanner,
    rng: np.random.Generator,
    density: np.ndarray | None = None,
) -> np.ndarray:
    """Scan a phantom along RAS+ axes: (z, y, x) int16 grey values on its own grid.

    Parameters
    ----------
    material : numpy.ndarray
        (z, y, x) uint8, numbers of `MATERIALS`.
    spacing : float
        Isotropic voxel size, mm.
    scanner : Scanner
        The acquisition.
    rng : numpy.random.Generator
        Noise and detector errors.
    density : numpy.ndarray, optional
        Relative to `MATERIALS`: one number per material, or a volume.

    Returns
    -------
    numpy.ndarray
        The scan.
    """
    size = tuple(n * spacing for n in material.shape[::-1])
    detector = Detector(scanner, size)
    paths = line_integrals(basis_densities(material, density), spacing, detector)
    projections = detect(paths, scanner, rng)
    del paths
    d, h, w = material.shape
    mu = detector.fdk(projections, (h, d, w), spacing).transpose(1, 0, 2)
    hu = 1000.0 * (mu / water_attenuation_per_mm(scanner) - 1.0)
    hu[:, ~field_of_view(material.shape, spacing, scanner)] = -1000
    grey = scanner.grey_gain * np.clip(hu, -1000, 5000) + scanner.grey_offset
    return np.round(grey).astype(np.int16)


def field_of_view(shape: tuple[int, int, int], spacing: float, scanner: Scanner) -> np.ndarray:
    """(H, W) bool: the columns of the grid that the scanner reconstructs."""
    y, x = ((np.arange(n) - (n - 1) / 2) * spacing for n in shape[1:])
    if scanner.fov_mm is None:
        return np.ones(shape[1:], bool)
    return y[:, None] ** 2 + x**2 <= (scanner.fov_mm / 2) ** 2


def _load_rtk() -> tuple[object, object]:
    try:
        import itk
        from itk import RTK
    except ImportError as error:
        raise InputError("The reconstruction needs RTK: run `pip install itk-rtk` and try again.") from error
    return itk, RTK


def set_threads(threads: int) -> None:
    """Limit the threads of every ITK filter of this process."""
    itk, _ = _load_rtk()
    itk.MultiThreaderBase.SetGlobalMaximumNumberOfThreads(threads)
    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(threads)
