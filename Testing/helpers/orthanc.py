"""A real Orthanc with its DICOMweb plugin, started on this computer for one test and ended after it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

_PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
_START_S = 30.0
USER, PASSWORD = "dentist", "only-for-tests"


@dataclass(frozen=True)
class Orthanc:
    """url: of its DICOMweb service. port: on which it listens. log: what it has written."""

    url: str
    port: int
    log: Path


def orthanc_program() -> str:
    """The program; skips where it or its plugin is not installed."""
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin:/usr/local/sbin")
    if program is None or not _PLUGIN.is_file():
        pytest.skip("needs a picture archive: apt-get install orthanc orthanc-dicomweb")
    return program


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[Orthanc]:
    """An archive that keeps what it is given in `folder`, on a port of its own, for this computer only.

    settings: further ones of Orthanc's configuration.
    """
    program = orthanc_program()
    folder.mkdir(parents=True)
    port, log = free_port(), folder / "log.txt"
    content = {
        "Name": "test",
        "StorageDirectory": str(folder / "kept"),
        "IndexDirectory": str(folder / "kept"),
        "HttpPort": port,
        "HttpBindAddresses": ["127.0.0.1"],
        "DicomServerEnabled": False,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": True,
        "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(_PLUGIN)],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        **settings,
    }
    (folder / "orthanc.json").write_text(json.dumps(content), encoding="utf-8")
    with log.open("w") as stream:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=stream, stderr=subprocess.STDOUT)
    try:
        _wait(process, port, log)
        scheme = "https" if settings.get("SslEnabled") else "http"
        yield Orthanc(f"{scheme}://localhost:{port}/dicom-web", port, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen, port: int, log: Path) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"Orthanc does not listen on port {port}:\n{log.read_text(errors='replace')}")
