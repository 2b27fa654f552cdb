"""What a page carries with it: looks, behaviour and the 3D viewer, and the policy that lets nothing else run."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from typing import Any

from ..networks.resources import resources_dir

THREE_VERSION = "0.187.0"


def asset(name: str) -> str:
    """The text of a file in Resources/Report."""
    return (resources_dir() / "Report" / name).read_text(encoding="utf-8")


def content_policy(style: str, scripts: Iterable[str]) -> str:
    """The Content Security Policy of a page with one style and these scripts: they alone count, pictures lie in the
    page, nothing is ever asked of a network (CSP level 3, www.w3.org/TR/CSP3)."""
    allowed = " ".join(map(_hash, scripts)) or "'none'"
    return (
        f"default-src 'none'; img-src data:; style-src {_hash(style)}; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"


def json_in_page(value: Any) -> str:
    """JSON that cannot end the element it stands in, whatever texts it holds."""
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
