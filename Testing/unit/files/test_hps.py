"""3Shape's mesh files are told by their content, as their suffix is DICOM's."""

import pytest

from DentalTopoSegLib.files.hps import is_hps, is_hps_file

SOUND = '<HPS version="1.1">\n  <Packed_geometry>'


@pytest.mark.parametrize(
    "head",
    [
        SOUND.encode(),
        b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\r\n' + SOUND.encode(),
        b"\n<!-- written by\n a scanner -->\n" + SOUND.encode(),
        ("\ufeff" + SOUND).encode("utf-16-le"),
        ("\ufeff" + SOUND).encode("utf-16-be"),
        b'<?xml version="1.0"?><!DOCTYPE HPS [<!ENTITY a "b">]>' + SOUND.encode(),
    ],
)
def test_it_is_told_by_its_outermost_element(head):
    assert is_hps(head)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0" * 128 + b"DICM",
        b'<?xml version="1.0"?>\n<VTKFile type="PolyData">',
        b"<HPSX>",
        b"<?xml version='1.0'?><a><HPS version='1.1'>",
        b"<!--" * 5000,
        b" " * 5000 + SOUND.encode(),
    ],
)
def test_other_beginnings_are_none(head):
    assert not is_hps(head)


def test_a_file_is_looked_at_whatever_it_is_called(tmp_path):
    (tmp_path / "scan.dcm").write_text(SOUND)
    (tmp_path / "other.dcm").write_bytes(b"\0" * 128 + b"DICM")
    assert is_hps_file(tmp_path / "scan.dcm")
    assert not is_hps_file(tmp_path / "other.dcm")
    assert not is_hps_file(tmp_path / "none.dcm")
    assert not is_hps_file(tmp_path)
