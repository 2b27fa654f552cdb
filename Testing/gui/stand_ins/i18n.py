"""slicer.i18n: the texts as they are."""


def tr(text: str) -> str:
    return text


def translate(_context: str, text: str) -> str:
    return text
