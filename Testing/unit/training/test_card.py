"""Model cards: what a reader must find in them."""

from __future__ import annotations

from training.export.card import architecture, history, model_card, score_section

PLAN = {"widths": [32, 64], "layers": {}}
TRAINING = {"steps": 7, "minutes": 1.5, "seed": 3, "date": "2026-01-02", "calibration_samples": 0, "plan": PLAN}
METADATA = {"id": "border-9", "task": "border", "precision": "int8", "spacing_mm": 0.5, "training": TRAINING}
MEASURED = {"size_bytes": 1_200_000, "int8_convolutions": 5, "dice_int8": 0.5}
MEANS = {
    "int8": {
        "dice": 0.8,
        "nsd": 0.7,
        "tooth_dice": 0.9,
        "detection_f1": 0.6,
        "tca": 0.25,
        "acs": 0.5,
        "cer": 0.125,
        "scans": 4,
    }
}


def test_a_pruned_networks_layers_are_named() -> None:
    assert "before pruning" not in architecture(PLAN)
    text = architecture(PLAN | {"layers": {"stem": 8, "full": 16}})
    assert "channels 32, 64" in text
    assert "left of them: stem 8, full 16" in text


def test_the_history_names_every_idea() -> None:
    plain = history(TRAINING)
    assert "7 steps, 1.5 minutes" in plain and "seed 3" in plain
    assert not any(word in plain for word in ("taught", "quantization", "topology"))
    ideas = {
        "start": "border-8",
        "distillation": {"teacher": "large"},
        "quantization": {},
        "topology": {"variant": "adaptive", "weight": 0.3},
    }
    text = history(TRAINING | ideas)
    for words in ("`border-8`", "taught by `large`", "with quantization", "variant adaptive, weight 0.3"):
        assert words in text


def test_scores_of_the_whole_path_stand_in_the_card() -> None:
    assert score_section({}) == ""
    card = model_card(METADATA, MEASURED, {"Fast scanner": MEANS})
    assert "| Fast scanner | 0.800 | 0.700 | 0.900 | 0.600 | 0.250 | 0.500 | 0.125 | 4 |" in card
    assert "Not a medical device" in card
    assert "1.2 MB" in card
    assert "| Tooth Dice on held-out phantoms, int8 | 0.5000 |" in card
    assert "## Terms" in card and "## Known limits" in card
