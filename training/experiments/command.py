"""Rows of one table: the same start, data, steps and seeds, one idea more or less per row.

    python -m training experiments run training/configs/topology.yaml --data BUFFER --val VALIDATION
    python -m training experiments score training/configs/topology.yaml SCANS [SCANS ...]
    python -m training experiments tables training/configs/topology.yaml
    python -m training experiments all training/configs/topology.yaml SCANS --data BUFFER --table accuracy -o TABLE
    python -m training experiments costs training/configs/topology.yaml

`run` trains and exports what is not there yet, `score` measures on labelled scans of held-out patients, `tables` prints
the tables, the paired tests and the chart of errors beside the papers' figures. `all` is the three after one
another, row by row, so that the table grows; stopped and started again, it goes on where it was. `costs` predicts.
`--table` takes the rows that the configuration names for one table of the paper; "speed" is sizes and seconds only.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from DentalTopoSegLib.files.volumes.writing import atomic_path
from DentalTopoSegLib.networks.models import load_model
from training.compression.tune import tune
from training.experiments.costs import cost_table, score_file
from training.experiments.report import SPEED, report, speeds
from training.experiments.rows import Row, jobs, read_rows, row_config, with_sources
from training.experiments.scoring import Case, cases, labelled, score_case
from training.export.volumes import copy_shipped, export_plain
from training.loop import keep_memory
from training.patients.parts import WHOLE, parse_part
from training.volumes.finished import TUNED


def run(arguments: argparse.Namespace) -> None:
    """Train and export what is not there yet."""
    config, rows, base = read_rows(arguments.config)
    for row, seed in jobs(with_sources(rows, arguments.only or [row.name for row in rows])):
        _make(arguments, config, row, seed, base)


def _make(arguments: argparse.Namespace, config: dict, row: Row, seed: int, base: Path) -> None:
    """One network of a row, where it is not there yet."""
    if row.shipped:
        copy_shipped(config["start"], row.models(seed, base))
        return
    folder = row.folder(seed, base)
    if row.of is None and not (folder / TUNED).is_file():
        print(f"== {row.name}, seed {seed}", flush=True)
        tune(row_config(config, row, seed), folder, arguments.data, arguments.val, base.parent)
    if not (folder / TUNED).is_file():
        print(f"== {row.name}, seed {seed}: {row.of} is not trained yet, run again", flush=True)
    elif not (row.models(seed, base) / "models.json").is_file():
        name = f"border-{row.name}-{seed}"
        target = row.models(seed, base)
        export_plain(folder, target, name, row.precision, arguments.data, row.quantizer, tool=row.tool)


def score(arguments: argparse.Namespace) -> None:
    """Measure every exported network on every labelled scan that has no score yet."""
    _, rows, base = read_rows(arguments.config)
    wanted = [(row, seed) for row, seed in jobs(rows) if (row.models(seed, base) / "models.json").is_file()]
    if arguments.only:
        wanted = [(row, seed) for row, seed in wanted if row.name in arguments.only]
    for case in cases(arguments.scans, arguments.threads, arguments.part):
        for row, seed in wanted:
            _measure(case, row, seed, base, arguments.threads)


def _measure(case: Case, row: Row, seed: int, base: Path, threads: int) -> None:
    """The score of one network on one scan, where it is not there yet."""
    file = score_file(base, row, seed, case.name)
    if file.is_file():
        return
    network = load_model("border", threads, row.precision, folder=row.models(seed, base))
    result = {"row": row.name, "seed": seed, "case": case.name, **score_case(case, network)}
    file.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(file) as temporary:
        temporary.write_text(json.dumps(result), encoding="utf-8")
    print(f"{case.name} {row.name} {seed}: {_line(result)}", flush=True)


def _line(result: dict) -> str:
    both = ((kind, result[kind]) for kind in ("alone", "rules"))
    return "; ".join(
        f"{kind} DSC {s['dice']:.3f} ACS {_three(s['acs'])} CER {_three(s['cer'])} teeth {s['pieces']}/{s['count_ref']}"
        for kind, s in both
    )


def _three(value: float | None) -> str:
    """ACS is undefined where no two teeth are neighbours."""
    return "-" if value is None else f"{value:.3f}"


def tables(arguments: argparse.Namespace) -> None:
    """Print the tables."""
    config, rows, base = read_rows(arguments.config)
    rows = [row for row in rows if not arguments.only or row.name in arguments.only]
    if arguments.table == SPEED:
        text = "\n\n".join(speeds(config, rows, base, arguments.time)) + "\n"
    else:
        text = report(config, rows, base, arguments.pictures, arguments.time, arguments.data)
    print(text)
    if arguments.output:
        _write(arguments.output, text)


def _write(file: Path, text: str) -> None:
    """Whole or not at all."""
    with atomic_path(file) as temporary:
        temporary.write_text(text, encoding="utf-8")


def everything(arguments: argparse.Namespace) -> None:
    """Train, score and print, a row after the other: one command from the start to a table, which is written anew
    after each row. Started again after a stop, it goes on."""
    config, rows, base = read_rows(arguments.config)
    asked = [row for row in rows if not arguments.only or row.name in arguments.only]
    names = [name for name, *_ in labelled(arguments.scans, arguments.part)]
    held: list[Case] = []  # what all rows share of a scan is worked out once
    for row, seed in jobs(with_sources(rows, [row.name for row in asked])):
        _make(arguments, config, row, seed, base)
        left = [name for name in names if not score_file(base, row, seed, name).is_file()]
        if arguments.table == SPEED or row not in asked or not left:
            continue
        held = held or list(cases(arguments.scans, arguments.threads, arguments.part))
        for case in held:
            _measure(case, row, seed, base, arguments.threads)
        if arguments.output:
            _write(arguments.output, report(config, asked, base))
    tables(arguments)


def costs(arguments: argparse.Namespace) -> None:
    """Print what each row costs in CPU minutes, as predicted, and how much of it is done."""
    config, rows, base = read_rows(arguments.config)
    print(cost_table(config, with_sources(rows, arguments.only or [row.name for row in rows]), base, arguments.count))


def main(argv: list[str] | None = None) -> None:
    """Run one of the five."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (("run", run), ("score", score), ("tables", tables), ("all", everything), ("costs", costs)):
        command = commands.add_parser(name, help=function.__doc__)
        command.set_defaults(function=function)
        command.add_argument("config", type=Path)
        command.add_argument("--threads", type=int, default=1)
        command.add_argument("--only", nargs="+", metavar="ROW", help="names of rows")
        command.add_argument("--table", help="the rows of one table of the configuration")
        _add_arguments(command, name)
    arguments = parser.parse_args(argv)
    try:
        config, rows, base = read_rows(arguments.config)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    lost = set(arguments.only or ()) - {row.name for row in rows}
    if lost:
        parser.error(f"{arguments.config} has no row {', '.join(sorted(lost))}.")
    if arguments.table is not None:
        known = config.get("tables", {})
        if arguments.table not in known:
            parser.error(f"{arguments.config} has no table {arguments.table}; it has {', '.join(known) or 'none'}.")
        asked = arguments.only
        arguments.only = [name for name in known[arguments.table] if not asked or name in asked]
        if not arguments.only:
            parser.error(f"table {arguments.table} of {arguments.config} has none of the rows {', '.join(asked)}.")
    scored = any((base / "scores").glob("*.json"))
    if arguments.command == "tables" and arguments.table != SPEED and not scored:
        parser.error(f"{base / 'scores'} holds no scores: run the score command first.")
    keep_memory()
    torch.set_num_threads(arguments.threads)
    arguments.function(arguments)


def _add_arguments(command: argparse.ArgumentParser, name: str) -> None:
    """What one of the commands, or all in one, need besides the configuration."""
    if name == "costs":
        command.add_argument("--count", type=int, default=12, help="scans to be scored (default: 12)")
        return
    if name in ("score", "all"):
        command.add_argument("scans", type=Path, nargs="+", help="folders of labelled scans of held-out patients")
        command.add_argument("--part", type=parse_part, default=WHOLE, metavar="k/n", help="only part k of n")
    needed = name != "tables"
    if name != "score":
        text = "training samples (task topology)" + ("" if needed else ": also tell where rounding errors sit")
        command.add_argument("--data", type=Path, required=needed, help=text)
    if name in ("run", "all"):
        command.add_argument("--val", type=Path, help="validation samples")
    if name in ("tables", "all"):
        command.add_argument("--pictures", type=Path, help="folder for the charts (needs matplotlib)")
        command.add_argument("--time", type=int, default=0, metavar="N", help="also time every network, N threads")
        command.add_argument("-o", "--output", type=Path)
