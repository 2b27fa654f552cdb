"""Which addresses are talked to."""

from __future__ import annotations

import pytest

from DentalTopoSegLib.errors import UsageError
from DentalTopoSegLib.pacs import Address
from DentalTopoSegLib.pacs.archive import require_uid


@pytest.mark.parametrize(
    "url",
    [
        "https://pacs.example.org/dicom-web",
        "http://localhost:8042/dicom-web",
        "http://127.0.0.1/x",
        "http://[::1]:80/x",
    ],
)
def test_encrypted_and_local_addresses_are_taken(url: str) -> None:
    assert Address(url).url == url


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("pacs.example.org", "must be that of a DICOMweb service"),
        ("ftp://pacs.example.org", "must be that of a DICOMweb service"),
        ("https://", "must be that of a DICOMweb service"),
        ("https://host:port/x", "must be that of a DICOMweb service"),
        ("https://me:secret@pacs.example.org/x", "holds a user or a password"),
        ("https://pacs.example.org/x?token=secret", "leave out what follows"),
        ("http://pacs.example.org/x", "unencrypted: use https://, or state --plain-http"),
    ],
)
def test_others_are_refused_without_repeating_what_is_secret(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        Address(url)
    assert "secret" not in str(caught.value)


def test_plain_http_is_for_those_who_state_it() -> None:
    assert Address("http://pacs.example.org/x", plain_http=True).shown == "http://pacs.example.org"


@pytest.mark.parametrize("uid", ["", "1.2.", "1..2", "Doe^Jane", "1." + "2" * 70, "1.2\n"])
def test_a_study_is_a_uid(uid: str) -> None:
    with pytest.raises(UsageError, match=r"The study \(--study\) is no DICOM UID") as caught:
        require_uid(uid, "The study (--study)")
    assert "Doe" not in str(caught.value)
