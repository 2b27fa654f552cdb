"""Networks of others: which were added, and adding and removing one."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .command import Call, Command

if TYPE_CHECKING:
    from ..nnunet.installed import Card, Installed

_LIST, _ADD, _SHOW, _REMOVE = "list", "add", "show", "remove"


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=(_ADD, _LIST, _SHOW, _REMOVE),
        help="add one, once its licence is accepted; list those that were added; show the card of one; remove one",
    )
    parser.add_argument(
        "network",
        nargs="?",
        metavar="NETWORK",
        help="to add: the folder or zip of a converted nnU-Net (docs/nnunet.md); to show or remove: its name",
    )
    parser.add_argument(
        "--accept-licence", action="store_true", help="to add: you have read the licence that its card names, and agree"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where added networks lie (default: $DENTALTOPOSEG_NETWORKS, else a folder for your own data)",
    )


def _run(call: Call) -> dict[str, Any]:
    from ..nnunet.installed import networks_folder

    given = call.arguments
    if given.action == _LIST and given.network is not None:
        raise UsageError("'networks list' takes no network: for its card use 'networks show NAME'.")
    if given.action != _LIST and given.network is None:
        wanted = "a folder or zip" if given.action == _ADD else "a name; 'networks list' has them"
        raise UsageError(f"'networks {given.action}' needs a network: give {wanted}.")
    if given.accept_licence and given.action != _ADD:
        raise UsageError("--accept-licence is only for 'networks add': leave it out here.")
    actions = {_LIST: _list, _ADD: _add, _SHOW: _show, _REMOVE: _remove}
    return actions[given.action](call, given.folder or networks_folder())


def _list(call: Call, folder: Path) -> dict[str, Any]:
    from ..nnunet.installed import installed_networks

    every = installed_networks(folder)
    lines = [_line(one) for one in every] or [f"No network was added to '{folder}'."]
    call.say(lambda: "\n".join(lines))
    rows = [{"name": one.name, "problem": one.problem or None, **_facts(one.card)} for one in every]
    return {"folder": str(folder), "networks": rows}


def _add(call: Call, folder: Path) -> dict[str, Any]:
    from ..nnunet.installed import add_network

    given = call.arguments

    def accept(card: Card) -> bool:
        call.say(lambda: card_text(card))
        if not given.accept_licence:
            raise UsageError(
                f'Nothing was added: its licence is "{card.licence}". If you agree, say so with --accept-licence.'
            )
        return True

    added = add_network(given.network, accept, folder)
    assert added is not None  # accept refuses, or says yes
    call.say(lambda: f"Added. Use it with --models {added.name}")
    return {"name": added.name, "folder": str(added.folder), **_facts(added.card)}


def _show(call: Call, folder: Path) -> dict[str, Any]:
    from ..nnunet.installed import find_network

    found = find_network(call.arguments.network, folder)
    card = found.card
    assert card is not None  # find_network refuses those without
    call.say(lambda: f"{card_text(card)}\n\n{card.text}".rstrip())
    return {"name": found.name, "folder": str(found.folder), **_facts(card), "text": card.text}


def _remove(call: Call, folder: Path) -> dict[str, Any]:
    from ..nnunet.installed import remove_network

    name = call.arguments.network
    remove_network(name, folder)
    call.say(lambda: f"Removed {name}.")
    return {"name": name, "folder": str(folder)}


def _line(one: Installed) -> str:
    if one.card is None:
        return f"{one.name}  cannot be used: {one.problem}"
    return f"{one.name}  {_found_text(one.card)}; {_size_text(one.card)}; licence: {one.card.licence}"


def card_text(card: Card) -> str:
    """What a network is, in a few lines."""
    rows = (
        ("Network", card.name),
        ("Trained on", card.trained_on),
        ("Licence", card.licence),
        ("Reference", card.reference or "not stated by its authors"),
        ("Finds", _found_text(card)),
        ("Grid", " x ".join(f"{n:.3g}" for n in card.spacing_mm) + " mm"),
        ("Size", f"{_size_text(card)} ({', '.join(card.precisions)})"),
    )
    return "\n".join(f"{name + ':':<12}{text}" for name, text in rows)


def _found_text(card: Card) -> str:
    teeth = f"{len(card.teeth)} numbered teeth" if card.teeth else "no numbered teeth"
    return "; ".join((teeth, ", ".join(card.structures) or "no other structures"))


def _size_text(card: Card) -> str:
    return f"{card.size_bytes / 1e6:.1f} MB"


def _facts(card: Card | None) -> dict[str, Any]:
    """The card's fields in JSON's own types, without its text."""
    if card is None:
        return {}
    return {key: value for key, value in asdict(card).items() if key not in ("name", "text")}


NETWORKS = Command(
    "networks",
    "List, add, show or remove networks of others, for --models NAME.",
    _add_arguments,
    _run,
)
