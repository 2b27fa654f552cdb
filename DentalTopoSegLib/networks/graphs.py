"""What an .onnx file holds, told from its bytes alone: its operators, inputs and outputs. Networks of others are opened
only after they were looked at here, so that nothing runs that is not on a short list.

Format: Protocol Buffers' wire format and the field numbers of onnx.proto3 (ONNX 1.x). Only what is asked for is read;
all else is stepped over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ..errors import ModelError

#: What a converted nnU-Net consists of: convolutions, their norms, and what int8 needs. None of them reads a file,
#: loops, or calls another graph.
OPERATORS = frozenset(
    (
        "Add",
        "AveragePool",
        "Concat",
        "Conv",
        "ConvTranspose",
        "DequantizeLinear",
        "Identity",
        "InstanceNormalization",
        "LeakyRelu",
        "Mul",
        "QuantizeLinear",
        "Relu",
        "Sum",
    )
)
_MOST_BYTES = 2 << 30  # of a file: Protocol Buffers' own bound
_MOST_NODES = 20_000
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_METADATA = 14  # the model's field that holds named texts
_MOST_METADATA_BYTES = 4 << 20
_HEAD_BYTES = 20  # of a field: its key and its length, ten bytes each
_DEFAULT_DOMAINS = ("", "ai.onnx")


@dataclass
class Graph:
    """What a file holds. operators: every operator's name, "domain::name" where it is none of ONNX's own; inputs,
    outputs: name -> its sides, None where a side is free."""

    operators: set[str] = field(default_factory=set)
    inputs: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    outputs: dict[str, tuple[int | None, ...]] = field(default_factory=dict)
    nodes: int = 0
    inner_graphs: bool = False
    functions: bool = False
    files_beside: bool = False


def read_graph(content: bytes, path: Path) -> Graph:
    """What an .onnx file holds; ModelError where the bytes are no such file."""
    if len(content) > _MOST_BYTES:
        raise ModelError(
            f"The network file {path} has {len(content):,} bytes, more than any network may: it is not read."
        )
    found = Graph()
    try:
        model = memoryview(content)
        graphs = [part for number, part in _fields(model) if number == 7]
        found.functions = any(number == 25 for number, _ in _fields(model))
        if len(graphs) != 1:
            raise ValueError("no graph in it")
        _look_at_graph(_message(graphs[0]), found)
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"The network file {path} is no ONNX file, or damaged ({error}).") from error
    return found


def read_metadata(path: Path, key: str) -> str | None:
    """A text that an .onnx file holds beside its graph; the graph, which may be large, is not read.

    Parameters
    ----------
    path : Path
        The file.
    key : str
        Of the text among the file's metadata.

    Returns
    -------
    str or None
        None where there is none of this key.

    Raises
    ------
    ModelError
        For what is no .onnx file, cannot be read, or says more than a description may.
    """
    try:
        with path.open("rb") as stream:
            return _find_metadata(stream, path.stat().st_size, key)
    except OSError as error:
        raise ModelError(f"The network file {path} cannot be read ({error.strerror or error}).") from error
    except (ValueError, IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"The network file {path} is no ONNX file, or damaged ({error}).") from error


def require_known_graph(content: bytes, path: Path, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Graph:
    """Refuse a network that holds anything but the operators of `OPERATORS` between the named inputs and outputs.

    Parameters
    ----------
    content : bytes
        Of the .onnx file.
    path : Path
        For messages.
    inputs, outputs : tuple of str
        What it must take and give, nothing else.

    Raises
    ------
    ModelError
        With what was found.
    """
    graph = read_graph(content, path)
    foreign = sorted(graph.operators - OPERATORS)
    if foreign:
        raise ModelError(
            f'The network {path} uses the operator "{foreign[0][:80]}", which no converted nnU-Net has: '
            "it is not opened."
        )
    for found, what in (
        (graph.inner_graphs, "graphs inside operators"),
        (graph.functions, "functions of its own"),
        (graph.files_beside, "weights in other files"),
    ):
        if found:
            raise ModelError(f"The network {path} has {what}, which no converted nnU-Net has: it is not opened.")
    for named, wanted, what in ((graph.inputs, inputs, "takes"), (graph.outputs, outputs, "gives")):
        if tuple(named) != wanted:
            shown = ", ".join(name[:40] for name in named) or "nothing"
            raise ModelError(f"The network {path} {what} {shown} instead of {', '.join(wanted)}: it is not opened.")
    return graph


def _find_metadata(stream: BinaryIO, size: int, key: str) -> str | None:
    """The text of a key among the outermost fields; all others are stepped over."""
    found = None
    while stream.tell() < size:
        at = stream.tell()
        head = memoryview(stream.read(_HEAD_BYTES))
        field_key, used = _varint(head, 0)
        number, kind = field_key >> 3, field_key & 7
        if kind == _VARINT:
            _, used = _varint(head, used)
            length = 0
        elif kind == _BYTES:
            length, used = _varint(head, used)
        elif kind in (_FIXED64, _FIXED32):
            length = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + used + length > size:
            raise ValueError("it ends early")
        stream.seek(at + used)
        if number == _METADATA and kind == _BYTES:
            if length > _MOST_METADATA_BYTES:
                raise ValueError(f"a description of {length:,} bytes")
            entry = {place: _text(part) for place, part in _fields(memoryview(stream.read(length))) if place in (1, 2)}
            found = entry.get(2, "") if entry.get(1) == key else found
        else:
            stream.seek(length, 1)
    return found


def _look_at_graph(graph: memoryview, found: Graph) -> None:
    weights: set[str] = set()
    for number, part in _fields(graph):
        if number == 1:
            found.nodes += 1
            if found.nodes > _MOST_NODES:
                raise ValueError(f"more than {_MOST_NODES:,} operators")
            _look_at_node(_message(part), found)
        elif number == 5:
            weights.add(_look_at_weights(_message(part), found))
        elif number in (11, 12):
            name, sides = _named_shape(_message(part))
            (found.inputs if number == 11 else found.outputs)[name] = sides
        elif number == 15:  # sparse weights
            raise ValueError("sparse weights")
    for name in weights & found.inputs.keys():  # old files name their weights among the inputs as well
        del found.inputs[name]


def _look_at_node(node: memoryview, found: Graph) -> None:
    operator = domain = ""
    for number, part in _fields(node):
        if number == 4:
            operator = _text(part)
        elif number == 7:
            domain = _text(part)
        elif number == 5:
            for inner, value in _fields(_message(part)):
                if inner in (6, 11, 5, 10, 22, 23):  # graphs, or tensors and sparse tensors outside the list of weights
                    found.inner_graphs = True
                del value
    found.operators.add(operator if domain in _DEFAULT_DOMAINS else f"{domain}::{operator}")


def _look_at_weights(tensor: memoryview, found: Graph) -> str:
    name = ""
    for number, part in _fields(tensor):
        if number == 8:
            name = _text(part)
        elif number == 13 or (number == 14 and part != 0):
            found.files_beside = True
    return name


def _named_shape(value: memoryview) -> tuple[str, tuple[int | None, ...]]:
    name, sides = "", []
    for number, part in _fields(value):
        if number == 1:
            name = _text(part)
        elif number == 2:
            for kind, tensor in _fields(_message(part)):
                if kind != 1:
                    raise ValueError("an input or output that is no array")
                shapes = [shape for place, shape in _fields(_message(tensor)) if place == 2]
                for place, side in _fields(_message(shapes[-1])) if shapes else ():
                    if place == 1:
                        known = [int(n) for key, n in _fields(_message(side)) if key == 1 and isinstance(n, int)]
                        sides.append(known[-1] if known else None)
    return name, tuple(sides)


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """(number, value) of a message's fields in their order: whole numbers, or the bytes of all else."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield number, value
            continue
        if kind == _BYTES:
            size, at = _varint(message, at)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"a field of kind {kind}")
        if at + size > len(message):
            raise ValueError("it ends early")
        yield number, message[at : at + size]
        at += size


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number of more than ten bytes")


def _message(part: int | memoryview) -> memoryview:
    if isinstance(part, int):
        raise ValueError("a number where a message belongs")
    return part


def _text(part: int | memoryview) -> str:
    return bytes(_message(part)).decode("utf-8")
