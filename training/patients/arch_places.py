"""Where along one side of a jaw the teeth stand, as functions of a place: 1 the central incisor ... 8 the third molar.

Places between two teeth are interpolated, also across teeth that a dentition never had, so that what follows the
roots (nerve canals, sinus floors) can be drawn for every patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.patients.anatomy import Patient


@dataclass(frozen=True)
class JawSide:
    """One side of a jaw, from the teeth that have come through.

    Attributes
    ----------
    side : float
        +1 the patient's right, -1 left.
    places : numpy.ndarray
        (N,) increasing.
    apices, necks : numpy.ndarray
        (N, 3) RAS mm of the root tips and of the necks.
    absent : numpy.ndarray
        (N,) bool: the tooth is lost.
    """

    side: float
    places: np.ndarray
    apices: np.ndarray
    necks: np.ndarray
    absent: np.ndarray

    @classmethod
    def of(cls, patient: Patient, quadrant: int) -> JawSide | None:
        """Of a patient's quadrant (1 to 4); None where it has fewer than two teeth that have come through."""
        teeth = sorted((t for t in patient.teeth if t.fdi // 10 == quadrant and t.erupted), key=lambda t: t.fdi)
        if len(teeth) < 2:
            return None
        return cls(
            1.0 if quadrant in (1, 4) else -1.0,
            np.array([t.fdi % 10 for t in teeth], float),
            np.array([t.to_ras(t.apex)[0] for t in teeth]),
            np.array([t.to_ras(np.array([0.0, 0.0, t.model.cej[0]]))[0] for t in teeth]),
            np.array([t.restoration == "absent" for t in teeth]),
        )

    def apex(self, place: float | np.ndarray) -> np.ndarray:
        """(..., 3) RAS mm of the root tips at places."""
        return self._between(place, self.apices)

    def neck(self, place: float | np.ndarray) -> np.ndarray:
        """(..., 3) RAS mm of the tooth necks at places."""
        return self._between(place, self.necks)

    def outward(self, place: float) -> np.ndarray:
        """(3,) horizontal direction towards the cheek or lip at a place."""
        along = self.apex(place + 0.6) - self.apex(place - 0.6)
        normal = np.array([along[1], -along[0], 0.0])
        length = np.linalg.norm(normal)
        if length < 1e-6:
            return np.array([self.side, 0.0, 0.0])
        back = np.array([0.0, self.apices[:, 1].min(), 0.0])
        towards = (self.apex(place) - back)[:2] @ normal[:2]
        return normal / length * (1.0 if towards > 0 else -1.0)

    def _between(self, place: float | np.ndarray, points: np.ndarray) -> np.ndarray:
        """Points (N, 3) at places; beyond the last two they go on straight by up to one place."""
        p = np.clip(np.asarray(place, float), self.places[0] - 1.0, self.places[-1] + 1.0)
        inner = np.stack([np.interp(p, self.places, column) for column in points.T], -1)
        for end, neighbour in ((0, 1), (-1, -2)):
            step = (points[end] - points[neighbour]) / abs(self.places[end] - self.places[neighbour])
            beyond = np.maximum(0.0, self.places[0] - p if end == 0 else p - self.places[-1])
            inner = inner + beyond[..., None] * step
        return inner
