"""Ways to damage a file, blind and with knowledge of its format; the same random numbers give the same damage."""

from __future__ import annotations

import functools
import gzip
import json
import random
import re
import struct
import zlib
from collections.abc import Callable

#: What a number, a word or a value of a file may turn into.
ODD_WORDS = (
    b"0", b"-1", b"-3", b"1", b"3", b"100", b"255", b"65536", b"99999999", b"2147483647", b"2147483648", b"4294967295",
    b"-2147483649", b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"1e400", b"-1e400",
    b"1e-400", b"1e38", b"nan", b"inf", b"-inf", b"0.5", b"0,5", b"0x10", b"1_0", b"", b" ", b"abc", b"None", b"true",
    b"LOCAL", b"/dev/zero", b"../../outside", b"a/b", b"%s", b"\xc3\xa9", b"\xff\xfe", b"\xd9\xa3", b"\0", b"\n",
    b"\r", b"\t", b'"', b"<", b"{", b"(", b"1 2", b"1\\2", b"x" * 5000, b"9" * 5000,
)  # fmt: skip
_ODD_INTEGERS = (0, 1, -1, 2, -3, 7, 100, 255, 256, 32767, 32768, 65535, 99999999, 2**31 - 1, 2**31, 2**32 - 1)
_ODD_INTEGERS += (2**33, 2**62, 2**63 - 1, 2**63)
_ODD_FLOATS = (0.0, -1.0, 1e-30, 1e30, 1e308, float("nan"), float("inf"), float("-inf"), 5e-324, 352.5)
_ODD_VALUES = (
    None, True, False, 0, -1, 2**31, 2**63, 10**400, 0.5, 1e308, float("nan"), float("inf"), "", "abc", "16",
    "../../up", "/elsewhere", "é", "\ud800", "\0", "=1+1", "<script>", "x" * 5000, [], [[]], {}, {"": 1},
    [1, "a", None],
)  # fmt: skip
_WORD = re.compile(rb"[^\s\"'<>=:{},]+")
_HEAD_BYTES = 2048
_MEMBER_BYTES = 64 << 20
#: What a damaged file is made from, and may become, stays this small, as it is made in the parent of all trials.
_PLAIN_BYTES = 1 << 20

Mutation = Callable[[random.Random, bytes, "list[bytes]"], bytes]


# ---------------------------------------------------------------- any bytes


def _place(rng: random.Random, content: bytes) -> int:
    """A place in the content, every second time near its beginning, where headers are."""
    return rng.randrange(max(1, min(len(content), 400) if rng.random() < 0.5 else len(content)))


def flip(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    damaged = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        if damaged:
            damaged[_place(rng, content)] ^= rng.choice((1, 0x80, rng.randrange(1, 256)))
    return bytes(damaged)


def cut(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    return content[: _place(rng, content)]


def insert(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    at = _place(rng, content)
    what = rng.choice((rng.choice(ODD_WORDS), rng.randbytes(rng.choice((1, 4, 100))), b"\0" * 512))
    return content[:at] + what + content[at:]


def drop(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    at = _place(rng, content)
    return content[:at] + content[at + rng.choice((1, 2, 4, 30, 300)) :]


def repeat(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    at, size = _place(rng, content), rng.choice((1, 8, 64, 500))
    return content[:at] + content[at : at + size] * rng.choice((2, 3, 200)) + content[at + size :]


def splice(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    other = rng.choice(others)
    return content[: _place(rng, content)] + other[_place(rng, other) :]


# ---------------------------------------------------------------- with knowledge of the format


def word(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """One word or number of a text, mostly of its header, becomes an odd one."""
    head = content if rng.random() < 0.2 else content[:_HEAD_BYTES]
    words = list(_WORD.finditer(head[: 1 << 16]))
    if rng.random() < 0.7:
        words = [match for match in words if re.search(rb"\d", match[0])] or words
    if not words:
        return insert(rng, content, others)
    match = rng.choice(words)
    return content[: match.start()] + rng.choice(ODD_WORDS) + content[match.end() :]


def line(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """A line of a text goes, comes twice, moves, or loses its value."""
    lines = content[:_HEAD_BYTES].split(b"\n")
    at = rng.randrange(len(lines))
    match rng.randrange(5):
        case 0:
            del lines[at]
        case 1:
            lines.insert(at, lines[at])
        case 2:
            lines.insert(rng.randrange(len(lines)), lines.pop(at))
        case 3:
            lines[at] = re.sub(rb"([:=]+ *|\s+).*", rb"\1", lines[at])
        case 4:
            lines[at] = lines[at] + b" " + rng.choice(ODD_WORDS)
    return b"\n".join(lines) + content[_HEAD_BYTES:]


def number(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """A binary number of the first bytes becomes an odd one, in either byte order."""
    order, kind = rng.choice("<<<>"), rng.choice("bhhiiqfd")
    size = struct.calcsize(kind)
    at = size * rng.randrange(max(1, min(len(content), 360) // size))
    if kind in "fd":
        value = struct.pack(order + "d", rng.choice(_ODD_FLOATS))
        if kind == "f":
            single = struct.unpack(order + "d", value)[0]
            value = struct.pack(order + "f", single if abs(single) < 1e38 or single != single else float("inf"))
    else:
        value = (rng.choice(_ODD_INTEGERS) % (1 << 8 * size)).to_bytes(size, "little" if order == "<" else "big")
    return content[:at] + value + content[at + size :]


@functools.cache
def _bomb(kind: str) -> bytes:
    """Some MB that decompress to 3 GB of zeros."""
    if kind == "gzip":
        return gzip.compress(bytes(_MEMBER_BYTES), 6, mtime=0) * 48
    packer = zlib.compressobj(6)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    part = packer.compress(bytes(_MEMBER_BYTES)) + packer.flush(zlib.Z_FULL_FLUSH)
    return start + part * 48


def _unpack(content: bytes) -> bytes:
    """One member, and a small one: else `zlib.error`, as for what is damaged."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS + 16)
    plain = unpacker.decompress(content, _PLAIN_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise zlib.error("more than one small member")
    return plain


def inside_gzip(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Damage under the compression; sometimes all of it becomes far too much."""
    plain = _unpack(content)
    if rng.random() < 0.03:
        return gzip.compress(plain, 1, mtime=0) + _bomb("gzip")
    return gzip.compress(rng.choice((number, number, flip, cut, insert))(rng, plain, [plain]), 1, mtime=0)


def payload(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """What follows a text header becomes far too much, or nothing, or noise."""
    end = max(content.find(b"\n\n") + 2, content.find(b"LOCAL\n") + 6)
    if end < 6:
        return flip(rng, content, others)
    if rng.random() < 0.1:
        return content[:end] + _bomb("gzip" if b"gz" in content[:end] else "zlib")
    return content[:end] + rng.choice((b"", rng.randbytes(50), content[end:] * 3, zlib.compress(bytes(10**6))))


# ---------------------------------------------------------------- XML


def xml(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """Entities that explode or look outside, elements without end, attributes that come twice."""
    body = re.sub(rb"^<\?xml[^>]*>", b"", content)
    laughs = b"".join(b'<!ENTITY a%d "%s">' % (i, b"&a%d;" % (i - 1) * 10 if i else b"ha" * 99) for i in range(10))
    match rng.randrange(5):
        case 0:
            return b"<!DOCTYPE VTKFile [" + laughs + b"]>" + body.replace(b"<Piece", b"&a9;<Piece", 1)
        case 1:
            outside = b'<!DOCTYPE VTKFile [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
            return outside + body.replace(b"<Piece", b"&x;<Piece", 1)
        case 2:
            return body.replace(b"<Piece", rng.choice((b"<a>" * 200_000, b"<Piece>" * 300, b"<a/>" * 300_000)), 1)
        case 3:
            return b'<?xml version="1.0" encoding="%s"?>' % rng.choice((b"utf-16", b"utf-7", b"hex", b"idna")) + body
        case _:
            attributes = list(re.finditer(rb'(\w+)="([^"]*)"', body))
            if not attributes:  # damaged already
                return flip(rng, content, others)
            match = rng.choice(attributes)
            odd = rng.choice(ODD_WORDS[:-20])
            return body[: match.start(2)] + odd + body[match.end(2) :]


# ---------------------------------------------------------------- JSON


def value(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """A value of a JSON text becomes an odd one, goes, or comes twice."""
    try:
        tree = json.loads(content)
    except (ValueError, RecursionError):  # damaged already
        return flip(rng, content, others)
    places: list[tuple[dict | list, str | int]] = []

    def walk(node: object) -> None:
        keys = node if isinstance(node, dict) else range(min(len(node), 5)) if isinstance(node, list) else ()
        for key in keys:
            places.append((node, key))
            walk(node[key])

    walk(tree)
    if not places or rng.random() < 0.03:
        return rng.choice((b"[" * 100_000, b"{}", b"[]", b"null", b"1", b"", b'{"a":' * 5000, b"\xef\xbb\xbf{}"))
    for _ in range(rng.choice((1, 1, 1, 3))):
        node, key = rng.choice(places)
        try:
            match rng.randrange(6):
                case 0:
                    del node[key]
                case 1:
                    node[key] = [node[key]] * rng.choice((1, 2, 1000))
                case 2 if isinstance(node, dict):
                    node[rng.choice(("", "é", "../x", "x" * 3000, "16"))] = node.pop(key)
                case 3:
                    node[key] = rng.choice(places)[0]
                case _:
                    node[key] = rng.choice(_ODD_VALUES)
        except (KeyError, IndexError):
            continue
    parts, size = [], 0
    try:
        for part in json.JSONEncoder(ensure_ascii=rng.random() < 0.5).iterencode(tree):
            parts.append(part)
            size += len(part)
            if size > _PLAIN_BYTES:
                return content
    except (ValueError, RecursionError):  # it holds itself now
        return content
    return "".join(parts).encode("utf-8", "surrogatepass")


# ---------------------------------------------------------------- DICOM

_LONG = (b"OB", b"OW", b"OF", b"OD", b"OL", b"SQ", b"UC", b"UR", b"UT", b"UN")
_ODD_VR = (b"??", b"\0\0", b"UN", b"SQ", b"DS", b"IS", b"FD", b"US", b"PN", b"OB", b"zz", b"AT")


def elements(content: bytes) -> list[tuple[int, int, int]]:
    """(start, start of the value, end) of every element of a little-endian file with explicit types; sequences also
    from inside."""
    found, at = [], 132
    while at + 8 <= len(content):
        if content[at : at + 2] == b"\xfe\xff":  # an item: its elements follow
            at += 8
            continue
        long = content[at + 4 : at + 6] in _LONG
        begin = at + (12 if long else 8)
        size = int.from_bytes(content[at + 8 : at + 12] if long else content[at + 6 : at + 8], "little")
        if content[at + 4 : at + 6] == b"SQ":
            found.append((at, begin, begin))
            at = begin
            continue
        end = begin + size
        if end > len(content):
            break
        found.append((at, begin, end))
        at = end
    return found


def element(rng: random.Random, content: bytes, others: list[bytes]) -> bytes:
    """An element of a DICOM file gets an odd value, type or length, goes, or comes twice."""
    found = elements(content)
    if not found:
        return flip(rng, content, others)
    at, begin, end = rng.choice(found if rng.random() < 0.7 else found[4:] or found)
    head = content[at:begin]
    match rng.randrange(8):
        case 0:
            return content[:at] + content[end:]
        case 1:
            return content[:end] + content[at:end] * rng.choice((1, 50)) + content[end:]
        case 2:
            return content[: at + 4] + rng.choice(_ODD_VR) + content[at + 6 :]
        case 3:
            size = (begin - at == 12 and 4) or 2
            odd = (rng.choice(_ODD_INTEGERS) % (1 << 8 * size)).to_bytes(size, "little")
            return content[: begin - size] + odd + content[begin:]
        case 4 if len(head) == 8 and head[4:6] in (b"US", b"UL", b"SS", b"SL", b"FL", b"FD"):
            size = end - begin
            if head[4:6] == b"FD":
                new = struct.pack("<d", rng.choice(_ODD_FLOATS))
            elif head[4:6] == b"FL":
                new = struct.pack("<f", rng.choice((0.0, -1.0, float("nan"), float("inf"))))
            else:
                new = (rng.choice(_ODD_INTEGERS) % (1 << 8 * max(size, 1))).to_bytes(max(size, 1), "little")
            return _with_value(content, at, begin, end, new)
        case _:
            words = content[begin:end].split(b"\\") if end - begin < 500 else [b""]
            odd = rng.choice(ODD_WORDS[:-2] if len(head) == 8 else ODD_WORDS)
            if rng.random() < 0.5:
                words[rng.randrange(len(words))] = odd
            else:
                words = rng.choice(([odd], words * 3, words[:-1], [*words, odd]))
            return _with_value(content, at, begin, end, b"\\".join(words))


def _with_value(content: bytes, at: int, begin: int, end: int, new: bytes) -> bytes:
    new += b" " * (len(new) % 2)
    length = len(new).to_bytes(4, "little") if begin - at == 12 else (len(new) % 65536).to_bytes(2, "little")
    return content[: begin - len(length)] + length + new + content[end:]


# ---------------------------------------------------------------- all

BLIND: tuple[Mutation, ...] = (flip, cut, insert, drop, repeat, splice)
AWARE: dict[str, tuple[Mutation, ...]] = {
    "text": (word, word, word, line, payload),
    "binary": (number,),
    "gzip": (inside_gzip,),
    "lines": (word, word, line),
    "header and numbers": (word, word, line, number),
    "xml": (word, xml, xml),
    "json": (value,),
    "dicom": (element,),
}


def mutate(rng: random.Random, content: bytes, kind: str, others: list[bytes]) -> bytes:
    """The content with one to three damages, three of four by a way that knows the format.

    kind: a key of `AWARE`. others: contents to splice with.
    """
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change = rng.choice(AWARE[kind] if rng.random() < 0.75 else BLIND)
        try:
            content = change(rng, content, others)
        except zlib.error:  # damaged already
            content = flip(rng, content, others)
    return content
