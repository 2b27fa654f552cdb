"""Retrieval by known tables, and the tables of the experiment: their steps, their scores, their sentences."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.errors import InputError  # noqa: E402
from training.contrastive import table  # noqa: E402
from training.contrastive.command import main  # noqa: E402
from training.contrastive.curve import draw_curve  # noqa: E402
from training.contrastive.relations import Reach, Tokens  # noqa: E402
from training.contrastive.retrieval import likeness, ranks, retrieval, token_retrieval  # noqa: E402
from training.contrastive.scoring import dice_by_tooth, held_jaws, score_jaws  # noqa: E402

CONFIG = Path(__file__).resolve().parents[3] / "training" / "configs" / "contrastive_table.yaml"


def one_hot(which: list[int], places: list[list[float]], pair: int = 0, known: bool = True) -> Tokens:
    count = len(which)
    numbers = torch.full((count,), pair)
    return Tokens(torch.eye(8)[which], torch.tensor(places), numbers, numbers, torch.full((count,), known))


def test_a_place_is_found_where_its_likest_box_shows_it() -> None:
    places = [[0.0, 0, 0], [20.0, 0, 0], [40.0, 0, 0]]
    image, reach = one_hot([0, 1, 2], places), Reach(box=8.0)
    assert token_retrieval(image, one_hot([0, 1, 2], places), reach) == pytest.approx(
        {"token_at_1": 1.0, "token_chance": 1 / 3}
    )
    assert token_retrieval(image, one_hot([0, 2, 1], places), reach)["token_at_1"] == pytest.approx(1 / 3)
    image.known[2] = False  # a box outside of the field is no candidate, and nobody asks for it
    assert token_retrieval(image, one_hot([0, 1, 2], places), reach) == pytest.approx(
        {"token_at_1": 1.0, "token_chance": 0.5}
    )


def test_the_scan_that_fits_best_comes_first_and_equals_count_against() -> None:
    assert likeness(one_hot([0, 1], [[0.0] * 3] * 2), one_hot([0, 5], [[0.0] * 3] * 2)) == 0.5
    assert ranks(torch.tensor([[0.9, 0.1, 0.2], [0.5, 0.4, 0.6], [0.1, 0.7, 0.7]])).tolist() == [1, 3, 2]


def test_people_are_told_apart_by_tokens_of_their_own() -> None:
    places = [[0.0, 0, 0], [20.0, 0, 0]]
    image = Tokens.joined([one_hot([2 * k, 2 * k + 1], places, k) for k in range(3)])
    scan = Tokens.joined([one_hot([2 * k, 2 * k + 1], places, k) for k in range(3)])
    found = retrieval(image, scan, 3, Reach(box=8.0))
    assert found["scan_at_1"] == found["scan_mrr"] == found["token_at_1"] == 1.0
    assert found["scan_chance"] == pytest.approx(1 / 3)


def test_dice_counts_a_missed_tooth_as_nothing_and_leaves_invented_ones_out() -> None:
    truth = np.array([0, 11, 11, 12, 12, 13])
    assert dice_by_tooth(np.array([0, 11, 0, 12, 12, 48]), truth) == pytest.approx({11: 2 / 3, 12: 1.0, 13: 0.0})


def test_the_shipped_table_has_its_rows_in_the_order_of_the_seeds() -> None:
    config, rows = table.read_table(CONFIG)
    order = [(row.name, seed) for row, seed in table.jobs(rows)]
    assert order[:3] == [("random", 31), ("masked", 31), ("contrastive_25", 31)]
    assert [name for name, seed in order if seed == 33] == ["random", "contrastive_25", "contrastive_100"]
    assert {row.share for row in rows if row.objective == "contrastive"} == {0.25, 0.5, 0.75, 1.0}
    for name in ("pretraining", "cbct", "ios"):
        assert (CONFIG.parent / config[name]).is_file()
    encoder = yaml.safe_load((CONFIG.parent / config["pretraining"]).read_text())["net"]
    assert {k: v for k, v in encoder["image"].items() if k != "level"} == yaml.safe_load(
        (CONFIG.parent / config["cbct"]).read_text()
    )["net"]["encoder"]
    assert encoder["points"] == yaml.safe_load((CONFIG.parent / config["ios"]).read_text())["net"]


@pytest.mark.parametrize(
    ("row", "words"),
    [({"title": "x", "seeds": 9}, "wants 9 of 3"), ({"title": "x", "colour": 1}, "row odd cannot be read")],
)
def test_a_row_that_cannot_be_is_refused(tmp_path: Path, row: dict, words: str) -> None:
    config = yaml.safe_load(CONFIG.read_text())
    config["rows"] = {"odd": row}
    path = tmp_path / "odd.yaml"
    path.write_text(yaml.safe_dump(config))
    with pytest.raises(ValueError, match=words):
        table.read_table(path)


def arguments(tmp_path: Path, **given) -> argparse.Namespace:
    names = ("pairs", "data", "clouds", "scans", "reconstructed", "other_scanners")
    return argparse.Namespace(**{name: tmp_path / name for name in names}, threads=1, jobs=None, **given)


def test_every_step_is_done_once_and_in_its_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config, rows = table.read_table(CONFIG)
    rows = [row for row in rows if row.name in ("random", "masked", "contrastive_25")]
    rows = [table.Row(r.name, r.title, r.seeds[:1], r.objective, r.share) for r in rows]
    ran, scored = [], []

    def remember(command: list[str], check: bool) -> None:
        ran.append(command[3:])
        if "surface-start" in command:
            Path(command[-1]).touch()
        else:
            (tmp_path / "base" / command[command.index("--name") + 1]).mkdir(parents=True, exist_ok=True)

    def score(self, modality: str, part: str, run: Path):
        scored.append((modality, part, run.name))
        yield "a", {11: 0.5}

    monkeypatch.setattr(table.subprocess, "run", remember)
    monkeypatch.setattr(table.Experiment, "_scores", score)
    for _ in range(2):
        table.Experiment(arguments(tmp_path), config, tmp_path / "base").run(rows)
    named = [words[words.index("--name") + 1] for words in ran if "--name" in words]
    assert named == [
        "cbct_random_31", "ios_random_31", "pretrain_masked_31_cbct", "cbct_masked_31", "pretrain_masked_31_ios",
        "ios_masked_31", "pretrain_contrastive_25_31", "cbct_contrastive_25_31", "ios_contrastive_25_31",
    ]  # fmt: skip
    assert len(scored) == 12 == len(set(scored))
    tuned = {words[words.index("--name") + 1]: words for words in ran if "--name" in words}
    assert "--init" not in tuned["cbct_random_31"] and "--init" not in tuned["ios_random_31"]
    init = tuned["cbct_contrastive_25_31"]
    assert init[init.index("--init") + 1] == str(tmp_path / "base" / "pretrain_contrastive_25_31")
    pretraining = tuned["pretrain_contrastive_25_31"]
    assert pretraining[pretraining.index("--share") + 1] == "0.25"
    assert all(words[words.index("--fold") + 1] == "0" for words in tuned.values())
    written = yaml.safe_load((tmp_path / "base" / "configs" / "ios_random_31.yaml").read_text())
    assert written["seed"] == 31 and written["training"]["minutes"] == 20 and "steps" not in written["training"]
    # a budget of steps stops it, and the next call goes on
    short = table.Experiment(argparse.Namespace(**{**vars(arguments(tmp_path)), "jobs": 1}), config, tmp_path / "again")
    before = len(ran)
    monkeypatch.setattr(table.Experiment, "_write", lambda *_: None)
    short.run(rows)
    assert len(ran) == before + 1


def test_the_report_has_means_intervals_and_the_papers_figures(tmp_path: Path) -> None:
    config, rows = table.read_table(CONFIG)
    folder = tmp_path / "scores"
    folder.mkdir()
    for seed, dice in ((31, 0.8), (32, 0.9)):
        scores = {"a": {"11": dice, "26": dice}, "b": {"11": dice - 0.2, "28": dice}}
        (folder / f"contrastive_100_{seed}_cbct_internal.json").write_text(json.dumps(scores))
    text = table.report(tmp_path, rows, config)
    assert "CBCT, held-out dentitions" in text and "scans of other scanners" not in text
    line = next(line for line in text.splitlines() if line.startswith("| contrastive | 100 %"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:5] == ["2", "80.0 (75.0 to 85.0)", "7.1"]
    assert cells[5] == "75.0" and cells[6] == "-" and cells[-1] == "93.38"


def test_the_curve_is_drawn_and_without_scores_refused(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib draws the curve; only training needs it")
    from PIL import Image

    path = draw_curve({"CBCT": [(1.0, 0.8, 0.7, 0.9), (0.0, 0.5, 0.4, 0.6)]}, tmp_path)
    with Image.open(path) as picture:
        assert picture.size[0] > 300
    with pytest.raises(InputError, match="no curve to draw"):
        draw_curve({}, tmp_path)


def test_the_command_says_what_is_wrong_in_a_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retrieve", str(tmp_path), "--pairs", str(tmp_path), "--data", str(tmp_path)]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    words = ["pairs", str(CONFIG.with_name("contrastive.yaml")), str(tmp_path), str(tmp_path), str(tmp_path / "out")]
    assert main(words) == 1
    assert "run root-teeth first" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_jaws_are_scored_by_what_the_network_says_of_their_points(tmp_path: Path) -> None:
    from toy_pairs import toy_scan
    from training_toys import toy_dentition

    class Knows(torch.nn.Module):
        """Says of every point the class that the nearest labelled point of the jaw has."""

        def forward(self, graph):
            logits = torch.zeros(len(graph.points), 17)
            logits[:, 14] = 1.0
            return logits, torch.zeros(len(graph.points), 3)

    lower = [tooth for tooth in toy_dentition() if tooth.fdi > 30]
    np.savez(tmp_path / "001_lower.npz", **toy_scan(lower))
    ((name, dice),) = score_jaws(Knows(), held_jaws(tmp_path, 0))
    assert name == "001_lower" and set(dice) == {tooth.fdi for tooth in lower}
    assert 0 < dice[36] < 0.3 and sum(dice.values()) == dice[36]
