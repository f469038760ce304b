"""The interface of every export: an account in, files and instructions out."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from mailsetup.model.settings import Account


@dataclass(frozen=True, slots=True)
class ArtifactFile:
    """One file of an export. ``private`` files get mode 0600."""

    name: str
    content: bytes
    media_type: str
    private: bool = False


def settings_file(
    name: str, lines: Iterable[str], media_type: str = "text/plain; charset=utf-8"
) -> ArtifactFile:
    """A private file with these lines."""
    return ArtifactFile(name, ("\n".join(lines) + "\n").encode(), media_type, private=True)


@dataclass(frozen=True, slots=True)
class CopyValue:
    """A value that the user copies into a field of the program, and the name of the field."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class InstructionStep:
    """One step of the instructions, in the current language, with the values that it needs."""

    text: str
    values: tuple[CopyValue, ...] = ()
    link: str = ""


def instructions(*steps: InstructionStep | str) -> tuple[InstructionStep, ...]:
    """Steps; one without values may be given as its text."""
    return tuple(InstructionStep(step) if isinstance(step, str) else step for step in steps)


@dataclass(frozen=True, slots=True)
class Artifact:
    """The result of an export: files (perhaps none) and what to do with them."""

    files: tuple[ArtifactFile, ...]
    steps: tuple[InstructionStep, ...]
    notes: tuple[str, ...] = ()
    """What the user should know first: limits of the program, what is experimental."""


@dataclass(frozen=True, slots=True)
class ExportFailure:
    """The account cannot be expressed for this program; ``reason`` is a sentence."""

    reason: str


class Exporter(Protocol):
    """One mail program. Pure: no file, no network, no clock."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """Write the account in the program's format. Texts are in the current language."""
        ...
