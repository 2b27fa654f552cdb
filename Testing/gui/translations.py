"""Translations: `python Testing/gui/translations.py update de` brings the source's texts into a .ts file, `compile`
makes the .qm files that Slicer loads. Needs PySide6 (its lrelease).

Texts lie in Resources/Translations/DentalTopoSeg_<language>.ts, the format and the contexts being those of Slicer's own
translations: one context per Python file, one per .ui file, and `DentalTopoSegLib` for what the library says. Existing
translations are kept, new texts are marked as unfinished, texts that are gone are dropped.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

MODULE = ROOT / "DentalTopoSeg"
LIBRARY = ROOT / "DentalTopoSegLib"
SOURCES = ROOT / "Resources" / "Translations"
COMPILED = MODULE / "Resources" / "Translations"
LIBRARY_CONTEXT = "DentalTopoSegLib"
#: What a library's text is handed to, and which of the arguments are texts.
_SPEAKERS: dict[str, tuple[int | str, ...]] = {
    "Template": (0, 1, "plural"),
    "Sentence": (0, "plural"),
    "RepairRefusedError": (0,),
    "NumberTakenError": (0,),
    "SceneError": (0,),
    "Refusal": (0,),
    "NodeGoneError": (0,),
    "require_free": (1,),
    "require": (1,),
    "to_world": (1,),
    "ExportFormat": ("title", "purpose"),
    "Package": (2,),
}
#: Attributes and constants whose values are said.
_SAID = ("words", "_what", "_WHAT")


@dataclass(frozen=True, order=True)
class Message:
    """One text of one context. file: where it was first seen."""

    context: str
    source: str
    file: str = ""


def messages() -> list[Message]:
    """Every text that a user may see, each once per context."""
    return list(_messages())


@cache
def _messages() -> tuple[Message, ...]:
    """The same, read once: that takes seconds, and no source changes while this runs."""
    found: dict[tuple[str, str], Message] = {}
    for one in (*_of_module(), *_of_forms(), *_of_library()):
        if one.source:
            found.setdefault((one.context, one.source), one)
    return tuple(sorted(found.values()))


# ---------------------------------------------------------------- where texts are


def _of_module() -> Iterator[Message]:
    for path in sorted(MODULE.rglob("*.py")):
        package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
        for call in _calls(path):
            if _name(call) == "_":
                for text in _texts(call.args[0], path):
                    yield Message(f"{package}{path.stem}", text, _relative(path))


def _of_forms() -> Iterator[Message]:
    for path in sorted(MODULE.rglob("*.ui")):
        form = ElementTree.parse(path).getroot()
        context = form.findtext("class") or path.stem
        silent = set()
        for many in form.iter("stringlist"):
            if many.get("notr") != "true":
                raise ValueError(f"{_relative(path)}: the texts of a list cannot be told apart, mark it notr")
            silent |= set(many.iter("string"))
        for element in form.iter("string"):
            if element.get("notr") != "true" and element.text and element not in silent:
                yield Message(context, element.text, _relative(path))


def _of_library() -> Iterator[Message]:
    from DentalTopoSegLib import stages
    from DentalTopoSegLib.dentition import FDI_DECIDUOUS, FDI_PERMANENT, plain_name, words

    for text in (*words.BEGINNING, *words.INSIDE, words.AND, words.DECIMAL_MARK):
        yield Message(LIBRARY_CONTEXT, text, "DentalTopoSegLib/dentition/words.py")
    for text in (value for name, value in vars(stages).items() if name.isupper() and isinstance(value, str)):
        yield Message(LIBRARY_CONTEXT, text, "DentalTopoSegLib/stages.py")
    for fdi in (*FDI_PERMANENT, *FDI_DECIDUOUS):
        yield Message(LIBRARY_CONTEXT, plain_name(fdi), "DentalTopoSegLib/dentition/teeth.py")
    for path in sorted(LIBRARY.rglob("*.py")):
        for text in _said_in(path):
            if text != "{words}":  # what another version said, as it was
                yield Message(LIBRARY_CONTEXT, text, _relative(path))


def _said_in(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _is_text(node.value):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    named.setdefault(target.id, []).append(node.value)
    for call in _calls(path):
        for where in _SPEAKERS.get(_name(call), ()):
            if isinstance(where, str):
                arguments = [keyword.value for keyword in call.keywords if keyword.arg == where]
            else:
                arguments = call.args[where : where + 1]
            for argument in arguments:
                for value in named.get(getattr(argument, "id", ""), [argument]):
                    yield from _texts(value, path)
    for place in (tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))):
        for node in place.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(getattr(target, "id", "") in _SAID for target in targets):
                yield from _texts(node.value, path)


def _is_text(node: ast.expr) -> bool:
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", None) or getattr(call.func, "attr", "")


def _texts(node: ast.expr, path: Path) -> Iterator[str]:
    """The texts an argument may be; a name is a text that was made, and is found, elsewhere."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body, path)
        yield from _texts(node.orelse, path)
    elif isinstance(node, ast.Tuple):
        for element in node.elts:
            yield from _texts(element, path)
    elif not isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        raise ValueError(f"{_relative(path)}:{node.lineno}: no plain text, so nobody can translate it")


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# ---------------------------------------------------------------- .ts and .qm


def read_ts(path: Path) -> dict[tuple[str, str], str]:
    """{(context, source): translation} of what is finished."""
    found = {}
    for context in ElementTree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is not None and translation.get("type") is None and translation.text:
                found[context.findtext("name") or "", message.findtext("source") or ""] = translation.text
    return found


def write_ts(path: Path, language: str, texts: Iterable[Message], translate: Callable[[Message], str | None]) -> None:
    """Write the texts with what `translate` says of each; None: unfinished."""
    root = ElementTree.Element("TS", version="2.1", language=language, sourcelanguage="en_US")
    contexts: dict[str, ElementTree.Element] = {}
    for one in texts:
        if one.context not in contexts:
            contexts[one.context] = ElementTree.SubElement(root, "context")
            ElementTree.SubElement(contexts[one.context], "name").text = one.context
        message = ElementTree.SubElement(contexts[one.context], "message")
        ElementTree.SubElement(message, "location", filename=f"../../{one.file}")
        ElementTree.SubElement(message, "source").text = one.source
        said = translate(one)
        translation = ElementTree.SubElement(message, "translation", {} if said else {"type": "unfinished"})
        translation.text = said or ""
    ElementTree.indent(root, "    ")
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    text = text.replace("></location>", "/>")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{text}\n', encoding="utf-8")


def compile_ts(path: Path, folder: Path = COMPILED) -> Path:
    """The .qm file of a .ts file, unfinished texts left out."""
    import PySide6

    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{path.stem}.qm"
    program = Path(PySide6.__file__).parent / "lrelease"
    subprocess.run([str(program), "-silent", "-nounfinished", str(path), "-qm", str(made)], check=True)
    return made


def untranslated(path: Path) -> list[Message]:
    """The texts that a .ts file has no translation of: Slicer shows them in English."""
    known = read_ts(path)
    return [one for one in messages() if (one.context, one.source) not in known]


def update(language: str) -> Path:
    """Bring a language's .ts file up to the source."""
    path = SOURCES / f"DentalTopoSeg_{language}.ts"
    known = read_ts(path) if path.is_file() else {}
    write_ts(path, language, messages(), lambda one: known.get((one.context, one.source)))
    return path


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("act", choices=("update", "compile"))
    parser.add_argument("language", nargs="*", help="de, fr ...; all that there are by default")
    arguments = parser.parse_args(argv)
    there = sorted(path.stem.removeprefix("DentalTopoSeg_") for path in SOURCES.glob("DentalTopoSeg_*.ts"))
    for language in arguments.language or there:
        path = update(language) if arguments.act == "update" else SOURCES / f"DentalTopoSeg_{language}.ts"
        print(compile_ts(path) if arguments.act == "compile" else path)
        for one in untranslated(path):
            print(f"  not translated: {one.context}: {one.source}")


if __name__ == "__main__":
    main()
