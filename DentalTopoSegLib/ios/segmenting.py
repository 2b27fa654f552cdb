"""One or two scanned jaws, from surface to numbered teeth.

Steps: find the frame and the jaw; sample points and their neighbourhoods; Point Transformer; teeth from its votes;
graph cut along creases; which tooth each crown is by its shape and its row; one number per tooth along the arch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ..dentition import Known, Stated, arch_order
from ..errors import InputError, NoTeethError
from ..files.meshes import UNITS, Surface
from ..files.meshes.geometry import labels_of_faces, labels_of_vertices
from ..networks.models import Model, describe_model, load_model
from ..networks.onnx_runtime import privacy_notes, version_notes
from ..networks.tasks import task_names
from ..options import DEFAULT_PROVIDER, DEFAULTS, RunOptions
from ..stages import (
    DRAW_BORDERS_OF_JAW,
    FIND_POSITION_OF_JAW,
    FIND_TEETH_OF_JAW,
    NUMBER_TEETH_OF_JAW,
    SAMPLE_JAW,
    SEPARATE_TEETH_OF_JAW,
)
from .creases import cut_along_creases, face_graph
from .crowns import CrownAnswer, ask_crowns
from .deciding import jaw_of, logit, upper_probability
from .instances import Instances, find_instances, instance_energy
from .islands import remove_islands
from .network import Prediction, predict
from .not_teeth import require_no_die, scan_bodies
from .numbers import evidence_of, number_row
from .orienting import Frame, find_frame, principal_frames, sample_surface
from .sampling import MAX_POINTS, MIN_LEVEL, build_cloud, farthest_points, level_counts
from .settling import FEWEST_UPRIGHT, ROUND_DEG, look_up, settle, turned
from .spreading import label_faces, label_vertices

__all__ = ["JawSegmentation", "load_networks", "segment_jaws"]

#: Candidates per sampled point: farthest points of a finer mesh than that take long and gain nothing.
_CANDIDATES = 3
_NO_TEETH = "No teeth were found in '{name}': is it an intraoral scan of a jaw with teeth?"
#: Below this confidence in a frame its teeth are asked, which takes longer.
DOUBTFUL_FRAME = 0.8
#: Up to this many faces, faces are labelled; more of them would take long, and then vertices lie as close.
_BY_FACES = 300_000
#: What is said where milk teeth are stated and the installed crown network has no classes for them.
_NO_MILK_TEETH = (
    "The crown network knows permanent teeth only: a milk tooth has a permanent tooth's number or none, so look at "
    "every number of this mixed dentition."
)
#: A surface shorter and narrower than this is a single tooth (longest with its root 24, widest 13.6) or even less.
_TOOTH_MM = (32.0, 14.0)
_LONGEST_JAW_MM = 110.0


@dataclass(frozen=True)
class JawSegmentation:
    """One jaw, labelled.

    surface: what was computed on. fdi (W,), face_fdi (G,) uint8: FDI number per surface vertex and face, 0
    gingiva. instance (W,) int32: tooth instances 1.., 0 gingiva; an instance the numbering gave no number has
    fdi 0. confidence: FDI -> 0..1. jaw: as used; jaw_inferred, jaw_confidence (0.5..1): what the shape says, and how
    probable that is.
    frame (4, 4): surface mm -> canonical mm (+z occlusal, +y anterior), rigid; frame_confidence 0..1.
    inside_out: the normals point into the tissue (flipped, or a mirrored export). provenance: models and
    seconds per stage. warnings: plain sentences. known: what the clinician stated, and what each number was found from.
    """

    surface: Surface
    fdi: np.ndarray
    face_fdi: np.ndarray
    instance: np.ndarray
    confidence: dict[int, float]
    jaw: str
    jaw_inferred: str
    jaw_confidence: float
    frame: np.ndarray
    frame_confidence: float
    inside_out: bool
    provenance: dict[str, Any] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    known: Known = field(default_factory=Known)


def segment_jaws(
    surfaces: Sequence[Surface],
    options: RunOptions = DEFAULTS,
    *,
    jaws: Sequence[str | None] | None = None,
    names: Sequence[str] | None = None,
    models: Mapping[str, Model] | None = None,
    frames: Sequence[Frame | None] | None = None,
) -> list[JawSegmentation]:
    """Number the teeth of one jaw, or of two jaws of one patient.

    Parameters
    ----------
    surfaces : sequence of Surface
        One or two, in any position.
    options : RunOptions
        How to compute, what is known of the teeth, who is told of the progress and who may stop it.
    jaws : sequence of str or None, optional
        "upper", "lower" or None, which decides by the shape, per surface.
    names : sequence of str, optional
        For messages.
    models : mapping, optional
        Networks by task (`networks.tasks`) instead of the shipped ones.
    frames : sequence of Frame or None, optional
        Where the jaws lie, if known.

    Returns
    -------
    list of JawSegmentation
        In the order given.

    Raises
    ------
    UsageError
        For an absent tooth that is none, or where all are absent.
    InputError
        For a surface too small to be a jaw, and for a jaw that is not stated and looks like either
        (`deciding.UnknownJawError`).
    NoTeethError
        Where no tooth is found.
    ModelError
        Where a network is unusable.
    Cancelled
        Soon after `options.cancelled` answers True.
    """
    jaws = list(jaws or [None] * len(surfaces))
    frames = list(frames or [None] * len(surfaces))
    names = list(names or [f"Scan {k + 1}" for k in range(len(surfaces))])
    if not 1 <= len(surfaces) <= 2 or len(jaws) != len(surfaces) or len(names) != len(surfaces):
        raise ValueError("segment_jaws takes one or two surfaces, and one jaw and one name for each.")
    stated = Stated(options.absent, options.milk)
    stated.require_teeth()
    models = models or load_networks(options.precision, options.provider)
    results = []
    for k, (surface, jaw, name, frame) in enumerate(zip(surfaces, jaws, names, frames, strict=True)):
        run = _JawRun(surface, jaw, name, frame, models, options.threads, options.cancelled, stated)
        for stage, step in run.steps():
            options.stop_if_cancelled()
            options.progress(stage, k, len(surfaces))
            step()
        results.append(without_scan_bodies(run.result()))
    options.progress(NUMBER_TEETH_OF_JAW, len(surfaces), len(surfaces))
    return results


def without_scan_bodies(jaw: JawSegmentation) -> JawSegmentation:
    """The jaw without the teeth that are cylinders, and a warning for each; the jaw itself where there are none."""
    found = scan_bodies(jaw.surface, jaw.face_fdi)
    if not found:
        return jaw
    bodies = np.isin(jaw.fdi, found)
    kept = {fdi: score for fdi, score in jaw.confidence.items() if fdi not in found}
    told = "What stands at {} is a cylinder: it was taken for the scan body of an implant, not for a tooth."
    return replace(
        jaw,
        fdi=np.where(bodies, 0, jaw.fdi).astype(jaw.fdi.dtype),
        face_fdi=np.where(np.isin(jaw.face_fdi, found), 0, jaw.face_fdi).astype(jaw.face_fdi.dtype),
        instance=np.where(bodies, 0, jaw.instance).astype(jaw.instance.dtype),
        confidence=kept,
        known=jaw.known.of_teeth(kept),
        warnings=[*jaw.warnings, *(told.format(fdi) for fdi in found)],
    )


def load_networks(precision: str = "int8", provider: str = DEFAULT_PROVIDER) -> dict[str, Model]:
    """The shipped networks by task. ModelError.

    Each runs on one thread, because its sums depend on how they are split among threads; threads serve to run it on
    the scan and its mirror image at once.
    """
    return {task: load_model(task, 1, precision, provider=provider) for task in task_names("surface")}


class _JawRun:
    """One surface on its way through the steps; what each leaves is read by the next."""

    def __init__(
        self,
        surface: Surface,
        jaw: str | None,
        name: str,
        frame: Frame | None,
        models: Mapping[str, Model],
        threads: int | None,
        cancelled: Callable[[], bool] | None,
        stated: Stated,
    ) -> None:
        self.stated, self.stated_jaw = stated, jaw
        self.surface, self.name, self.models, self.given = surface, name, models, frame
        self.workers, self.cancelled = threads or -1, cancelled
        self.seconds: dict[str, float] = {}
        self.warnings = privacy_notes()

    def steps(self) -> list[tuple[str, Callable[[], None]]]:
        """The steps in order, each timed under its name."""

        def timed(name: str, step: Callable[[], None]) -> Callable[[], None]:
            def run() -> None:
                started = time.perf_counter()
                step()
                self.seconds[name] = time.perf_counter() - started

            return run

        return [
            (FIND_POSITION_OF_JAW, timed("frame", self.find_frame)),
            (SAMPLE_JAW, timed("sample", self.sample)),
            (FIND_TEETH_OF_JAW, timed("network", self.ask_network)),
            (SEPARATE_TEETH_OF_JAW, timed("separate", self.separate)),
            (DRAW_BORDERS_OF_JAW, timed("borders", self.draw_borders)),
            (NUMBER_TEETH_OF_JAW, timed("number", self.number)),
        ]

    def find_frame(self) -> None:
        vertices, faces = self.surface.vertices, self.surface.faces
        if len(faces) < MIN_LEVEL:
            raise InputError(f"'{self.name}' has only {len(faces)} triangles: a scan of a jaw has thousands.")
        few = vertices[:: len(vertices) // 10_000 + 1]
        length, width, _ = np.ptp(few @ principal_frames(few)[0].T, axis=0)
        if length < _TOOTH_MM[0] and width < _TOOTH_MM[1]:
            raise InputError(
                f"'{self.name}' is only {length:.0f} x {width:.0f} mm, the size of a single tooth: "
                f"give the scan of a jaw{self.other_unit(length)}."
            )
        require_no_die(self.surface, self.name)
        self.normals, self.areas = self.surface.normals, self.surface.areas
        self.frame: Frame = self.given or self.look_at_surface()
        if self.frame.inside_out:
            self.normals = -self.normals

    def other_unit(self, length: float) -> str:
        """What else a surface of this length, mm, may be: sizes of teeth in millimetres are jaws' in centimetres."""
        if self.surface.scale != UNITS["mm"] or not _TOOTH_MM[0] <= length * UNITS["cm"] <= _LONGEST_JAW_MM:
            return ""
        return ", or its unit if the file is not in millimetres (--unit cm)"

    def look_at_surface(self) -> Frame:
        """What the surface says, whatever its triangles: walls of a base have few, edges many."""
        faces = self.surface.faces
        points, rows = sample_surface(self.surface.vertices, faces, np.random.default_rng(0), self.areas)
        return find_frame(points, self.normals[faces[rows]].mean(1), self.models["orientation"])

    def sample(self) -> None:
        """Points in the network's order, canonical frame, and the rows of the faces or vertices that they are.

        A mesh of up to 24,000 faces is taken whole, so that every face has an output of its own."""
        vertices, faces = self.surface.vertices, self.surface.faces
        self.whole = len(faces) <= MAX_POINTS
        if self.whole:
            points, normals = self._face_points(faces)
            counts = (len(points), *level_counts(self.areas.sum(), len(points))[1:])
            first = farthest_points(points, counts[1])
            rest = np.ones(len(points), bool)
            rest[first] = False
            self.order = self.rows = np.concatenate([first, np.nonzero(rest)[0]])
        else:
            self.by_faces = len(faces) <= _BY_FACES
            step = max(1, len(faces if self.by_faces else vertices) // (_CANDIDATES * MAX_POINTS))
            if self.by_faces:
                points, normals = self._face_points(faces[::step])
            else:
                points, normals = vertices[::step], self.normals[::step]
            counts = level_counts(self.areas.sum(), len(points))
            self.order = farthest_points(points, counts[0])
            self.rows = self.order * step
        if counts[-1] < MIN_LEVEL and counts[0] < 4 * MIN_LEVEL:
            raise InputError(f"'{self.name}' is too small a surface ({self.areas.sum():.0f} mm²) to be a jaw.")
        self.sampled, self.sampled_normals = points[self.order], normals[self.order]
        matrix = self.frame.matrix
        self.cloud = build_cloud(
            self.sampled @ matrix[:3, :3].T + matrix[:3, 3],
            self.sampled_normals @ matrix[:3, :3].T,
            counts,
            self.workers,
        )

    def _face_points(self, faces: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centres and unit normals (n, 3) of faces (n, 3)."""
        normals = self.normals[faces].mean(1)
        return self.surface.vertices[faces].mean(1), normals / (np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12)

    def ask_network(self) -> None:
        if self.given is None and self.frame.confidence < DOUBTFUL_FRAME:
            self.settle_frame()
        self.prediction: Prediction = predict(
            self.cloud, self.models["surface"], mirror=True, workers=self.workers, cancelled=self.cancelled
        )

    def settle_frame(self) -> None:
        """Turn the cloud and the frame to where the teeth say, also from where the surface looks up as a whole."""
        known = self.sampled_areas, self.likelier_jaw, self.models["surface"], self.cancelled
        turn, sure = settle(self.cloud, *known)
        as_given = self.cloud
        if self.frame.inside_out:  # found in a frame that is doubtful
            as_given = replace(as_given, normals=-as_given.normals)
        up = look_up(as_given, self.sampled_areas)
        if up is not None:
            other, surer = settle(turned(as_given, up), *known, starts=ROUND_DEG, fewest=FEWEST_UPRIGHT)
            if surer > sure:
                turn = other @ up
                if self.frame.inside_out:
                    self.cloud, self.normals = as_given, -self.normals
                    self.frame = replace(self.frame, inside_out=False)
        self.cloud = turned(self.cloud, turn)
        matrix = np.eye(4)
        matrix[:3, :3] = turn
        self.frame = replace(self.frame, matrix=matrix @ self.frame.matrix)

    @property
    def likelier_jaw(self) -> str:
        """The jaw before its crowns are known."""
        return self.stated_jaw or ("upper" if self.frame.upper_probability >= 0.5 else "lower")

    @property
    def sampled_areas(self) -> np.ndarray:
        """mm^2 of surface that each point of the cloud stands for."""
        if self.whole:
            return self.areas[self.order]
        return np.full(len(self.sampled), self.areas.sum() / len(self.sampled))

    def separate(self) -> None:
        """Tooth instances from the votes, and each node's cost of belonging to them."""
        area, p = self.sampled_areas, self.prediction
        self.instances: Instances = find_instances(p.probabilities, p.votes, area)
        if len(self.instances) == 0:
            raise NoTeethError(_NO_TEETH.format(name=self.name))
        self.shares = np.exp(-instance_energy(p.probabilities, p.votes, self.instances))

    def draw_borders(self) -> None:
        """One label per node: 0 gingiva, 1.. instances. Nodes are faces, or vertices of a fine mesh."""
        vertices, faces = self.surface.vertices, self.surface.faces
        if self.whole:
            shares = np.empty_like(self.shares)
            shares[self.order] = self.shares
            graph = face_graph(vertices, faces, inside_out=self.frame.inside_out)
            labels, self.odd_pieces = remove_islands(cut_along_creases(shares, graph), graph.pairs, graph.areas)
        else:
            spread = label_faces if self.by_faces else label_vertices
            labels, self.odd_pieces = spread(
                self.surface,
                self.sampled,
                self.shares,
                self.cloud.knn[0],
                inside_out=self.frame.inside_out,
                workers=self.workers,
            )
        self.sampled_label = labels[self.rows]
        if self.whole or self.by_faces:
            self.face_label, self.vertex_label = labels, labels_of_vertices(labels, faces, self.areas, len(vertices))
        else:
            self.face_label, self.vertex_label = labels_of_faces(labels, faces), labels

    def decide_jaw(self, crowns_logit: float | None) -> None:
        """The jaw to number by, and what surface and crowns say of it."""
        surface_logit = logit(self.frame.upper_probability)
        self.opinions = {"surface": surface_logit, "crowns": crowns_logit}
        upper = self.frame.upper_probability if self.given else upper_probability(surface_logit, crowns_logit)
        self.inferred = "upper" if upper >= 0.5 else "lower"
        self.jaw_confidence = float(max(upper, 1 - upper))
        self.jaw = jaw_of(upper, self.stated_jaw, self.name)

    def number(self) -> None:
        """Jaw and FDI numbers."""
        answer = self.ask_crowns(self.likelier_jaw)
        self.decide_jaw(answer.upper_logit or None)  # 0: the crowns cannot tell, and the surface alone decides
        if answer.jaw != self.jaw:
            answer = self.ask_crowns(self.jaw)
        if self.stated.absent.issuperset(arch_order(self.jaw)) and not self.stated.milk:
            raise InputError(
                f"Every tooth of the {self.jaw} jaw is stated absent, but '{self.name}' shows teeth of that jaw: "
                "state which are there, or which jaw it is."
            )
        if self.stated.milk and not answer.milk.any():
            self.warnings.append(_NO_MILK_TEETH)
        self.numbering, answer = number_row(
            self.instances,
            answer,
            lambda crowns: self.ask_crowns(self.jaw, crowns),
            absent=self.stated.absent,
            milk=self.stated.milk,
        )
        self.evidence = evidence_of(self.numbering, self.instances, answer)

    def ask_crowns(self, jaw: str, crowns: np.ndarray | None = None) -> CrownAnswer:
        """Which teeth the crowns are if they stand in this jaw, and what they say of it; some (K,) only, if given."""
        labels = self.sampled_label
        return ask_crowns(
            self.cloud.points,
            self.cloud.normals,
            labels if crowns is None else labels * np.r_[False, crowns][labels],
            len(self.instances),
            jaw,
            self.models["crowns"],
            self.cancelled,
        )

    def result(self) -> JawSegmentation:
        number = np.r_[0, self.numbering.fdi].astype(np.uint8)
        confidence = {int(f): float(c) for f, c in zip(self.numbering.fdi, self.numbering.confidence, strict=True) if f}
        if not confidence:
            raise NoTeethError(_NO_TEETH.format(name=self.name))
        fdi, face_fdi = number[self.vertex_label], number[self.face_label]
        seen = set(np.unique(face_fdi)) | set(np.unique(fdi))
        return JawSegmentation(
            surface=self.surface,
            fdi=fdi,
            face_fdi=face_fdi,
            instance=self.vertex_label.astype(np.int32),
            confidence={f: c for f, c in sorted(confidence.items()) if f in seen},
            jaw=self.jaw,
            jaw_inferred=self.inferred,
            jaw_confidence=self.jaw_confidence,
            frame=self.frame.matrix,
            frame_confidence=self.frame.confidence,
            inside_out=self.frame.inside_out,
            provenance={
                "models": [describe_model(model, task) for task, model in self.models.items()],
                "seconds": dict(self.seconds),
                "jaw_logits": self.opinions,
                "runtime_notes": version_notes(),
            },
            warnings=self.warnings,
            known=Known(self.stated, self.evidence).of_teeth(seen),
        )
