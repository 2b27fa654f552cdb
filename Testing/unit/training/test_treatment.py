"""What is done to a phantom's teeth: the tooth keeps its label under it, and what is no tooth has none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from DentalTopoSegLib.cbct.mask_topology import betti_numbers  # noqa: E402
from Testing.unit.training.test_phantom_engine import dentition  # noqa: E402, F401
from training.patients.anatomy import sample_patient  # noqa: E402
from training.patients.canvas import Grid  # noqa: E402
from training.patients.drawn_teeth import CLASS_OF  # noqa: E402
from training.patients.hardware import Rod, sample_hardware  # noqa: E402
from training.patients.material_maps import render  # noqa: E402
from training.patients.materials import NUMBER_OF  # noqa: E402
from training.patients.placed_tooth import BoneDefect, ImplantPlan  # noqa: E402
from training.patients.rooted_teeth import load_dentition, save_dentition  # noqa: E402
from training.patients.treatment import add_bridges, treat  # noqa: E402
from training.patients.variety import FULL  # noqa: E402

PLAIN = FULL.without("restorations", "disease")
KINDS = {"amalgam", "onlay", "pontic", "caries"}


@pytest.fixture
def patient(dentition):  # noqa: F811
    """A patient whose teeth all stand, with nothing done to them."""
    drawn = sample_patient(dentition, [dentition], np.random.default_rng(3), PLAIN)
    teeth = [replace(t, restoration="", erupted=True, bracket=False) for t in drawn.teeth]
    return replace(drawn, teeth=teeth, wires=[])


def drawn(patient):
    return render(patient, Grid(patient.middle - 30.0, 0.6, (100, 100, 100)), warp_mm=0.0)


def with_state(patient, fdi: int, **state):
    teeth = [replace(t, **state) if t.fdi == fdi else t for t in patient.teeth]
    return replace(patient, teeth=teeth)


def volume(patient, fdi: int) -> int:
    return int((drawn(patient).labels == CLASS_OF[fdi]).sum())


@pytest.mark.parametrize(
    "state",
    [
        {"restoration": "crown", "material": "metal", "thickness": 2.0},
        {"restoration": "crown", "material": "zirconia", "thickness": 0.7, "post": True},
        {"restoration": "amalgam", "material": "metal", "filling": (0.0, 1.5, 3.0, 1.0)},
        {"restoration": "onlay", "material": "metal", "filling": (0.0, 1.5, 2.0, 1.0)},
        {"restoration": "caries", "filling": (0.0, 0.0, 2.0, 2.0)},
        {"lesion_mm": 3.0},
        {"defect": BoneDefect("buccal", 8.0, 2.0)},
        {"calculus_mm": 1.0},
        {"pulp_width": 1.3},
    ],
)
def test_a_tooth_is_whole_under_what_is_done_to_it(patient, state):
    fdi = patient.teeth[0].fdi
    assert volume(patient, fdi) == volume(with_state(patient, fdi, **state), fdi) > 100


def test_metal_of_a_crown_shines_inside_the_tooth(patient):
    fdi = patient.teeth[0].fdi
    scan = drawn(with_state(patient, fdi, restoration="crown", material="metal", thickness=2.0))
    inside = scan.labels == CLASS_OF[fdi]
    assert float(scan.metal[inside].max()) == pytest.approx(1.0)
    assert not float(drawn(patient).metal[inside].max())


def test_a_crown_that_reaches_beyond_the_tooth_belongs_to_it(patient):
    fdi = patient.teeth[0].fdi
    wider = with_state(patient, fdi, restoration="crown", material="metal", thickness=1.0, bulk=0.5)
    assert volume(wider, fdi) > 1.03 * volume(patient, fdi)


@pytest.mark.parametrize(
    "state",
    [
        {"restoration": "implant", "implant": ImplantPlan(crown=False)},
        {"restoration": "implant", "material": "metal"},
        {"restoration": "pontic", "material": "zirconia"},
    ],
)
def test_implants_and_pontics_are_no_teeth(patient, state):
    fdi = patient.teeth[0].fdi
    scan = drawn(with_state(patient, fdi, **state))
    assert not (scan.labels == CLASS_OF[fdi]).any()
    assert float(scan.metal.max()) > 0.4


def test_a_bridge_spans_a_lone_gap_between_crowned_teeth(patient):
    gap = with_state(patient, 16, restoration="absent")
    made = {t.fdi: t for t in add_bridges(gap.teeth, np.random.default_rng(1))}
    assert made[16].restoration == "pontic" and not made[16].present
    assert {made[15].restoration, made[17].restoration} == {"crown"}


def test_every_kind_is_drawn(dentition):  # noqa: F811
    seen: set[str] = set()
    for seed in range(40):
        seen |= {t.restoration for t in sample_patient(dentition, [dentition], np.random.default_rng(seed)).teeth}
        if seen >= KINDS:
            return
    pytest.fail(f"never drawn: {KINDS - seen}")


@pytest.mark.parametrize("seed", range(6))
def test_no_kind_is_drawn_where_its_group_is_left_out(dentition, seed):  # noqa: F811
    teeth = sample_patient(dentition, [dentition], np.random.default_rng(seed), PLAIN).teeth
    assert not KINDS & {t.restoration for t in teeth}
    assert not any(t.post or t.lesion_mm or t.bulk or t.defect or t.calculus_mm for t in teeth)
    assert {t.pulp_width for t in teeth} == {1.0}


def test_one_draw_repeats(patient):
    first, second = (treat(patient.teeth, np.random.default_rng(5)) for _ in range(2))
    assert [(t.restoration, t.material, t.thickness) for t in first] == [
        (t.restoration, t.material, t.thickness) for t in second
    ]


def test_a_crown_ends_at_its_tooth(patient):
    """The neighbour drawn after it has enamel, not the crown's ceramic."""
    first, second = (next(t for t in patient.teeth if t.fdi == fdi) for fdi in (14, 15))
    patient = replace(patient, teeth=[first, second], grey=patient.grey | {"composite": 9000.0})
    neighbour = drawn(patient).labels == CLASS_OF[15]
    crowned = with_state(patient, 14, restoration="crown", material="zirconia", thickness=1.0)
    assert torch.equal(drawn(crowned).image[neighbour], drawn(patient).image[neighbour])


def test_bone_turns_soft_at_a_lesion_and_beside_a_defect(patient):
    healthy = drawn(patient)
    for state in ({"lesion_mm": 4.0}, {"defect": BoneDefect("buccal", 9.0, 2.5)}):
        ill = drawn(with_state(patient, 36, **state))
        changed = (ill.material == NUMBER_OF["soft"]) & (healthy.material != NUMBER_OF["soft"])
        assert int(changed.sum()) > 20
        assert not (changed & (healthy.labels > 0)).any()


def test_calculus_shines_outside_of_the_tooth(patient):
    healthy, ill = drawn(patient), drawn(with_state(patient, 31, calculus_mm=1.2))
    brighter = ill.image > healthy.image + 100
    assert int(brighter.sum()) > 5 and not (brighter & (healthy.labels > 0)).any()


def test_screws_shine_and_rolls_fill_the_air_but_neither_is_a_tooth(patient):
    top = next(t for t in patient.teeth if t.fdi == 46).centre
    line = np.array([top + [-12.0, 0, 0], top + [12.0, 0, 0]])
    bare, screw, roll = (
        drawn(replace(patient, hardware=rods)) for rods in ([], [Rod(line, 1.0)], [Rod(line, 4.0, 300.0)])
    )
    assert torch.equal(bare.labels, screw.labels) and torch.equal(bare.labels, roll.labels)
    assert float(screw.metal.max()) > 0.9 and not (screw.metal[bare.labels > 0] > 0).any()
    filled = (bare.image < -300) & (roll.image > 0)
    assert filled.any() and not roll.metal.any()


def test_all_hardware_is_drawn_sometimes_and_repeats(patient):
    some = [sample_hardware(patient.teeth, np.random.default_rng(seed)) for seed in range(150)]
    rods = [rod for drawn_rods in some for rod in drawn_rods]
    assert any(rod.value is None and len(rod.line) > 2 for rod in rods), "no plate"
    assert any(rod.value is None and rod.radius > 0.95 for rod in rods), "no mini-implant"
    assert any(rod.value is not None for rod in rods), "no roll"
    again = sample_hardware(patient.teeth, np.random.default_rng(next(i for i, r in enumerate(some) if r)))
    first = next(r for r in some if r)
    assert len(again) == len(first) and all(np.array_equal(a.line, b.line) for a, b in zip(again, first, strict=True))


def test_a_tooth_model_has_no_voids_or_thin_tunnels(tmp_path, dentition):  # noqa: F811
    tooth = dentition[0]
    sdf = tooth.sdf.copy()
    middle = [n // 2 for n in sdf.shape]
    sdf[middle[0], middle[1], :] = np.abs(sdf[middle[0], middle[1], :])  # a tunnel from side to side
    sdf[middle[0] + 6, middle[1], middle[2]] = 3  # a void
    assert betti_numbers(sdf < 0) == (1, 1, 1)
    save_dentition(tmp_path / "patient.npz", [replace(tooth, sdf=sdf)])
    loaded = load_dentition(tmp_path / "patient.npz")[0]
    assert betti_numbers(loaded.sdf < 0) == (1, 0, 0)
    assert np.count_nonzero((loaded.sdf < 0) != (tooth.sdf < 0)) == 0
    assert loaded.pulp[middle[0], middle[1], middle[2]] > 200
