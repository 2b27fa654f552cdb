"""Rows, scores, tables and charts of the experiments. Skipped where torch is not installed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml
from scipy import stats

torch = pytest.importorskip("torch", reason="torch is not installed; only training needs it")
pytest.importorskip("onnx", reason="onnx is not installed; only training and its tests need it")

from DentalTopoSegLib.errors import InputError  # noqa: E402
from DentalTopoSegLib.files.volumes import Volume  # noqa: E402
from DentalTopoSegLib.networks.models import list_models  # noqa: E402
from training.experiments import charts, command, measured, scoring, tables  # noqa: E402
from training.experiments.rows import Row, jobs, read_rows, row_config, with_sources  # noqa: E402
from training.export import timing  # noqa: E402
from training.export.quantizer import Quantizer  # noqa: E402

SHIPPED = next(entry["id"] for entry in list_models() if entry["task"] == "border")
CONFIGS = Path(__file__).resolve().parents[3] / "training" / "configs"
BASE = {
    "task": "topology",
    "start": SHIPPED,
    "data": {"patch": [32, 32, 32], "samples": 4},
    "training": {"steps": 4, "lr": 1e-3},
    "seeds": [7, 8, 9],
}


def _write(folder: Path, rows: dict, **changes) -> Path:
    path = folder / "small.yaml"
    path.write_text(yaml.safe_dump(BASE | {"rows": rows} | changes, sort_keys=False), encoding="utf-8")
    return path


# --- Rows -----------------------------------------------------------------------------------------------------------


def test_rows_are_read_with_their_changes_and_seeds(tmp_path: Path) -> None:
    rows = {
        "plain": {"title": "Plain", "precision": "fp32"},
        "later": {"title": "Later", "of": "plain", "quantizer": {"weight_bits": 4}, "seeds": 2},
        "qat": {"title": "QAT", "quantization": {"weight": 0.01}, "training": {"lr": 2e-3}},
        "library": {"title": "Library", "shipped": True, "seeds": 1},
    }
    config, read, base = read_rows(_write(tmp_path, rows))
    assert "rows" not in config and "seeds" not in config
    assert [row.name for row in read] == list(rows)
    plain, later, qat, library = read
    assert (plain.precision, plain.seeds, plain.changes) == ("fp32", (7, 8, 9), {})
    assert (later.seeds, later.quantizer, later.precision) == ((7, 8), Quantizer(weight_bits=4), "int8")
    assert later.folder(7, base) == plain.folder(7, base) == base / "plain_7"
    assert later.models(7, base) != plain.models(7, base)
    assert library.models(7, base) == base / "models" / "library_7"
    assert base.name == "small"
    merged = row_config(config, qat, 8)
    assert merged["seed"] == 8
    assert merged["training"] == {"steps": 4, "lr": 2e-3}
    assert merged["quantization"] == {"weight": 0.01}
    assert config["training"]["lr"] == 1e-3 and "quantization" not in config


def test_a_row_may_bring_a_section_that_the_rest_lacks_and_drop_one(tmp_path: Path) -> None:
    rows = {"one": {"title": "One", "loss": {"contact_weight": 2.0}, "quantization": None}}
    config, (row,), _ = read_rows(_write(tmp_path, rows, quantization={"weight": 0.1}))
    merged = row_config(config, row, 1)
    assert merged["loss"] == {"contact_weight": 2.0}
    assert merged["quantization"] is None


@pytest.mark.parametrize(
    ("rows", "changes", "message"),
    [
        ({"a": {"title": "A", "quantisation": {}}}, {}, "row a cannot be read.*quantisation"),
        ({"a": {}}, {}, "row a cannot be read.*title"),
        ({"a": {"title": "A", "quantizer": {"weight_bits": 1}}}, {}, "row a cannot be read.*2 to 8 bits, not 1"),
        ({"a": {"title": "A", "of": "b"}}, {}, "row a is made of a row that does not exist"),
        ({"a": {"title": "A", "seeds": 4}}, {}, "row a wants 4 of 3 seeds"),
        ({"a": {"title": "A", "seeds": 0}}, {}, "row a wants 0 of 3 seeds"),
        ({"a": {"title": "A"}}, {"tables": {"speed": ["a", "z"]}}, "tables and pairs name row z, which does not exist"),
        ({"a": {"title": "A"}}, {"pairs": [["a", "y"]]}, "tables and pairs name row y"),
        ({}, {}, "needs rows"),
        ({"a": {"title": "A"}}, {"seeds": []}, "needs seeds"),
    ],
)
def test_rows_that_cannot_be_are_refused(tmp_path: Path, rows: dict, changes: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_rows(_write(tmp_path, rows, **changes))


def test_a_run_knows_nothing_of_the_report(tmp_path: Path) -> None:
    path = _write(tmp_path, {"a": {"title": "A"}}, tables={"speed": ["a"]}, pairs=[["a", "a"]])
    config, (row,), _ = read_rows(path)
    assert config["tables"] == {"speed": ["a"]}
    assert not {"tables", "pairs", "rows", "seeds"} & set(row_config(config, row, 7))


def test_rows_come_with_those_they_are_made_of() -> None:
    rows = [Row("a", "A", (1,)), Row("b", "B", (1,), of="a"), Row("c", "C", (1,))]
    assert [row.name for row in with_sources(rows, ["b"])] == ["a", "b"]
    assert [row.name for row in with_sources(rows, ["c"])] == ["c"]


def test_a_configuration_without_a_start_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump({k: v for k, v in BASE.items() if k != "start"}), encoding="utf-8")
    with pytest.raises(ValueError, match="start missing"):
        read_rows(path)


@pytest.mark.parametrize("name", ["topology", "pruning"])
def test_our_own_configurations_are_read(name: str) -> None:
    from training.volumes.topology_loss import TopologyConfig

    config, rows, base = read_rows(CONFIGS / f"{name}.yaml")
    assert base.name == name
    for row in rows:
        merged = row_config(config, row, row.seeds[0])
        plan = dict(merged.get("topology") or {})
        plan.pop("weight", None)
        TopologyConfig.from_dict(plan)
        assert row.paper is None or row.paper in tables.PAPER


def test_every_row_has_its_first_seed_before_any_its_second() -> None:
    rows = [Row("a", "A", (1, 2)), Row("b", "B", (1,)), Row("c", "C", (1, 2, 3))]
    order = [(row.name, seed) for row, seed in jobs(rows)]
    assert order == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("c", 2), ("c", 3)]


# --- Tables ---------------------------------------------------------------------------------------------------------

ROWS = [
    Row("post_training", "PTQ", (1, 2), paper="post_training"),
    Row("full_precision", "FP", (1, 2)),
    Row("no", "N", (1,)),
]


def _score(row: str, seed: int, case: str, value: float | None, errors: dict | None = None) -> dict:
    kinds = {}
    for kind, factor in (("alone", 1.0), ("rules", 0.5)):
        kinds[kind] = dict.fromkeys(tables.COLUMNS, None if value is None else factor * value)
        kinds[kind]["errors"] = errors or {"11": [], "36": ["tunnel"]}
    return {"row": row, "seed": seed, "case": case, **kinds}


def _scores() -> list[dict]:
    rng = np.random.default_rng(0)
    return [
        _score(row.name, seed, f"c{case}", float(rng.uniform(0.2, 0.9)))
        for row in ROWS[:2]
        for seed in row.seeds
        for case in range(5)
    ]


def test_cases_are_means_over_seeds_without_what_is_undefined() -> None:
    scores = [_score("a", 1, "x", 0.2), _score("a", 2, "x", 0.6), _score("a", 1, "y", None), _score("b", 1, "x", 0.9)]
    assert measured.by_case(scores, "a", "alone", "dice") == {"x": pytest.approx(0.4)}
    assert measured.by_case(scores, "a", "rules", "dice") == {"x": pytest.approx(0.2)}
    assert measured.by_case(scores, "a", "alone", "dice", (2,)) == {"x": pytest.approx(0.6)}


def test_the_paired_test_is_scipys() -> None:
    scores = _scores()
    values = np.array([score["alone"]["dice"] for score in scores]).reshape(2, 2, 5).mean(1)
    difference, p, count = tables.paired_test(scores, ROWS[0], ROWS[1], "alone", "dice")
    assert difference == pytest.approx(values[0].mean() - values[1].mean())
    assert p == pytest.approx(stats.ttest_rel(values[0], values[1]).pvalue)
    assert count == 5


def test_only_seeds_that_both_rows_have_are_compared() -> None:
    scores = _scores()
    kept = [s for s in scores if (s["row"], s["seed"]) != ("full_precision", 2)]
    first = [s["alone"]["dice"] for s in kept if s["row"] == "post_training" and s["seed"] == 1]
    second = [s["alone"]["dice"] for s in kept if s["row"] == "full_precision"]
    difference, p, _ = tables.paired_test(kept, ROWS[0], ROWS[1], "alone", "dice")
    assert difference == pytest.approx(np.mean(first) - np.mean(second))
    assert p == pytest.approx(stats.ttest_rel(first, second).pvalue)


def test_equal_rows_do_not_differ_and_few_scans_are_not_tested() -> None:
    same = [_score(row, 1, f"c{n}", 0.1 * n) for row in ("post_training", "full_precision") for n in range(4)]
    assert tables.paired_test(same, ROWS[0], ROWS[1], "alone", "dice") == (0.0, 1.0, 4)
    assert tables.paired_test(same[:2] + same[4:6], ROWS[0], ROWS[1], "alone", "dice") is None
    assert tables.paired_test(same, ROWS[0], ROWS[2], "alone", "dice") is None


def test_the_table_has_means_spread_and_the_papers_figure() -> None:
    scores = [_score("post_training", seed, "x", 0.2 * seed) for seed in (1, 2)]
    head, _, line = tables.score_table(scores, ROWS, "alone").splitlines()
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert head.count("|") == line.count("|")
    assert cells[:3] == ["PTQ", "2 x 1", "30.0 (14.1) [88.7]"]  # 0.2 and 0.4: mean 0.3, deviation 0.1414
    assert cells[2 + tables.COLUMNS.index("count_error")] == "0.30 (0.14)"


def test_a_score_that_no_scan_has_is_a_dash() -> None:
    score = _score("post_training", 1, "x", 0.5)
    score["alone"]["acs"] = None
    line = tables.score_table([score], ROWS[:1], "alone").splitlines()[-1]
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[2 + tables.COLUMNS.index("acs")] == "-"


def test_paired_tests_as_a_table() -> None:
    scores = _scores()
    lines = tables.test_table(
        scores, ROWS, [("post_training", "full_precision"), ("qat", "post_training")]
    ).splitlines()
    assert len(lines) == 3  # a pair that the experiment lacks is left out
    difference, p, _ = tables.paired_test(scores, ROWS[0], ROWS[1], "alone", "dice")
    assert lines[2].split("|")[1:3] == [" PTQ - FP ", f" {100 * difference:+.2f} (p {p:.3f}) "]


def test_errors_are_counted_by_tooth_and_by_kind() -> None:
    scores = [
        _score("post_training", 1, "x", 0.5, {"11": ["missed"], "12": []}),
        _score("post_training", 2, "x", 0.5, {"11": ["pieces", "void"], "12": ["tunnel"]}),
        _score("post_training", 1, "y", 0.5, {"11": []}),
    ]
    assert measured.chart(scores, "post_training", "alone") == {11: pytest.approx(2 / 3), 12: pytest.approx(0.5)}
    assert measured.chart(scores, "no", "alone") == {}
    *_, line = tables.error_counts(scores, ROWS, "alone").splitlines()
    assert [cell.strip() for cell in line.strip("|").split("|")] == ["PTQ", *["20.0"] * 4]


LOG = """\
{"time": "09:35:00", "kind": "message", "text": "BatchNorm statistics frozen"}
{"time": "09:35:24", "kind": "step", "step": 12, "loss": 0.6246, "core": 0.579, "quant": 0.001, "count": 1.286, \
"adjacency": 0.070, "separation": 0.018, "tunnels": 0.908, "voids": 0.050, "lr": 8.1e-06}
{"time": "09:36:24", "kind": "step", "step": 24, "loss": 0.5, "core": null, "quant": 2.988e-04, "lr": 8.1e-06}
{"time": "09:36:30", "kind": "validation", "step": 24, "loss": 0.2473}
"""


def test_curves_are_read_from_a_log_whose_lines_differ(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text(LOG, encoding="utf-8")
    curves = measured.training_curves(tmp_path)
    assert curves["step"].tolist() == [12, 24]
    assert curves["loss"].tolist() == [0.6246, 0.5]
    assert curves["quant"].tolist() == [0.001, 2.988e-4]
    assert curves["lr"].tolist() == [8.1e-6] * 2
    np.testing.assert_equal(curves["voids"], [0.05, np.nan])
    np.testing.assert_equal(curves["core"], [0.579, np.nan])
    losses = {"loss", "core", "quant", "count", "adjacency", "separation", "tunnels", "voids"}
    assert set(curves) == {"step", "lr", *losses}
    # started again: the second time counts
    again = LOG.replace("0.6246", "0.7")
    (tmp_path / "log.jsonl").write_text(LOG + again, encoding="utf-8")
    assert measured.training_curves(tmp_path)["loss"].tolist() == [0.7, 0.5]


# --- Scoring --------------------------------------------------------------------------------------------------------


def test_a_remembered_network_answers_the_same_array_once() -> None:
    calls = []

    def run(array: np.ndarray, cancelled: object = None) -> np.ndarray:
        calls.append(cancelled)
        return array + 1

    network = scoring.Remembered(SimpleNamespace(run=run, metadata={"spacing_mm": 1.0}, id="n"))
    first, second = np.zeros((2, 2, 2), np.float32), np.ones((2, 2, 2), np.float32)
    for array in (first, first.copy(), second, second, first.reshape(1, 2, 4)):
        np.testing.assert_array_equal(network.run(array), array + 1)
    assert len(calls) == 3
    assert (network.id, network.metadata["spacing_mm"]) == ("n", 1.0)


def test_scans_that_would_share_a_score_are_refused(tmp_path: Path) -> None:
    folders = [tmp_path / kind / "scans" for kind in ("first", "second")]
    for folder in folders:
        folder.mkdir(parents=True)
        for part in ("image", "labels"):
            (folder / f"a_{part}.nii.gz").touch()
    with pytest.raises(InputError, match="Two scans are called scans/a"):
        next(scoring.cases(folders, 1))


def _volume(array: np.ndarray) -> Volume:
    return Volume(array.astype(np.uint8), spacing=(1.0, 1.0, 1.0))


def _teeth() -> np.ndarray:
    array = np.zeros((12, 12, 40), np.uint8)
    for index, fdi in enumerate((11, 12, 13, 14)):
        array[2:9, 2:9, 10 * index + 1 : 10 * index + 8] = fdi
    return array


def test_pieces_are_counted_over_labels_and_specks_are_not() -> None:
    array = _teeth()
    assert scoring.pieces(_volume(array)) == 4
    array[:, 5, 1:8] = 0  # tooth 11 in two
    assert scoring.pieces(_volume(array)) == 5
    array[11, 11, 39] = 14  # 1 mm^3
    assert scoring.ISLAND_MM3 > 1.0
    assert scoring.pieces(_volume(array)) == 5
    assert scoring.pieces(_volume(np.zeros_like(array))) == 0


def test_errors_of_every_reference_tooth() -> None:
    truth, found = _teeth(), _teeth()
    found[found == 11] = 21  # misnumbered: missed, and an invention that counts elsewhere
    found[:, 5, 11:18] = 0
    found[5, 5, 20:30] = 0  # a tunnel through 13
    found[5, 5, 34] = 0  # a void in 14
    answer = scoring.errors_by_tooth(_volume(found), _volume(truth))
    assert answer == {"11": ["missed"], "12": ["pieces"], "13": ["tunnel"], "14": ["void"]}
    assert scoring.errors_by_tooth(_volume(truth), _volume(truth)) == {str(fdi): [] for fdi in (11, 12, 13, 14)}


def test_scores_count_teeth_too_many() -> None:
    truth, found = _teeth(), _teeth()
    found[:, 5, 1:8] = 0
    scores = scoring._scores(_volume(found), _volume(truth))
    assert (scores["pieces"], scores["count_error"], scores["tca_pieces"], scores["tca"]) == (5, 1, 0.0, 1.0)
    assert set(scores["teeth"]) == {"11", "12", "13", "14"}
    assert scores["teeth"]["12"] == 1.0 > scores["teeth"]["11"]


def test_a_scan_without_found_teeth_scores_nothing() -> None:
    case = scoring.Case("x", _volume(_teeth()), _volume(_teeth()), None, None, None)
    labels, count = scoring.alone(case, None)
    assert count == 0 and not labels.array.any()


# --- Timing and charts ----------------------------------------------------------------------------------------------


def test_the_best_run_is_timed_on_sides_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    clock = iter([0.0, 9.0, 10.0, 12.0, 20.0, 25.0])
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(clock))
    model = SimpleNamespace(metadata={"divisor": 16}, run=lambda array: shapes.append((array.shape, array.dtype)))
    assert timing.seconds(model, (16, 20, 40)) == 2.0
    assert shapes == [((16, 32, 48), np.float32)] * 4
    with pytest.raises(ValueError, match="at least 1"):
        timing.seconds(model, (16, 0, 16))


def test_providers_here_can_be_loaded() -> None:
    from DentalTopoSegLib.networks.models import load_model

    names = timing.providers_here()
    assert names[0] == "onnxruntime"
    assert ("openvino" in names) == (importlib.util.find_spec("openvino") is not None)
    for name in names:
        model = load_model("border", 1, provider=name)
        assert model.provider == name
        assert timing.seconds(model, (16, 16, 16)) > 0


def test_the_dental_chart_has_every_tooth_once() -> None:
    grid = charts.chart_grid({18: 0.1, 11: 0.2, 28: 0.3, 48: 0.4, 31: 0.5})
    assert (grid[0, 0], grid[0, 7], grid[0, 15], grid[1, 0], grid[1, 8]) == (0.1, 0.2, 0.3, 0.4, 0.5)
    assert np.isnan(grid).sum() == 27
    assert len({*charts.UPPER, *charts.LOWER}) == 32


def test_correlation_needs_values_that_vary() -> None:
    x = np.array([1.0, 2.0, 4.0])
    assert charts.correlation(x, -2 * x) == pytest.approx(-1.0)
    assert np.isnan(charts.correlation(x, np.ones(3)))
    assert np.isnan(charts.correlation(x[:2], x[:2]))


def test_lines_without_all_terms_are_no_points_of_the_curve(tmp_path: Path) -> None:
    assert charts.rounding_and_topology(tmp_path) is None
    (tmp_path / "log.jsonl").write_text(LOG, encoding="utf-8")
    step, quant, topology = charts.rounding_and_topology(tmp_path)
    assert (step.tolist(), quant.tolist()) == ([12], [0.001])
    assert topology[0] == pytest.approx(1.286 + 0.070 + 0.018 + 0.908 + 0.050)


def _all_teeth(seed: int) -> dict:
    rng = np.random.default_rng(seed)
    return {str(fdi): ["tunnel"] * int(rng.random() < 0.3) for fdi in (*charts.UPPER, *charts.LOWER)}


def test_charts_are_drawn_and_small(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed; only the charts need it")
    from PIL import Image

    from training.nets.unet import UNet, UNetPlan
    from training.volumes.finished import save_tuned

    base = tmp_path / "runs"
    rows = [Row(name, name, (1,)) for name in charts.KEY_ROWS] + [
        Row("g", "25 %", (1,), changes={"gates": {"macs": 0.25}})
    ]
    for name in ("qat", "g"):
        (base / f"{name}_1").mkdir(parents=True)
        line = LOG.splitlines()[1]
        lines = [line.replace(": 12,", f": {12 + n},").replace("1.286", f"{n}.0") for n in range(9)]
        (base / f"{name}_1" / "log.jsonl").write_text("\n".join(lines), encoding="utf-8")
    save_tuned(base / "g_1", UNet(UNetPlan(3, (32, 32), (1, 1), (1,), 16, deep_supervision=0)), None, {}, {})
    scores = [_score(row.name, 1, f"c{n}", 0.1 * n, _all_teeth(n)) for row in rows for n in range(5)]
    files = charts.draw_charts(scores, rows, base, tmp_path / "pictures")
    assert [f.name for f in files] == [
        "errors_alone.png",
        "errors_rules.png",
        "quantization_topology.png",
        "pruning.png",
    ]
    for file in files:
        assert file.stat().st_size <= 150_000
        assert np.ptp(np.asarray(Image.open(file).convert("L"))) > 100
    assert charts.draw_charts(scores, rows[:1], base, tmp_path / "fewer") == [
        tmp_path / "fewer" / f"errors_{kind}.png" for kind in ("alone", "rules")
    ]


def test_without_matplotlib_the_charts_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"pip install \"matplotlib>=3.7\""):
        charts.draw_charts(_scores(), ROWS, tmp_path, tmp_path / "pictures")
    assert not (tmp_path / "pictures").exists()


# --- Command line ---------------------------------------------------------------------------------------------------


def _call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(command, "keep_memory", lambda: None)
    monkeypatch.setattr(command.torch, "set_num_threads", lambda threads: None)
    command.main([str(word) for word in arguments])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "missing.yaml", "--data", "."], "missing.yaml"),
        (["run", "CONFIG"], "--data"),
        (["tables", "CONFIG"], "holds no scores: run the score command first"),
        (["tables", "CONFIG", "--only", "b"], "has no row b"),
        (["tables", "CONFIG", "--table", "ablation"], "has no table ablation; it has accuracy, speed"),
        (["run", "CONFIG", "--data", ".", "--table", "speed", "--only", "b"], "has no row b"),
        (["run", "CONFIG", "--data", ".", "--table", "speed", "--only", "c"], "has none of the rows c"),
        (["score", "CONFIG", ".", "--part", "0/2"], "1 <= k <= n"),
        (["score", "CONFIG", ".", "--part", "half"], "k/n"),
    ],
)
def test_wrong_commands_say_why(tmp_path: Path, monkeypatch, capsys, arguments: list[str], message: str) -> None:
    tables_of = {"accuracy": ["a", "c"], "speed": ["a"]}
    path = _write(tmp_path, {"a": {"title": "A"}, "c": {"title": "C"}}, tables=tables_of)
    monkeypatch.setattr("training.experiments.rows.RUNS", tmp_path)
    with pytest.raises(SystemExit) as stopped:
        _call(monkeypatch, *(str(path) if word == "CONFIG" else word for word in arguments))
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_tables_are_printed_written_and_timed(tmp_path: Path, monkeypatch, capsys) -> None:
    import json

    path = _write(tmp_path, {"library": {"title": "Library", "shipped": True, "seeds": 1}})
    monkeypatch.setattr("training.experiments.rows.RUNS", tmp_path / "runs")
    _call(monkeypatch, "run", path, "--data", tmp_path)  # nothing to train: copies the network
    folder = tmp_path / "runs" / "small" / "scores"
    folder.mkdir(parents=True)
    for n in range(3):
        (folder / f"{n}.json").write_text(json.dumps(_score("library", 7, f"c{n}", 0.5)), encoding="utf-8")
    monkeypatch.setattr(tables, "seconds", lambda model, shape: 0.25)
    monkeypatch.setattr(tables, "providers_here", lambda: ["onnxruntime"])
    _call(monkeypatch, "tables", path, "--time", "1", "-o", tmp_path / "tables.md")
    text = (tmp_path / "tables.md").read_text(encoding="utf-8")
    assert text.strip() == capsys.readouterr().out.strip()
    assert "| Library | 1 x 3 | 50.0 |" in text
    assert "| Library | 0.250 |" in text
    assert "100.0 % |" in text
