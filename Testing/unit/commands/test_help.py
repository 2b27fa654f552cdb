"""Help with examples, and completion in shells."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from DentalTopoSegLib.commands import cli
from DentalTopoSegLib.commands.examples import EXAMPLES, FIRST
from DentalTopoSegLib.commands.parsing import build_parser
from DentalTopoSegLib.commands.registry import COMMANDS


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_shows_examples_that_are_understood(command, capsys) -> None:
    for line in EXAMPLES[command.name]:
        program, *words = shlex.split(line)
        assert program == "dentaltoposeg"
        assert build_parser().parse_args(words).run == command.run
    with pytest.raises(SystemExit):
        cli.main([command.name, "--help"])
    shown = capsys.readouterr().out
    assert all(f"\n  {line}\n" in shown for line in EXAMPLES[command.name])


def test_the_first_help_shows_the_first_examples(capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    shown = capsys.readouterr().out
    assert all(EXAMPLES[name][0] in shown for name in FIRST)


def test_bash_completes_commands_and_options(tmp_path: Path, capsys) -> None:
    """In a real bash."""
    pytest.importorskip("shtab", reason="shtab is not installed; it writes the script")
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    with pytest.raises(SystemExit) as done:
        cli.main(["--print-completion", "bash"])
    assert done.value.code == 0
    script = tmp_path / "completion.sh"
    script.write_text(capsys.readouterr().out)
    asked = f"""
source {shlex.quote(str(script))}
function ask() {{
  COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMPREPLY=()
  $(complete -p dentaltoposeg | sed 's/.*-F \\([^ ]*\\).*/\\1/') dentaltoposeg "${{@: -1}}" ""
  echo "${{COMPREPLY[@]}}"
}}
ask dentaltoposeg ev
ask dentaltoposeg export --to
"""
    shown = subprocess.run([bash, "-c", asked], capture_output=True, text=True, check=True).stdout.split("\n")
    assert shown[:2] == ["evaluate", "--to-numbering"]


def test_without_shtab_completion_says_what_to_install(monkeypatch, capsys) -> None:
    monkeypatch.setitem(__import__("sys").modules, "shtab", None)
    assert cli.main(["--print-completion", "bash"]) == 3
    assert 'needs shtab, which is not installed: python -m pip install "shtab>=1.7"' in capsys.readouterr().err
