"""Patients move while the scanner turns: double contours, smear, streaks from edges.

A view of direction t measures the Fourier transform of an axial slice along one line through its middle (the
projection-slice theorem), so a head that was elsewhere while some views were taken is a phase on a wedge of the
slice's spectrum. One FFT does it, jump, drift and tremor alike. Turning of the head is left out.
"""

from __future__ import annotations

import math

import torch

from training.patients.dice import Dice

RIM = 6
"""Voxels over which motion fades out at the edges of the grid: the FFT joins opposite edges."""


def move(scan: torch.Tensor, spacing: float, dice: Dice) -> torch.Tensor:
    """A scan (z, y, x) of a patient who moved; on the average over all views she is where she was.

    Parameters
    ----------
    scan : torch.Tensor
        (z, y, x) grey values.
    spacing : float
        Edge of a voxel, mm.
    dice : Dice
        The only source of randomness.
    """
    steps = 180
    turns = 2 if dice.chance(0.6) else 1  # a whole turn sees every direction twice
    return apply_path(scan, path_of_motion(steps * turns, dice) / spacing, turns, dice.angle())


def path_of_motion(steps: int, dice: Dice) -> torch.Tensor:
    """(steps, 3) mm z, y, x by view, of mean 0: a jump, a drift, a tremor or a nod and back."""
    t = torch.linspace(0, 1, steps)[:, None]
    way = dice.direction(flat=0.6)[None] * 10 ** dice.uniform(-0.5, 0.3)
    kind = dice.uniform(0, 1)
    if kind < 0.4:
        path = (t > dice.uniform(0.2, 0.8)).float() * way
    elif kind < 0.65:
        path = t * way
    elif kind < 0.85:
        start = dice.uniform(0.0, 0.7)
        path = ((t > start) & (t < start + dice.uniform(0.08, 0.3))).float() * way
    else:
        path = 0.4 * torch.sin(2 * math.pi * (dice.uniform(2, 12) * t + dice.uniform(0, 1))) * way
    return path - path.mean(0)


def apply_path(scan: torch.Tensor, path: torch.Tensor, turns: int, start: float) -> torch.Tensor:
    """A scan (z, y, x) whose views saw the head displaced.

    Parameters
    ----------
    scan : torch.Tensor
        (z, y, x) grey values.
    path : torch.Tensor
        (steps, 3) voxels z, y, x by view over `turns` half turns.
    turns : int
        Half turns of the orbit, 1 or 2.
    start : float
        Direction of the first view, rad.
    """
    device = scan.device
    windowed = scan - scan.mean()
    for axis, size in enumerate(scan.shape):
        edge = torch.arange(size, device=device)
        taper = (torch.minimum(edge, size - 1 - edge).float() / RIM).clamp(max=1)
        shape = [1, 1, 1]
        shape[axis] = -1
        windowed = windowed * taper.reshape(shape)
    fz, fy = (torch.fft.fftfreq(n, device=device) for n in scan.shape[:2])
    fx = torch.fft.rfftfreq(scan.shape[2], device=device)
    half = len(path) // turns
    direction = (torch.atan2(fy[:, None], fx[None, :].expand(len(fy), -1)) + start) % math.pi
    view = (direction / math.pi * half).long().clamp(max=half - 1)
    factor = torch.zeros(len(fz), len(fy), len(fx), dtype=torch.complex64, device=device)
    for turn in range(turns):
        shift = path.to(device)[turn * half + view]  # (y, x, 3)
        flat = shift[..., 1] * fy[:, None] + shift[..., 2] * fx[None]
        phase = -2 * math.pi * (flat[None] + fz[:, None, None] * shift[None, ..., 0])
        factor += torch.polar(torch.ones_like(phase), phase) / turns
    factor -= 1
    factor[:, 0, 0] = 0  # the mean of a slice has no direction
    change = torch.fft.irfftn(torch.fft.rfftn(windowed) * factor, s=scan.shape)
    return scan + change


def step_slices(scan: torch.Tensor, spacing: float, dice: Dice) -> torch.Tensor:
    """A scan (z, y, x) of whose slices some bands are displaced by up to half a millimetre: multi-slice CT.

    The bands are short or the step small, so that the labels still tell where the teeth are.
    """
    depth = scan.shape[0]
    shift = torch.zeros(depth, 2)
    for _ in range(1 + int(dice.uniform(0, 3))):
        first, length = int(dice.uniform(0, depth)), 1 + int(dice.uniform(1.0, 8.0) / spacing)
        way = dice.direction()[1:] * dice.uniform(0.15, 0.5) / spacing
        shift[first : first + length] = way
    rows = torch.nonzero(shift.abs().amax(1))[:, 0]
    if not len(rows):
        return scan
    fy = torch.fft.fftfreq(scan.shape[1], device=scan.device)
    fx = torch.fft.rfftfreq(scan.shape[2], device=scan.device)
    moved = shift[rows].to(scan.device)
    phase = -2 * math.pi * (moved[:, :1, None] * fy[None, :, None] + moved[:, 1:, None] * fx[None, None])
    part = scan[rows.to(scan.device)]
    turned = torch.fft.rfft2(part) * torch.polar(torch.ones_like(phase), phase)
    out = scan.clone()
    out[rows.to(scan.device)] = torch.fft.irfft2(turned, s=part.shape[1:])
    return out
