"""What every command owes, whichever it is: help, JSON, a sentence for a missing input."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.commands.command import Command
from DentalTopoSegLib.commands.parsing import build_parser
from DentalTopoSegLib.commands.registry import COMMANDS
from DentalTopoSegLib.errors import EXIT_MEANINGS, InputError, NoTeethError

every = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
#: The commands that make their input themselves.
WITHOUT_INPUT = {"demo"}
#: Those whose input is no file; Testing/unit/pacs has what they refuse.
ADDRESSED = {"dicomweb"}


def parser_of(command: Command) -> argparse.ArgumentParser:
    actions = build_parser()._actions
    return next(action.choices for action in actions if action.dest == "command")[command.name]


def call(command: Command, folder: Path, name: str) -> list[str]:
    """Its required arguments, with files of this name for its inputs."""
    argv = [command.name]
    for action in parser_of(command)._actions:
        if action.option_strings and not action.required:
            continue
        value = str(folder / name)
        if action.dest == "output":
            value = str(folder / ("out.png" if action.metavar == "PNG" else "out"))
        elif action.choices:
            value = str(next(iter(action.choices)))
        argv += [action.option_strings[-1], value] if action.option_strings else [value]
    return argv


def test_no_two_commands_share_a_name() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)


@every
def test_its_help_says_what_it_does_and_every_option(command: Command, capsys) -> None:
    assert command.text.endswith(".")
    assert command.text in " ".join(build_parser().format_help().split())
    with pytest.raises(SystemExit) as done:
        cli.main([command.name, "--help"])
    assert done.value.code == 0
    shown = capsys.readouterr().out
    assert command.text in shown
    for action in parser_of(command)._actions:
        assert action.help, action.dest
        assert all(option in shown for option in action.option_strings)
    for code, meaning in EXIT_MEANINGS.items():
        assert f"{code:>5}  {meaning}" in shown


@every
def test_a_missing_input_is_one_sentence_and_code_3(command: Command, tmp_path: Path, capsys) -> None:
    if command.name in WITHOUT_INPUT:
        assert not [action for action in parser_of(command)._actions if not action.option_strings]
        return
    if command.name in ADDRESSED:
        pytest.skip("its input is an address")
    for name in ("absent.nii.gz", "absent.stl", "absent"):
        assert cli.main([*call(command, tmp_path, name), "--json"]) == InputError.exit_code
        shown = capsys.readouterr()
        (last,) = [line for line in shown.err.splitlines() if line.startswith("dentaltoposeg: ")]
        error = json.loads(shown.out)["error"]
        assert last == f"dentaltoposeg: {error['message']}"
        assert error["message"].endswith(".")
        assert (error["kind"], error["exit_code"]) == ("InputError", 3)
        assert name in error["message"]
        assert list(tmp_path.iterdir()) == []


@every
def test_json_is_one_object_or_a_refusal_and_quiet_says_nothing_else(
    command: Command, tmp_path: Path, capsys, monkeypatch
) -> None:
    """What a command returns is what --json prints; a refusal of it is an object too."""
    answer = {"teeth": 28, "warnings": ["Take care."], "exit_code": 8}
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", answered(lambda _: answer))
    assert cli.main([*call(command, tmp_path, "scan.nii.gz"), "--json"]) == 8
    shown = capsys.readouterr()
    assert json.loads(shown.out) == answer
    assert shown.err == "Note: Take care.\n"
    assert cli.main([*call(command, tmp_path, "scan.nii.gz"), "--quiet"]) == 8
    assert capsys.readouterr() == ("", "")

    def refuse(_: object) -> dict:
        raise NoTeethError("No teeth.")

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", answered(refuse))
    assert cli.main([*call(command, tmp_path, "scan.nii.gz"), "--json"]) == NoTeethError.exit_code
    error = {"kind": "NoTeethError", "exit_code": 4, "message": "No teeth."}
    assert json.loads(capsys.readouterr().out) == {"error": error}


PARSE = argparse.ArgumentParser.parse_args


def answered(run):
    """parse_args whose command does `run` instead of its work."""

    def parse_args(self, argv):
        arguments = PARSE(self, argv)
        arguments.run = run
        return arguments

    return parse_args
