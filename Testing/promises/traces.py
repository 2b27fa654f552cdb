"""What a program did to the world outside, read from the kernel: a run under strace in an empty home."""

from __future__ import annotations

import codecs
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Calls that change what lies on a disk, by the places of their paths among the arguments.
_CHANGES = {
    "creat": (0,), "mkdir": (0,), "mkdirat": (0,), "mknod": (0,), "mknodat": (0,), "unlink": (0,), "unlinkat": (0,),
    "rmdir": (0,), "rename": (0, 1), "renameat": (0, 1), "renameat2": (0, 1), "link": (1,), "linkat": (1,),
    "symlink": (1,), "symlinkat": (1,), "truncate": (0,), "chmod": (0,), "fchmodat": (0,),
}  # fmt: skip
_OPENS = ("open", "openat")
_TRACED = ",".join(("%network", "execve", *_OPENS, *_CHANGES))
_LINE = re.compile(r"^(\d+)\s+(\w+)\((.*)$")
_SOCKET = re.compile(r"<socket:\[(\d+)\]>")
_ASKS_FOR_IPV6 = re.compile(r'\bbind\(.*sin6_port=htons\(0\),.*"::1"|\bclose\(')
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"')
#: What the C library reads before it asks for a name.
_RESOLVER = ("/etc/resolv.conf", "/etc/hosts")
#: A question to a name server: flags "recursion desired", one question, then the name.
_QUESTION = re.compile(
    rb"\x01[\x00\x20]\x00\x01\x00\x00\x00\x00\x00[\x00\x01]((?:[\x01-\x3f][^\x00]*?)+)\x00\x00[\x01\x1c]"
)
#: A local daemon that knows the names of users; for names of hosts the resolver's files are read as well.
_USER_NAMES = "/var/run/nscd/socket"
#: Devices and what the kernel makes of itself: nothing of it lies on a disk.
_NO_FILES = ("/dev/null", "/dev/tty", "/proc/", "/sys/")


@dataclass
class Trace:
    """changed: files outside of what the run was given that it wrote, made, renamed or removed. left: what lies in its
    home and in its temporary folder afterwards. names: hosts it asked for. sockets: what it opened or talked to, local
    sockets of its own excepted. programs: what it started, itself included."""

    code: int
    output: str
    changed: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    sockets: set[str] = field(default_factory=set)
    programs: set[str] = field(default_factory=set)

    @property
    def quiet(self) -> bool:
        """Whether nothing left the machine and nothing was left on it beside the output."""
        return not (self.changed or self.left or self.names or self.sockets)


def strace_missing() -> str | None:
    """Why nothing can be traced here, None where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed: apt-get install strace (Linux only)"
    tried = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"strace may not trace here: {tried.stderr.strip()}"


def run_traced(
    command: Sequence[str],
    folder: Path,
    inputs: Sequence[Path] = (),
    variables: Mapping[str, str] | None = None,
) -> Trace:
    """Run a command under strace to its end.

    Parameters
    ----------
    command : sequence of str
        The program and its arguments; it runs in the folder's "out".
    folder : Path
        New; gets an empty "home" and "tmp", and "out", the only place besides "tmp" where the run may write.
    inputs : sequence of Path
        Copied into "in" beside them, where the run may read only.
    variables : mapping, optional
        Environment variables. Besides these it gets PATH, HOME, TMPDIR and PYTHONPATH only: above all none by which
        programs know continuous integration, where some of them report nothing.

    Returns
    -------
    Trace
    """
    home, temporary, out = (folder / name for name in ("home", "tmp", "out"))
    for place in (home, temporary, out, folder / "in"):
        place.mkdir(parents=True)
    for path in inputs:
        (shutil.copytree if path.is_dir() else shutil.copy)(path, folder / "in" / path.name)
    log = folder / "strace.txt"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",  # a checkout is no installed package, whose bytecode the installer writes
        **(variables or {}),
    }
    # -y names the folders that paths are relative to; --seccomp-bpf lets all other calls run at their own speed.
    tracer = ["strace", "-f", "-qq", "-y", "-s", "4096", "--seccomp-bpf", "-o", str(log), "-e", f"trace={_TRACED}"]
    # An open pipe as standard input, which tells a worker that it is still wanted.
    with (
        (folder / "output.txt").open("wb") as output,
        subprocess.Popen(
            [*tracer, *command], cwd=out, env=environment, stdin=subprocess.PIPE, stdout=output, stderr=output
        ) as process,
    ):
        code = process.wait()
    trace = read_trace(log.read_text(encoding="utf-8", errors="replace").splitlines(), (out, temporary), out)
    trace.code, trace.output = code, (folder / "output.txt").read_text(encoding="utf-8", errors="replace")
    trace.left = {str(path.relative_to(folder)) for place in (home, temporary) for path in place.rglob("*")}
    return trace


def read_trace(lines: Sequence[str], given: Sequence[Path], cwd: Path) -> Trace:
    """What the lines of `strace -f -y` say. given: folders that may be changed; cwd: of paths without a folder."""
    trace = Trace(0, "")
    questions = _ipv6_questions(lines)
    for line in lines:
        found = _LINE.match(line)
        if not found or questions.intersection(_SOCKET.findall(line)):
            continue
        call, rest = found.group(2), found.group(3)
        if call in (*_OPENS, *_CHANGES, "execve") and re.search(r" = -1 E\w+ ", rest):
            continue  # nothing happened; a connection counts even when nobody answers
        if call == "execve":
            trace.programs.add(_paths(rest, cwd)[0])
        elif call in _OPENS:
            path = _paths(rest, cwd)[0]
            if path in _RESOLVER:
                trace.names.add(f"(the resolver read {path})")
            if re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC", rest):
                _note_change(trace, path, given)
        elif call in _CHANGES:
            paths = _paths(rest, cwd)
            for place in _CHANGES[call]:
                _note_change(trace, paths[place], given)
        else:
            _note_network(trace, call, rest)
    return trace


def _paths(arguments: str, cwd: Path) -> list[str]:
    found = _PATH.findall(arguments)
    return [
        os.path.normpath(os.path.join(folder or cwd, _text(name).decode(errors="replace"))) for folder, name in found
    ]


def _text(escaped: str) -> bytes:
    """The bytes of a string as strace prints it, with C's escapes."""
    return codecs.escape_decode(escaped.encode())[0]  # type: ignore[attr-defined, return-value]


def _note_change(trace: Trace, path: str, given: Sequence[Path]) -> None:
    if not path.startswith(_NO_FILES) and not any(Path(path).is_relative_to(folder) for folder in given):
        trace.changed.add(path)


def _ipv6_questions(lines: Sequence[str]) -> set[str]:
    """The sockets that only asked whether this computer knows IPv6, as urllib3 does when it is imported: opened, bound
    to the computer itself at no port, closed. Nothing is sent and nobody can reach it."""
    calls: dict[str, list[str]] = {}
    for line in lines:
        for socket in _SOCKET.findall(line):
            calls.setdefault(socket, []).append(line)
    return {
        socket
        for socket, (first, *others) in calls.items()
        if "socket(AF_INET6, SOCK_STREAM" in first and others and all(_ASKS_FOR_IPV6.search(line) for line in others)
    }


def _note_network(trace: Trace, call: str, rest: str) -> None:
    for payload in re.findall(r'"((?:[^"\\]|\\.)*)"', rest) if call.startswith("send") else ():
        for question in _QUESTION.findall(_text(payload)):
            trace.names.add(re.sub(rb"[\x01-\x1f]", b".", question).decode(errors="replace").lstrip("."))
    if call == "socket" and not rest.startswith("AF_UNIX"):
        trace.sockets.add(rest.partition(",")[0])
    elif call in ("connect", "bind", "sendto", "sendmsg", "sendmmsg"):
        address = re.search(r"\{sa_family=[^}]*\}", rest)
        if address and _USER_NAMES not in address.group():
            trace.sockets.add(f"{call} {address.group()}")
