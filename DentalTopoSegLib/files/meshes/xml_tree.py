"""XML as a tree, without the document types by which XML is made to explode."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from .mesh import Problem

_MAX_ELEMENTS = 100_000
_MAX_DEPTH = 100


@dataclass
class Node:
    """An element. text: what stands in it, where that was asked for, in parts."""

    tag: str
    attributes: dict[str, str]
    children: list[Node] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def all(self, tag: str) -> list[Node]:
        """Its children of a tag."""
        return [child for child in self.children if child.tag == tag]

    def one(self, tag: str) -> Node:
        """Its first child of a tag, an empty one where there is none."""
        return next(iter(self.all(tag)), Node(tag, {}))

    def below(self, tag: str) -> Iterator[Node]:
        """All elements of a tag in it, however deep, in the order of the file."""
        for child in self.children:
            if child.tag == tag:
                yield child
            yield from child.below(tag)


def parse(data: bytes, with_text: Collection[str], damaged: str) -> Node:
    """The outermost element of an XML file.

    Parameters
    ----------
    data : bytes
        The file.
    with_text : collection of str
        The tags of the elements whose text is kept.
    damaged : str
        The rest of a sentence that begins with the file's name, with {reason}.

    Raises
    ------
    Problem
        For what is no XML, is nested without end or holds a document type, and so every entity but the five of XML.
    """
    top = Node("", {})
    open_nodes, count = [top], 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if count > _MAX_ELEMENTS or len(open_nodes) > _MAX_DEPTH:
            raise Problem(damaged.format(reason="too many elements"))
        node = Node(tag, attributes)
        open_nodes[-1].children.append(node)
        open_nodes.append(node)

    def end(_tag: str) -> None:
        open_nodes.pop()

    def text(part: str) -> None:
        if open_nodes[-1].tag in with_text:
            open_nodes[-1].text.append(part)

    def refuse(*_: object) -> None:
        raise Problem("holds an XML document type, which no scan needs and which can be harmful: export it again.")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 20
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = text, refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        raise Problem(damaged.format(reason=f"XML error in line {error.lineno}")) from error
    except (LookupError, UnicodeError, ValueError) as error:  # an encoding nobody knows
        raise Problem(damaged.format(reason="its text encoding")) from error
    return top.children[0]
