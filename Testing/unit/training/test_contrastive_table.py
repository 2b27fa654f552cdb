"""Retrieval by known tables, and the tables of the experiment: their steps, their scores, their sentences."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import yaml

torch = pytest.importorskip("torch", reason="torch is installed with [test] on Python 3.11 only")

from DentalTopoSegLib.errors import DentalTopoSegError, InputError, OutputError  # noqa: E402
from DentalTopoSegLib.files.transactions import reserved  # noqa: E402
from training.contrastive import results, table  # noqa: E402
from training.contrastive.command import main  # noqa: E402
from training.contrastive.curve import draw_curve  # noqa: E402
from training.contrastive.intervals import interval, person_in, share_interval  # noqa: E402
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
    assert order[:3] == [("random", 31), ("contrastive_100", 31), ("contrastive_25", 31)]
    assert [name for name, seed in order if seed == 33] == ["random", "contrastive_100"]  # the ends of the curve
    assert {row.share for row in rows if row.objective == "contrastive"} == {0.25, 0.5, 0.75, 1.0}
    assert {row.objective for row in rows if not row.teacher} == {"", "masked", "contrastive"}
    assert any(row.longer for row in rows), "supervised training for as long as others are pretrained and fine-tuned"
    # a gain is counted from a network of the same kind
    by_name = {row.name: row for row in rows}
    assert all(bool(row.teacher) == bool(by_name[row.against].teacher) for row in rows)
    for name in ("pretraining", "cbct", "ios", "small"):
        assert (CONFIG.parent / config[name]).is_file()
    encoder = yaml.safe_load((CONFIG.parent / config["pretraining"]).read_text())["net"]
    assert {k: v for k, v in encoder["image"].items() if k != "level"} == yaml.safe_load(
        (CONFIG.parent / config["cbct"]).read_text()
    )["net"]["encoder"]
    assert encoder["points"] == yaml.safe_load((CONFIG.parent / config["ios"]).read_text())["net"]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"title": "x", "seeds": 9}, "wants 9 of 3"),
        ({"title": "x", "colour": 1}, "row odd cannot be read"),
        ({"title": "x", "against": "odd", "teacher": "nobody"}, "row odd speaks of nobody"),
    ],
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
    return argparse.Namespace(**{name: tmp_path / name for name in names}, threads=1, **given)


class Instead:
    """In place of `Children`: every command ends when it is looked at, and leaves its scores."""

    began: ClassVar[list[tuple[str, tuple[str, ...]]]] = []
    most_at_once = 0
    fails = ""

    def __init__(self, logs: Path) -> None:
        self.running: list[str] = []

    def __enter__(self):
        return self

    def __exit__(self, *_) -> None:
        pass

    def start(self, name: str, command: tuple[str, ...], environment: dict[str, str]) -> None:
        self.running.append(name)
        type(self).began.append((name, command))
        type(self).most_at_once = max(self.most_at_once, len(self.running))

    def finished(self) -> set[str]:
        ended, self.running = set(self.running), []
        return ended

    def wait(self, done) -> None:
        while not done():
            if self.running and self.fails in self.running:
                raise InputError(f"{self.fails} failed")


@pytest.fixture
def instead(monkeypatch: pytest.MonkeyPatch) -> type[Instead]:
    monkeypatch.setattr(Instead, "began", [])
    monkeypatch.setattr(Instead, "most_at_once", 0)
    monkeypatch.setattr(Instead, "fails", "")
    monkeypatch.setattr(table, "Children", Instead)
    return Instead


def made(tmp_path: Path, names: list[str], **training) -> tuple[table.Experiment, list[table.Step]]:
    config, rows = table.read_table(CONFIG)
    config["training"] |= training
    chosen = [replace(row, seeds=row.seeds[:1]) for row in rows if row.name in names]
    experiment = table.Experiment(arguments(tmp_path), config, tmp_path / "base")
    return experiment, experiment.steps(chosen, rows)


def test_every_step_is_done_once_and_after_what_it_needs(tmp_path: Path, instead: type[Instead]) -> None:
    experiment, steps = made(tmp_path, ["random", "masked", "contrastive_25"])
    written = []
    assert experiment.run(steps, 2, None, lambda: written.append(len(instead.began))) == len(steps)
    assert experiment.run(steps, 2, None, lambda: None) == 0
    order = [name for name, _ in instead.began]
    assert len(order) == len(set(order)) == len(steps) == len(written) and instead.most_at_once == 2
    assert {name for name in order if name.startswith(("pretrain", "cbct", "ios"))} == {
        "cbct_random_31", "ios_random_31", "pretrain_masked_31_cbct", "cbct_masked_31", "pretrain_masked_31_ios",
        "ios_masked_31", "pretrain_contrastive_25_31", "cbct_contrastive_25_31", "ios_contrastive_25_31",
    }  # fmt: skip
    assert len([name for name in order if name.endswith(("internal", "external"))]) == 12
    assert "contrastive_25_31_retrieval" in order
    for step in steps:
        assert all(order.index(need) < order.index(step.name) for need in step.needs)
    words = dict(instead.began)
    assert "--init" not in words["cbct_random_31"] and "--init" not in words["ios_random_31"]
    init = words["cbct_contrastive_25_31"]
    assert init[init.index("--init") + 1] == str(tmp_path / "base" / "pretrain_contrastive_25_31")
    pretraining = words["pretrain_contrastive_25_31"]
    assert pretraining[pretraining.index("--share") + 1] == "0.25"
    assert all(w[w.index("--fold") + 1] == "0" for n, w in words.items() if n.startswith(("pretrain", "cbct", "ios")))
    config = yaml.safe_load((tmp_path / "base" / "configs" / "ios_random_31.yaml").read_text())
    steps_told = table.read_table(CONFIG)[0]["training"]
    masked = next(step.config["training"] for step in steps if step.name == "pretrain_masked_31_ios")
    assert {name: masked[name] for name in ("steps", "batch")} == steps_told["masked-points"]
    assert config["seed"] == 31 and config["training"]["steps"] == steps_told["ios"]


def test_all_rows_are_fine_tuned_for_as_many_steps_and_the_longer_one_says_so(tmp_path: Path) -> None:
    config, rows = table.read_table(CONFIG)
    steps = table.Experiment(arguments(tmp_path), config, tmp_path).steps(rows, rows)
    for modality in ("cbct", "ios"):
        longer = {f"{modality}_{row.name}_{seed}" for row in rows if row.longer for seed in row.seeds}
        runs = {step.name: step.config["training"] for step in steps if step.name.startswith(f"{modality}_")}
        assert all("minutes" not in training for training in runs.values())
        assert {runs[name]["steps"] for name in runs.keys() - longer} == {config["training"][modality]}
        assert {runs[name]["steps"] for name in longer} == {config["training"][f"{modality}-longer"]}
        assert config["training"][f"{modality}-longer"] > config["training"][modality]


def test_a_teacher_answers_before_the_small_network_learns(tmp_path: Path, instead: type[Instead]) -> None:
    experiment, steps = made(tmp_path, ["small_labels", "small_contrastive"])
    experiment.run(steps, 1, None, lambda: None)
    order = [name for name, _ in instead.began]
    taught = [
        "pretrain_contrastive_100_31", "cbct_contrastive_100_31", "answers_small_contrastive_31",
        "small_small_contrastive_31", "small_contrastive_31_cbct_internal",
    ]  # fmt: skip
    assert [name for name in order if name in taught] == taught
    words = dict(instead.began)
    assert "--teacher" not in words["answers_small_labels_31"]
    assert words["answers_small_contrastive_31"][-3].endswith("cbct_contrastive_100_31")
    assert words["small_small_labels_31"][0] == "train-volumes"


def test_a_table_that_was_broken_off_goes_on_and_does_not_mix_settings(tmp_path: Path, instead: type[Instead]) -> None:
    experiment, steps = made(tmp_path, ["random"])
    assert experiment.run(steps, 1, 1, lambda: None) == 1  # `--jobs 1`
    instead.fails = steps[1].name
    with pytest.raises(InputError, match="failed"):
        experiment.run(steps, 1, None, lambda: None)
    assert [experiment.is_done(step) for step in steps] == [True] + [False] * (len(steps) - 1)
    instead.fails = ""
    assert experiment.run(steps, 1, None, lambda: None) == len(steps) - 1
    again = [name for name, _ in instead.began]
    assert again.count(steps[0].name) == 1 and again.count(steps[1].name) == 2
    other, steps = made(tmp_path, ["random"], cbct=7)
    with pytest.raises(InputError, match="made with other settings"):
        other.run(steps, 1, None, lambda: None)


def test_two_tables_do_not_write_into_one_folder(tmp_path: Path, instead: type[Instead]) -> None:
    experiment, steps = made(tmp_path, ["random"])
    with reserved(experiment.base, "table"), pytest.raises(OutputError, match="Another table"):
        experiment.run(steps, 1, None, lambda: None)


def test_a_step_that_fails_says_which_and_where_its_log_is(tmp_path: Path) -> None:
    """With real processes: there are no pairs."""
    experiment, steps = made(tmp_path, ["contrastive_25"])
    with pytest.raises(DentalTopoSegError, match=r"pretrain_contrastive_25_31 ended with exit code 1 \(.*no pairs"):
        experiment.run(steps, 1, None, lambda: None)
    assert not experiment.is_done(steps[0])


def test_the_report_has_means_intervals_and_the_papers_figures(tmp_path: Path) -> None:
    config, rows = table.read_table(CONFIG)
    folder = tmp_path / "scores"
    folder.mkdir()
    for seed, dice in ((31, 0.8), (32, 0.9)):
        scores = {"a": {"11": dice, "26": dice}, "b": {"11": dice - 0.2, "28": dice}}
        (folder / f"contrastive_100_{seed}_cbct_internal.json").write_text(json.dumps(scores))
    text = results.report(tmp_path, rows, config)
    assert "CBCT, held-out dentitions" in text and "scans of other scanners" not in text
    line = next(line for line in text.splitlines() if line.startswith("| contrastive | 100 %"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2:6] == ["2", "80.0 (75.0 to 85.0)", "-", "7.1"]
    assert cells[6] == "75.0" and cells[7] == "-" and cells[-1] == "93.38"


def test_gains_are_paired_by_scan_over_the_seeds_that_both_rows_have(tmp_path: Path) -> None:
    config, rows = table.read_table(CONFIG)
    (tmp_path / "scores").mkdir()
    for row, seed, more in (("random", 31, 0.0), ("contrastive_50", 31, 0.1), ("random", 32, -0.5)):
        scores = {f"phantom_{k:03d}": {"11": 0.2 + 0.05 * k + more} for k in range(1, 9)}
        (tmp_path / "scores" / f"{row}_{seed}_cbct_internal.json").write_text(json.dumps(scores))
    line = next(x for x in results.report(tmp_path, rows, config).splitlines() if x.startswith("| contrastive | 50 %"))
    # every scan gains the same: the interval of the gain is a point however much scans differ; seed 32 has no partner
    assert line.split("|")[5].strip() == "+10.0 (+10.0 to +10.0)"
    assert results.curves(tmp_path, rows)["CBCT, held-out dentitions"][1][0] == 0.5


def test_the_report_tells_retrieval_and_processor_minutes(tmp_path: Path) -> None:
    config, rows = table.read_table(CONFIG)
    (tmp_path / "scores").mkdir()
    (tmp_path / "steps").mkdir()
    told = {"all": {"right": 6, "asked": 24, "chance": 1 / 12, "mrr": 0.4}}
    told["places"] = {"token_at_1": 0.5, "token_chance": 0.03}
    (tmp_path / "scores" / "contrastive_100_31_retrieval.json").write_text(json.dumps(told))
    for run, minutes in (("cbct_masked_31", 3), ("pretrain_masked_31_cbct", 1), ("pretrain_masked_31_ios", 2)):
        (tmp_path / "steps" / f"{run}.json").write_text(json.dumps({"cpu_minutes": minutes}))
    text = results.report(tmp_path, rows, config)
    assert "| contrastive | 100 % | 1 | 0.25 (0.09 to 0.53) | 0.08 | 0.40 | 0.50 | 0.03 |" in text
    assert "| 1.0 + 2.0 | 3.0 | - | - |" in text


def test_intervals_take_scans_of_one_person_for_one() -> None:
    assert [person_in(n) for n in ("phantom_013_2", "095_upper", "01A6HAN6_upper")] == ["013", "071", "01A6HAN6_upper"]
    assert person_in("phantom_autojaw_p03_2") == person_in("phantom_autojaw_p03") == "autojaw_p03"
    rng = np.random.default_rng(0)
    values = np.repeat(rng.normal(0, 1, 20), 10)
    few = interval([f"{k // 10:03d}_{k}" for k in range(200)], values)
    many = interval([f"scan {k}" for k in range(200)], values)
    assert few[0] == many[0] and few[2] - few[1] > 2 * (many[2] - many[1])
    share, low, high = share_interval(0.0, 12)
    assert share == low == 0.0 and high == pytest.approx(0.2425, abs=1e-3)  # Wilson


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
