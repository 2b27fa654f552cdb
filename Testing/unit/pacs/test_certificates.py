"""Certificates are verified. (Debian's Orthanc 1.10.1 ends at its first HTTPS request, so a plain server stands in.)"""

from __future__ import annotations

import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

pytest.importorskip("dicomweb_client", reason="dicomweb_client is not installed: it talks to the archive")

from DentalTopoSegLib.errors import InputError
from DentalTopoSegLib.pacs import Address, Archive


class _Empty(BaseHTTPRequestHandler):
    """An archive without any study; /elsewhere sends to another computer."""

    def do_GET(self) -> None:
        moved = self.path.startswith("/elsewhere")
        self.send_response(302 if moved else 200)
        self.send_header("Location", "https://other.example.org/") if moved else None
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs a certificate: apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate


@pytest.fixture
def url(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    server = HTTPServer(("127.0.0.1", 0), _Empty)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_certificate_is_verified(url: str, certificate: Path, monkeypatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    with pytest.raises(InputError, match="its certificate was not verified"):
        Archive(Address(url)).series("1.2.3")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(InputError, match="no such study"):
        Archive(Address(url)).series("1.2.3")


def test_nobody_is_followed_to_another_address(url: str, certificate: Path, monkeypatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with pytest.raises(InputError, match="sends to another address"):
        Archive(Address(f"{url}/elsewhere")).series("1.2.3")
