"""Optional packages: what they are for, and how they are asked for where they are absent."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from ..errors import InputError


@dataclass(frozen=True)
class Package:
    """An optional package that some formats need.

    requirement, extra: as in pyproject.toml. purpose: in the user's words. needs: the beginning of the sentence that
    refuses without it. megabytes: of its download with what it brings along, rounded up. otherwise: what else can be
    done, as the end of that sentence.
    """

    requirement: str
    extra: str
    purpose: str
    needs: str
    megabytes: int
    otherwise: str = ""

    def require(self) -> ModuleType:
        """The imported package. Raises InputError with the command that installs it."""
        try:
            return import_module(self.name)
        except ImportError as error:
            raise InputError(f"{self.needs} {self.absent}") from error

    @property
    def name(self) -> str:
        """As it is imported."""
        return re.split(r"\W", self.requirement)[0]

    @property
    def absent(self) -> str:
        """The end of the sentence that refuses without it."""
        return f"{self.name}, which is not installed: {install_hint(self.requirement)}{self.otherwise}"


def install_hint(requirement: str) -> str:
    """The command that installs a package. It never names this one: what an index has by its name may be another's."""
    return f'python -m pip install "{requirement}"'
