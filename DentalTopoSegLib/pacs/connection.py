"""Where the archive is and how it is talked to: TLS that is verified, credentials from outside, limits of time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit

from ..errors import InputError, UsageError
from ..files.packages import Package
from ..files.silence import silent_packages

if TYPE_CHECKING:
    from requests import Session

#: Called as it is imported; pip takes the underscore for a hyphen.
DICOMWEB = Package(
    "dicomweb_client>=0.61", "pacs", "talks to picture archives", "A picture archive (DICOMweb) needs", 1
)
#: Where credentials come from, beside the netrc file; never from the command line, which every user of a computer sees.
USER, PASSWORD, TOKEN = "DENTALTOPOSEG_DICOMWEB_USER", "DENTALTOPOSEG_DICOMWEB_PASSWORD", "DENTALTOPOSEG_DICOMWEB_TOKEN"
#: Seconds in which the archive must accept a connection, and between two packets of an answer.
CONNECT_S, ANSWER_S = 10.0, 120.0
_ATTEMPTS, _PAUSE_MS = 3, 250  # the pause doubles each time


@dataclass(frozen=True)
class Address:
    """The base URL of a DICOMweb service, such as https://pacs.example.org/dicom-web.

    Parameters
    ----------
    url : str
        As it was given.
    plain_http : bool
        Whether patients' data may go unencrypted to another computer.

    Raises
    ------
    UsageError
        For what is no such URL, one with a password in it, and unencrypted ones to other computers.
    """

    url: str
    plain_http: bool = False

    def __post_init__(self) -> None:
        parts = self._parts()
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(
                "The archive's address must be that of a DICOMweb service, such as https://pacs.example.org/dicom-web."
            )
        if "@" in parts.netloc:
            raise UsageError(
                "The archive's address holds a user or a password, which others can see: take it out and set "
                f"{USER} and {PASSWORD} in the environment, or use a netrc file."
            )
        if parts.query or parts.fragment:
            raise UsageError("The archive's address must end with its path: leave out what follows ? or #.")
        if parts.scheme == "http" and not self.plain_http and not _is_this_computer(parts.hostname):
            raise UsageError(
                f"'{self.shown}' would send patients' data unencrypted: use https://, or state --plain-http for a "
                "network that you trust."
            )

    def _parts(self) -> SplitResult:
        try:
            parts = urlsplit(self.url)
            _ = parts.port  # a number, or refused here
        except ValueError:
            return urlsplit("")
        return parts

    @property
    def shown(self) -> str:
        """Host and port, for messages."""
        parts = self._parts()
        return f"{parts.scheme}://{parts.netloc}"

    def session(self) -> Session:
        """A session with the credentials of the environment, else those of the netrc file. Raises InputError where
        the package is absent, UsageError for half of a pair."""
        DICOMWEB.require()
        import requests

        session = requests.Session()
        session.max_redirects = 0  # an answer never sends patients' data to somebody else
        user, password, token = (os.environ.get(name, "") for name in (USER, PASSWORD, TOKEN))
        if bool(user) != bool(password):
            raise UsageError(f"Set both {USER} and {PASSWORD}, or none of them.")
        if token:
            session.auth = _Bearer(token)  # type: ignore[assignment]  # anything that can be called
        elif user:
            session.auth = (user, password)
        return session

    @contextmanager
    def talking(self, what: str) -> Iterator[None]:
        """Raise InputError, in words without identifiers, for all that goes wrong while an archive is asked for
        something; nothing that packages say reaches a log.

        what: was to be done, as in "The archive ... cannot {what}".
        """
        with silent_packages():
            try:
                yield
            except _failures() as error:
                raise InputError(self._words(error, what)) from None  # its words hold the address with identifiers

    def _words(self, error: Exception, what: str) -> str:
        import requests

        said = f"The archive at '{self.shown}'"
        if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
            status = error.response.status_code
            if status in (401, 403):
                return (
                    f"{said} refuses who asks (status {status}): set {USER} and {PASSWORD}, or {TOKEN}, in the "
                    "environment, or keep them in a netrc file."
                )
            if status == 404:
                return f"{said} cannot {what}: it does not have that (status 404). Check the address and the study."
            return f"{said} cannot {what} (status {status}): ask who runs it."
        if isinstance(error, requests.exceptions.SSLError):
            return (
                f"{said} cannot be trusted: its certificate was not verified. Where its authority is your hospital's "
                "own, name the authority's file in REQUESTS_CA_BUNDLE."
            )
        if isinstance(error, requests.exceptions.Timeout):
            return f"{said} did not answer in time: try again, or ask who runs it."
        if isinstance(error, requests.exceptions.TooManyRedirects):
            return f"{said} sends to another address: give that one."
        if isinstance(error, requests.exceptions.ConnectionError):
            return f"{said} cannot be reached, or it broke off: check the address and the network."
        return f"{said} gave an answer that is not DICOMweb's ({type(error).__name__}): check the path of the address."

    def client(self, session: Session) -> Any:
        """The client of the DICOMweb service."""
        from dicomweb_client.web import DICOMwebClient

        client = DICOMwebClient(self.url.rstrip("/"), session=session, timeout=(CONNECT_S, ANSWER_S))
        client.set_http_retry_params(True, _ATTEMPTS, _PAUSE_MS)
        return client


class _Bearer:
    """Puts a token into each request; as an object of its own, so that no netrc file takes its place."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _is_this_computer(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _failures() -> tuple[type[Exception], ...]:
    """What the packages raise for an archive that does not do as it should; answers may hold anything."""
    import requests

    from ..files.volumes.dicom.header import parser_errors

    others = tuple(kind for kind in parser_errors() if kind is not OSError)  # the disk's own are told by who writes
    return (requests.exceptions.RequestException, *others)
