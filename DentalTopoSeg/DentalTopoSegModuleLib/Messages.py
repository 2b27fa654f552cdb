"""Short messages inside the panel: they interrupt nobody, and their colour says at a glance how things are."""

_STYLES = {
    "info": "background: #e6effa; color: #173a63;",
    "done": "background: #e0f3e6; color: #14532d;",
    "error": "background: #fbe3e0; color: #7a1a12;",
}


def show(label, text: str, kind: str = "info", details: str = "") -> None:
    """Show `text` in the label, or hide it when there is none; kind: "info", "done" or "error"; details go into the
    tool tip."""
    label.text = text
    label.toolTip = details
    label.styleSheet = f"{_STYLES[kind]} padding: 6px; border-radius: 4px;"
    label.visible = bool(text)
