"""What is remembered from one session to the next, in the application's settings."""

import qt
import slicer

_PREFIX = "DentalTopoSeg"


def remembered(name: str, default, converter=str):
    """The value last kept under this name; the default when there is none or it cannot be read."""
    try:
        return slicer.util.settingsValue(f"{_PREFIX}/{name}", default, converter=converter)
    except (KeyError, TypeError, ValueError):  # written by another version
        return default


def remember(name: str, value) -> None:
    """Keep a text, a number or a bool."""
    qt.QSettings().setValue(f"{_PREFIX}/{name}", value)


def asBool(value) -> bool:
    """Of a setting, which comes back as a text or as a bool."""
    return str(value).lower() in ("true", "1")
