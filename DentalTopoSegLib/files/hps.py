"""3Shape's mesh files (.dcm), which share nothing with DICOM but the suffix: told by their content.

Their format is called HPS (Packed Scan Standard): XML whose outermost element is <HPS>, with the mesh inside in base64.
"""

from __future__ import annotations

import codecs
import os
import re
from pathlib import Path

#: So much of a file tells whether it is one.
LOOK_BYTES = 1 << 12
#: A declaration, comments and a document type may stand before the outermost element. Bounded, as a search for an end
#: that never comes would begin anew at every beginning.
_BEGINNING = re.compile(
    r"\s{0,99}(<\?xml\b[^<>]{0,999}\?>)?(\s{0,99}<!--(?:(?!-->).){0,999}-->){0,9}\s{0,99}"
    r"(<!DOCTYPE\s{1,99}HPS\b|<HPS[\s/>])",
    re.DOTALL,
)
_ENCODINGS = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


def is_hps(head: bytes) -> bool:
    """Whether a file that begins so is a mesh of 3Shape's, whatever its suffix says.

    Parameters
    ----------
    head : bytes
        The first `LOOK_BYTES` of the file, or more.
    """
    head = head[:LOOK_BYTES].removeprefix(codecs.BOM_UTF8)
    encoding = next((name for mark, name in _ENCODINGS if head.startswith(mark)), None)
    text = head[2:].decode(encoding, "replace") if encoding else head.decode("latin-1")
    return _BEGINNING.match(text) is not None


def is_hps_file(path: str | os.PathLike[str]) -> bool:
    """Whether a file is a mesh of 3Shape's; False for what is no file or cannot be read."""
    if not os.path.isfile(path):
        return False  # pipes and devices would wait for ever
    try:
        with Path(path).open("rb") as stream:
            return is_hps(stream.read(LOOK_BYTES))
    except OSError:
        return False
