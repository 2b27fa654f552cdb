"""What imports what in a package, read from its sources: imports inside functions and for type checkers count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Arrows = dict[str, set[str]]


def modules_of(package: Path) -> dict[str, Path]:
    """{dotted name: file} of every module in a package folder; a package's own name is its `__init__`."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        parts = (package.name, *path.relative_to(package).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def arrows_of(package: Path) -> Arrows:
    """{module: the modules of the same package that it imports}.

    `from room import name` is an arrow to `room.name` where that is a module, else to `room`.
    """
    modules = modules_of(package)
    return {name: set(_imported(name, path, modules)) - {name} for name, path in modules.items()}


def _imported(name: str, path: Path, modules: Mapping[str, Path]) -> Iterator[str]:
    parts = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom):
            base = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                if inner in modules:
                    yield inner
                elif source in modules:
                    yield source


def circles_in(arrows: Arrows) -> list[list[str]]:
    """Groups of modules that import each other in a loop (strongly connected components; Tarjan 1972)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(arrows.get(module, ())):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            group = stack[stack.index(module) :]
            del stack[stack.index(module) :]
            if len(group) > 1:
                found.append(sorted(group))

    for module in sorted(arrows):
        if module not in index:
            visit(module)
    return found


def upward_arrows(arrows: Arrows, rooms: Sequence[str]) -> list[str]:
    """ "a -> b" for every import from a lower room to a higher one.

    rooms: names below the package, from the bottom up; of nested rooms ("checks", "checks.repair") the longest name
    that fits a module is its room.
    """
    height = {room: i for i, room in enumerate(rooms)}
    return [
        f"{module} -> {other}"
        for module in sorted(arrows)
        for other in sorted(arrows[module])
        if height[room_of(module, rooms)] < height[room_of(other, rooms)]
    ]


def room_of(module: str, rooms: Sequence[str]) -> str:
    """The room a module lies in. KeyError for one that lies in none."""
    inner = module.partition(".")[2]
    fitting = [room for room in rooms if inner == room or inner.startswith(f"{room}.")]
    if not fitting:
        raise KeyError(f"{module} lies in no room: put it into one, or name its room in the list")
    return max(fitting, key=len)
