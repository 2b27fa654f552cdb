"""Packages that quote what they read, in warnings and logs, are kept quiet where that may name a patient."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

#: They log tags, addresses and answers, in which identifiers stand, for the program around them.
_TALKATIVE = ("dicomweb_client", "highdicom", "pydicom", "requests", "urllib3")


@contextmanager
def silent_packages() -> Iterator[None]:
    """Neither warnings nor log entries of DICOM packages, whatever the program around has set up."""
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)
