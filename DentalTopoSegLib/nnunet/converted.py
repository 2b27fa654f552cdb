"""A folder with a converted nnU-Net: what it says of itself, and whether it is what it says. Nothing of it is run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..dentition.label_names import Labels
from ..errors import InputError, ModelError
from ..files.json_text import parse_json
from ..files.names import one_line
from ..files.regular_files import require_regular_file
from ..networks.graphs import Graph, read_metadata, require_known_graph
from ..networks.models import METADATA_KEY, list_models
from ..networks.tasks import TASKS
from .description import Description

TASK = "nnunet"
#: Of a network that takes teeth apart and is to stand beside one that numbers them (`joining`).
PARTS_TASK = "nnunet-parts"
INPUT, OUTPUT = "image", "logits"
#: Of a card's text.
MOST_CARD_BYTES = 256 << 10
NOT_STATED = "not stated by its authors"


@dataclass(frozen=True)
class Card:
    """What a person should know of a network before she uses it.

    Parameters
    ----------
    name : str
        By which it is chosen.
    trained_on : str
        What its authors say of it and of its data.
    licence : str
        Its terms, in a line.
    reference : str
        The paper or page that its authors name; empty where they name none.
    teeth : tuple of int
        FDI numbers of the teeth that it numbers.
    structures : tuple of str
        What else it finds, by its own names.
    spacing_mm : tuple of float
        The grid it works on, mm.
    precisions : tuple of str
        Which arithmetic there is, of "int8" and "fp32".
    size_bytes : int
        Of its files, all together.
    text : str
        The whole card, Markdown; empty where there is none.
    """

    name: str
    trained_on: str
    licence: str
    reference: str
    teeth: tuple[int, ...]
    structures: tuple[str, ...]
    spacing_mm: tuple[float, ...]
    precisions: tuple[str, ...]
    size_bytes: int
    text: str = ""


def entries_of(folder: Path) -> list[dict[str, Any]]:
    """The entries of the one network that a folder holds.

    Raises
    ------
    ModelError
        For no list, a damaged one, one of other networks, or of several.
    """
    entries = list_models(folder)
    other = next((entry["task"] for entry in entries if entry["task"] != TASK), None)
    if other is not None:
        raise ModelError(
            f"'{folder}' holds a network for {one_line(other)}, no converted nnU-Net: give the folder that "
            "'python -m training quantize-nnunet' wrote."
        )
    names = sorted({entry["id"] for entry in entries})
    kinds = [entry["precision"] for entry in entries]
    if len(names) != 1 or len(set(kinds)) < len(kinds):
        shown = ", ".join(names) or "none"
        raise ModelError(
            f"'{folder}' must hold one network, in int8, fp32 or both, but lists {shown}: convert each network into "
            "a folder of its own."
        )
    return entries


def read_card(folder: Path) -> Card:
    """The card of a network that was checked when it was added; only its descriptions are read.

    Raises
    ------
    ModelError
        For what is missing, damaged or beyond a bound.
    """
    entries = entries_of(folder)
    return _card(folder, entries, [_metadata(folder / entry["file"]) for entry in entries])


def check_converted(folder: Path) -> Card:
    """Look at a converted network before it is trusted: checksums, operators, inputs and outputs, description.

    Parameters
    ----------
    folder : Path
        Holds models.json and the files that it names.

    Returns
    -------
    Card
        What it says of itself.

    Raises
    ------
    ModelError
        For the first thing that is missing, altered, unknown or beyond a bound.
    """
    entries = entries_of(folder)
    described = []
    for entry in entries:
        path = folder / entry["file"]
        content = _content(path)
        digest = hashlib.sha256(content).hexdigest()
        if digest != entry["sha256"].lower():
            raise ModelError(
                f"The network file {path} is damaged or was altered (its SHA-256 is {digest[:12]}..., expected "
                f"{entry['sha256'][:12]}...): get it again from where it comes."
            )
        graph = require_known_graph(content, path, (INPUT,), (OUTPUT,))
        metadata = _metadata(path)
        require_fitting(Description.of(metadata, f"The network {path}"), graph, path)
        described.append(metadata)
    return _card(folder, entries, described)


def require_fitting(description: Description, graph: Graph, path: Path) -> None:
    """Refuse a network whose graph takes or gives other shapes than its description says, or several channels.

    Raises
    ------
    ModelError
        With both.
    """
    if len(description.channels) > 1:
        raise ModelError(f"The network {path} takes {len(description.channels)} channels; only one scan can be given.")
    for said, sides, channels in (
        (INPUT, graph.inputs[INPUT], len(description.channels)),
        (OUTPUT, graph.outputs[OUTPUT], description.heads),
    ):
        if sides != (1, channels, *description.patch):
            raise ModelError(
                f"The network {path} has {said} of {sides}, but its description says "
                f"{(1, channels, *description.patch)}: convert it again."
            )


def _content(path: Path) -> bytes:
    try:
        require_regular_file(path, "the network's file")
        return path.read_bytes()
    except InputError as error:
        raise ModelError(str(error)) from error
    except OSError as error:
        raise ModelError(f"The network file {path} cannot be read ({error.strerror or error}).") from error


def _metadata(path: Path) -> dict[str, Any]:
    """What a network's file says of itself, checked as far as the card needs it."""
    text = read_metadata(path, METADATA_KEY)
    if text is None:
        raise ModelError(f"The network {path} has no description of itself ({METADATA_KEY} in its metadata).")
    said = f"The description inside the network {path}"
    metadata = parse_json(text, said, refusal=ModelError)
    if not isinstance(metadata, dict):
        raise ModelError(f"{said} is no list of named values.")
    missing = TASKS[TASK].missing(metadata)
    if missing:
        raise ModelError(f"{said} lacks {', '.join(missing)}.")
    if metadata["task"] != TASK:
        raise ModelError(f"The network {path} is for {one_line(repr(metadata['task']))}, but models.json says {TASK}.")
    return metadata


def _card(folder: Path, entries: list[dict[str, Any]], described: list[dict[str, Any]]) -> Card:
    descriptions = [
        Description.of(metadata, f"The network {folder / entry['file']}")
        for entry, metadata in zip(entries, described, strict=True)
    ]
    if any(one.names != descriptions[0].names for one in descriptions):
        raise ModelError(f"The networks of '{folder}' do not find the same structures: convert the network again.")
    meaning = Labels.of(descriptions[0].names)
    source = described[0].get("source")
    source = source if isinstance(source, Mapping) else {}
    size = sum((folder / entry["file"]).stat().st_size for entry in entries)
    return Card(
        name=entries[0]["id"],
        trained_on=_trained_on(source),
        licence=one_line_of(entries[0].get("license"), 500) or NOT_STATED,
        reference=one_line_of(source.get("reference"), 500),
        teeth=tuple(sorted(meaning.teeth.values())),
        structures=tuple(structure.name for structure in meaning.structures),
        spacing_mm=descriptions[0].spacing,
        precisions=tuple(sorted(entry["precision"] for entry in entries)),
        size_bytes=size,
        text=_text(folder, entries),
    )


def _trained_on(source: Mapping[str, Any]) -> str:
    """What the authors say of their data: the description with the data set's name and its number of scans."""
    about, name = one_line_of(source.get("description"), 500), one_line_of(source.get("name"), 200)
    count = source.get("numTraining")
    scans = f"{count} scans" if str(count).isdecimal() else ""
    beside = ", ".join(filter(None, (name, scans))) if about else scans
    text = about or name
    return f"{text} ({beside})" if text and beside else text or NOT_STATED


def one_line_of(value: object, most: int) -> str:
    """A text out of a file on one line, at most so many characters; empty for what is no text."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(folder: Path, entries: list[dict[str, Any]]) -> str:
    name = next((entry["card"] for entry in entries if entry.get("card")), None)
    if name is None:
        return ""
    path = folder / name
    content = _content(path)
    if len(content) > MOST_CARD_BYTES:
        raise ModelError(f"The card {path} has {len(content):,} bytes, more than {MOST_CARD_BYTES:,}: it is not read.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(f"The card {path} is no text (byte {error.start} is no UTF-8).") from error
