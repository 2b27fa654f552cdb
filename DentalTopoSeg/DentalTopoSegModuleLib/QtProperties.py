"""Qt's properties that are no plain numbers or texts, set in a way that suits every Python binding.

In Slicer (PythonQt) each has a setter; bindings that show properties as attributes have taken the setters away.
"""

import qt


def assign(target, name: str, value) -> None:
    """target.setName(value), or target.name = value where there is no setter."""
    setter = getattr(target, f"set{name[:1].upper()}{name[1:]}", None)
    if setter is not None:
        setter(value)
    else:
        setattr(target, name, value)


def setMargins(layout, pixels: int) -> None:
    """Equal margins on all sides of a layout."""
    if hasattr(layout, "setContentsMargins"):
        layout.setContentsMargins(pixels, pixels, pixels, pixels)
    else:
        layout.contentsMargins = qt.QMargins(pixels, pixels, pixels, pixels)
