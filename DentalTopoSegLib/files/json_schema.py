"""Values out of JSON against their JSON Schema, refused in words that name the place and the bound.

The schemas are of draft-07, for every program to use; this reads them itself, because a library for it resolves
references over the network where it can, takes 16.0 for a whole number, and speaks to programmers. Here the titles are
the words: of a value that does not fit is said that it is "not" the title. Only these keywords are known: type, enum,
const, minimum, maximum, exclusiveMinimum, maxLength, pattern, items, minItems, maxItems, uniqueItems, properties,
required, additionalProperties, propertyNames, maxProperties, allOf, if, then, else, and $ref to a definition.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import DentalTopoSegError, InputError
from .json_text import place_text
from .names import shown

_Definition = Mapping[str, Any]
_REMARKS = frozenset(("$schema", "title", "description", "definitions", "then", "else"))


def require_schema(
    values: Any, schema: Path, said: str, *, part: str = "", refusal: type[DentalTopoSegError] = InputError
) -> None:
    """Refuse values that a schema does not allow.

    Parameters
    ----------
    values : object
        Of `json_text.read_json` or `parse_json`, which bound their depth.
    schema : Path
        Its file.
    said : str
        Where the values stand, as the subject of the refusal: "'x_report.json'".
    part : str
        The name of a definition in the schema, where the values are not the whole.
    refusal : type
        What is raised.

    Raises
    ------
    InputError
        Or `refusal`: the first place that does not fit and what belongs there: "'x_report.json' is damaged:
        teeth[3].fdi is 'abc', not a tooth number (FDI)."
    """
    whole = _read(schema)
    problem = next(_Judge(whole).problems("", values, whole["definitions"][part] if part else whole), None)
    if problem is not None:
        raise refusal(f"{said} is damaged: {problem}.")


@lru_cache(maxsize=8)
def _read(schema: Path) -> dict[str, Any]:
    return json.loads(schema.read_text(encoding="utf-8"))


class _Judge:
    """What is wrong with values, one problem after the other, with the definitions of a whole schema."""

    def __init__(self, whole: _Definition) -> None:
        self.whole = whole

    def problems(self, place: str, value: Any, definition: _Definition) -> Iterator[str]:
        reference = definition.get("$ref")
        if reference is not None:
            definition = self.whole["definitions"][reference.removeprefix("#/definitions/")]
        for keyword, bound in definition.items():
            if keyword in _REMARKS:
                continue
            if keyword in _BOUNDS:
                kinds, breaks = _BOUNDS[keyword]
                if isinstance(value, kinds):
                    problem = breaks(value, bound)
                    if problem is not None:
                        yield f"{place_text(place)} {problem or _is_not(value, definition)}"
                continue
            yield from getattr(self, _INSIDE[keyword])(place, value, bound, definition)

    def fits(self, value: Any, definition: _Definition) -> bool:
        return next(self.problems("", value, definition), None) is None

    def properties(self, place: str, value: Any, bound: _Definition, _: _Definition) -> Iterator[str]:
        for key, inner in bound.items() if isinstance(value, dict) else ():
            if key in value:
                yield from self.problems(f"{place}.{key}", value[key], inner)

    def others(self, place: str, value: Any, bound: _Definition | bool, definition: _Definition) -> Iterator[str]:
        known = definition.get("properties", {})
        for key in [key for key in value if key not in known] if isinstance(value, dict) else ():
            if isinstance(bound, Mapping):
                yield from self.problems(f"{place}.{key}", value[key], bound)
            elif not bound:
                yield f"{place_text(f'{place}.{key}')} is nothing that is known here"

    def keys(self, place: str, value: Any, bound: _Definition, _: _Definition) -> Iterator[str]:
        for key in value if isinstance(value, dict) else ():
            if not self.fits(key, bound):
                yield f"{place_text(place)} speaks of {shown(key)}, not of {_title(bound)}"

    def required(self, place: str, value: Any, bound: Iterable[str], _: _Definition) -> Iterator[str]:
        for key in bound if isinstance(value, dict) else ():
            if key not in value:
                yield f"{place_text(f'{place}.{key}')} is missing"

    def items(self, place: str, value: Any, bound: _Definition, _: _Definition) -> Iterator[str]:
        for i, one in enumerate(value) if isinstance(value, list) else ():
            yield from self.problems(f"{place}[{i}]", one, bound)

    def every(self, place: str, value: Any, bound: Iterable[_Definition], _: _Definition) -> Iterator[str]:
        for one in bound:
            yield from self.problems(place, value, one)

    def either(self, place: str, value: Any, bound: _Definition, definition: _Definition) -> Iterator[str]:
        yield from self.problems(place, value, definition.get("then" if self.fits(value, bound) else "else", {}))


_INSIDE = {
    "properties": "properties",
    "additionalProperties": "others",
    "propertyNames": "keys",
    "required": "required",
    "items": "items",
    "allOf": "every",
    "if": "either",
}


# ---------------------------------------------------------------- how one value breaks a bound; "": it is not the title

_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "null": (type(None),),
    "integer": (int,),
    "number": (int, float),
}
_NUMBER = (int, float)


def _type(value: Any, bound: str | list[str]) -> str | None:
    kinds = [bound] if isinstance(bound, str) else bound
    if isinstance(value, bool):  # to Python also a number
        return None if "boolean" in kinds else ""
    return None if any(isinstance(value, _KINDS[kind]) for kind in kinds) else ""


def _enum(value: Any, bound: list[Any]) -> str | None:
    return None if any(type(one) is type(value) and one == value for one in bound) else ""


def _length(noun: str) -> Callable[[Any, int], str | None]:
    return lambda value, bound: None if len(value) <= bound else f"has {len(value):,} {noun}, more than {bound:,}"


def _at_least(value: list[Any], bound: int) -> str | None:
    return None if len(value) >= bound else f"has {len(value)} entries, fewer than {bound}"


def _unique(value: list[Any], bound: bool) -> str | None:
    texts = [json.dumps(one, sort_keys=True) for one in value] if bound else []
    return None if len(set(texts)) == len(texts) else "says one thing twice"


_BOUNDS: dict[str, tuple[tuple[type, ...], Callable[[Any, Any], str | None]]] = {
    "type": ((object,), _type),
    "enum": ((object,), _enum),
    "const": ((object,), lambda value, bound: _enum(value, [bound])),
    "minimum": (_NUMBER, lambda value, bound: None if value >= bound else ""),
    "maximum": (_NUMBER, lambda value, bound: None if value <= bound else ""),
    "exclusiveMinimum": (_NUMBER, lambda value, bound: None if value > bound else ""),
    "maxLength": ((str,), _length("characters")),
    "pattern": ((str,), lambda value, bound: None if re.search(bound, value) else ""),
    "minItems": ((list,), _at_least),
    "maxItems": ((list,), _length("entries")),
    "uniqueItems": ((list,), _unique),
    "maxProperties": ((dict,), _length("entries")),
}


def _is_not(value: Any, definition: _Definition) -> str:
    if isinstance(value, (dict, list)):
        text = f"{'an object' if isinstance(value, dict) else 'a list'} of {len(value)}"
    else:
        text = shown(value) if isinstance(value, str) else json.dumps(value)
    return f"is {text}, not {_title(definition)}"


def _title(definition: _Definition) -> str:
    return definition.get("title", "what belongs here")
