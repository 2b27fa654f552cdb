"""slicer.i18n: texts in the language of the application, the context being the source file, as in Slicer."""

from __future__ import annotations

import inspect
from pathlib import Path

import slicer


def tr(text: str) -> str:
    path = Path(inspect.currentframe().f_back.f_code.co_filename)
    package = f"{path.parent.name}." if (path.parent / "__init__.py").is_file() else ""
    return translate(f"{package}{path.stem}", text)


def translate(context: str, text: str) -> str:
    return slicer.app.translate(context, text)
