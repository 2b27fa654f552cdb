"""Nothing leaves the machine: a few commands under a trace of the kernel; `traced_run.py` traces all of them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from traced_run import Case, as_promised, cases, make_inputs, run_case, table
from traces import ROOT, Trace, read_trace, run_traced, strace_missing

#: The one that lives longest sleeps beside the others, so a minute of it costs the suite little.
ALIVE_S = 60.0
#: Commands that between them load every package of the run time, in one process and in a child.
SAMPLE = ("worker", "batch", "segment a jaw", "segment, OpenVINO", "export glb", "export dicom-seg", "training: export")
CASES = {case.name: case for case in cases(ALIVE_S)}
LOUD = next(case for case in CASES.values() if case.loud and case.needs == "onnxruntime")
ALIVE = next(case for name, case in CASES.items() if "alive" in name)


@pytest.fixture(scope="module", autouse=True)
def _strace() -> None:
    if reason := strace_missing():
        pytest.skip(f"nothing can be traced: {reason}")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("traced") / "inputs"
    make_inputs(folder)
    return folder


@pytest.fixture(scope="module")
def living(tmp_path_factory: pytest.TempPathFactory, inputs: Path) -> Iterator[dict[str, Future[Trace]]]:
    """What sleeps most of its time, already running."""
    folder = tmp_path_factory.mktemp("living")
    with ThreadPoolExecutor(2) as pool:
        yield {case.name: pool.submit(run_case, case, folder, inputs) for case in (ALIVE, LOUD)}


@pytest.mark.parametrize("name", SAMPLE)
def test_a_command_is_quiet(name: str, tmp_path: Path, inputs: Path, living: object) -> None:
    case = CASES[name]
    if case.missing:
        pytest.skip(f"the optional package {case.needs} is not installed")
    trace = run_case(case, tmp_path, inputs)
    assert as_promised(case, trace), f"{table([(case, trace)])}\n{trace.output}"


def test_an_import_without_protection_is_seen_with_the_host_that_it_asks_for(living: dict[str, Future[Trace]]) -> None:
    from DentalTopoSegLib.networks.onnx_runtime import FIRST_WITH_REPORTS, import_onnxruntime

    if tuple(map(int, import_onnxruntime().__version__.split(".")[:2])) < FIRST_WITH_REPORTS:
        pytest.skip("this version of ONNX Runtime has no reports")
    trace = living[LOUD.name].result()
    assert any(path.endswith("deviceid") for path in trace.changed)
    assert any(path.startswith("home/") for path in trace.left)
    assert any(name.endswith("microsoft.com") for name in trace.names), trace.names
    assert any("htons(53)" in socket or "AF_INET" in socket for socket in trace.sockets)


def test_a_living_process_with_open_networks_is_quiet_for_a_minute(living: dict[str, Future[Trace]]) -> None:
    trace = living[ALIVE.name].result()
    assert as_promised(ALIVE, trace), f"{table([(ALIVE, trace)])}\n{trace.output}"


# ---------------------------------------------------------------- the trace itself, on what it must see


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("open('/var/tmp/dentaltoposeg-trace-probe', 'w')", "changed"),
        ("import os; os.makedirs(os.path.expanduser('~/a/b'))", "left"),
        ("import tempfile; tempfile.mkdtemp()", "left"),
        ("import socket; socket.getaddrinfo('nowhere.invalid', 443)", "names"),
        ("import socket; socket.create_connection(('127.0.0.1', 9), 1)", "sockets"),
        ("import subprocess, sys; subprocess.run([sys.executable, '-c', 'import socket; socket.socket()'])", "sockets"),
    ],
)
def test_what_is_not_quiet_is_seen(code: str, seen: str, tmp_path: Path) -> None:
    trace = run_traced([sys.executable, "-c", code], tmp_path / "run")
    Path("/var/tmp/dentaltoposeg-trace-probe").unlink(missing_ok=True)
    assert getattr(trace, seen) and not trace.quiet


def test_what_a_run_may_do_is_not_held_against_it(tmp_path: Path) -> None:
    code = "import os, tempfile; open('x', 'w'); tempfile.TemporaryFile(); os.rename('x', 'y'); open(os.devnull, 'w')"
    trace = run_traced([sys.executable, "-c", code], tmp_path / "run")
    assert trace.code == 0 and trace.quiet, trace


_ASKS = "import socket; s = socket.socket(socket.AF_INET6); s.bind(('::1', {port})); {then}"


@pytest.mark.parametrize(
    ("code", "quiet"),
    [
        (_ASKS.format(port=0, then="s.close()"), True),
        (_ASKS.format(port=0, then="s.connect_ex(('::1', 9))"), False),
        (_ASKS.format(port=49731, then="s.close()"), False),
    ],
)
def test_asking_whether_there_is_ipv6_is_no_connection(code: str, quiet: bool, tmp_path: Path) -> None:
    """urllib3 does so when it is imported, which pydicom does where it is installed."""
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("no IPv6 on this computer")
    assert run_traced([sys.executable, "-c", code], tmp_path / "run").quiet == quiet


def test_names_are_read_from_the_questions_to_a_name_server() -> None:
    line = (
        '7 sendto(8<socket:[1]>, "{\\340\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\6mobile\\6events\\4data\\tmicrosoft\\3com'
        '\\0\\0\\34\\0\\1", 50, MSG_NOSIGNAL, NULL, 0) = 50'
    )
    assert read_trace([line], (), ROOT).names == {"mobile.events.data.microsoft.com"}


def test_every_command_of_the_command_line_is_traced() -> None:
    from DentalTopoSegLib.commands.registry import COMMANDS
    from DentalTopoSegLib.exports import FORMATS

    names = [case.name for case in CASES.values()]
    assert isinstance(CASES["worker"], Case)
    quiet = [command.name for command in COMMANDS if command.name != "dicomweb"]  # which talks to an archive
    assert not [command for command in quiet if not any(name.startswith(command) for name in names)]
    assert not [f.name for f in FORMATS if f"export {f.name}" not in names]
