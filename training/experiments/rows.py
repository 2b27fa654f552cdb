"""The rows of an experiment's configuration, and the networks they give: trained, exported, kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from training.compression.tune import start_network
from training.export.quantizer import Quantizer
from training.loop import RUNS, read_config
from training.nets.unet import UNet
from training.volumes.finished import TUNED, load_tuned

SECTIONS = (
    "quantization",
    "topology",
    "distillation",
    "gates",
    "magnitude",
    "net",
    "start",
    "data",
    "training",
    "loss",
)
"""What a row may change of the configuration. "data", "training" and "loss": only the named values. "net": the row
starts from random weights of this plan."""

REPORTED = ("tables", "pairs", "costs")
"""What an experiment says of its report: the rows of each table by the table's name, the rows that are compared, and
what a step and a scored scan cost."""


@dataclass(frozen=True)
class Row:
    """A row of the tables. Two kinds train nothing: `of` names the row whose networks are quantised after training
    (`quantizer`: to what; `tool`: by ONNX Runtime's quantizer), `shipped` is the network all rows start from, as it was
    shipped. `after`: the row of the same experiment whose network it starts from. `step_s`: CPU seconds that a step is
    predicted to cost, where that is not what the experiment says of all."""

    name: str
    title: str
    seeds: tuple[int, ...]
    precision: str = "int8"
    of: str | None = None
    shipped: bool = False
    quantizer: Quantizer = field(default_factory=Quantizer)
    tool: bool = False
    paper: str | None = None
    changes: dict | None = None
    start: str = ""
    after: str | None = None
    step_s: float | None = None

    def folder(self, seed: int, base: Path) -> Path:
        """Where the run of a seed lives."""
        return base / f"{self.of or self.name}_{seed}"

    def models(self, seed: int, base: Path) -> Path:
        """Folder of the exported network."""
        return base / "models" / f"{self.name}_{seed}"


def read_rows(path: Path) -> tuple[dict, list[Row], Path]:
    """(configuration without its rows, rows, folder of the runs). ValueError for a row that says what no row can, and
    for a table or a pair of rows that do not exist."""
    config = read_config(path, "start", "data")
    lost = [key for key in ("seeds", "rows") if not config.get(key)]
    if lost:
        raise ValueError(f"{path}: an experiment needs {lost[0]}; it has none.")
    seeds, rows = tuple(config.pop("seeds")), []
    for name, row in config.pop("rows").items():
        row = dict(row or {})
        changes = {key: row.pop(key) for key in SECTIONS if key in row}
        count = row.pop("seeds", len(seeds))
        if not 1 <= count <= len(seeds):
            raise ValueError(f"{path}: row {name} wants {count} of {len(seeds)} seeds.")
        try:
            row["quantizer"] = Quantizer.from_dict(row.get("quantizer", {}))
            after = None if "net" in changes else _row_of(changes.get("start", config["start"]), path.stem)
            rows.append(Row(name, seeds=seeds[:count], changes=changes, start=config["start"], after=after, **row))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: row {name} cannot be read ({error}).") from error
    names = {row.name for row in rows}
    lost = [row.name for row in rows if not {row.of, row.after} <= {None, *names}]
    if lost:
        raise ValueError(f"{path}: row {lost[0]} is made of a row that does not exist.")
    round_about = [row.name for row in rows if _starts_from_itself(row, {other.name: other for other in rows})]
    if round_about:
        raise ValueError(f"{path}: row {round_about[0]} starts from its own network.")
    named = {name for group in (*config.get("tables", {}).values(), *config.get("pairs", [])) for name in group}
    if named - names:
        raise ValueError(f"{path}: its tables and pairs name row {min(named - names)}, which does not exist.")
    return config, rows, RUNS / path.stem


def _row_of(start: str, experiment: str) -> str | None:
    """The row that a start like "pruning/large_42" is a run of; None for a start from outside of the experiment."""
    folder, _, run = start.rpartition("/")
    return run.rpartition("_")[0] if folder == experiment else None


def row_config(config: dict, row: Row, seed: int) -> dict:
    """The configuration of one run."""
    result = {key: value for key, value in config.items() if key not in REPORTED} | {"seed": seed}
    for key, value in (row.changes or {}).items():
        result[key] = {**config.get(key, {}), **value} if key in ("data", "training", "loss") else value
    if "net" in result:
        del result["start"]
    return result


def with_sources(rows: list[Row], names: Iterable[str]) -> list[Row]:
    """The named rows and those whose networks they are made of or start from: in the experiment's order, but each
    behind what it needs."""
    named, found = {row.name: row for row in rows}, {}

    def add(row: Row) -> None:
        if row.name not in found:
            for name in (row.of, row.after):
                if name is not None:
                    add(named[name])
            found[row.name] = row

    wanted = set(names)
    for row in rows:
        if row.name in wanted:
            add(row)
    return list(found.values())


def _starts_from_itself(row: Row, rows: dict[str, Row]) -> bool:
    """Whether a row needs its own network, by itself or by way of others."""
    seen, left = set(), [row.of, row.after]
    while left:
        name = left.pop()
        if name is not None and name not in seen:
            seen.add(name)
            left += [rows[name].of, rows[name].after]
    return row.name in seen


def jobs(rows: list[Row]) -> Iterator[tuple[Row, int]]:
    """Every row with its first seed, then every row with its second, ..."""
    for index in range(max(len(row.seeds) for row in rows)):
        for row in rows:
            if index < len(row.seeds):
                yield row, row.seeds[index]


def row_network(row: Row, base: Path) -> UNet | None:
    """The float network of a row's first seed, or None if it is not trained yet."""
    if row.shipped:
        return start_network(row.start, base.parent)
    folder = row.folder(row.seeds[0], base)
    return load_tuned(folder)[0] if (folder / TUNED).is_file() else None
