"""Results of putting an account into an installed program, and of taking it out again."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mailsetup.export.exporter import InstructionStep


class ApplyOutcome(StrEnum):
    """What was changed in a program's profile."""

    PROFILE = "profile"
    """A new profile was made for the account."""
    ADDED = "added"
    """The account was added to an existing profile."""
    REPAIRED = "repaired"
    """Wrong values of an account that was there were corrected."""
    PASSWORD = "password"  # noqa: S105 - a stable word
    """The account was right; only the password was stored."""


@dataclass(frozen=True, slots=True)
class ProfileApplied:
    """The account was written into a profile; ``command`` opens the program with this profile."""

    profile: Path
    name: str
    command: tuple[str, ...]
    notes: tuple[str, ...] = ()
    outcome: ApplyOutcome = ApplyOutcome.PROFILE
    corrected: tuple[str, ...] = ()
    """The corrections to an account that was there, as sentences."""
    password_stored: bool = False
    opens_by_itself: bool = False
    """Whether the program opens this profile when it is started without arguments."""


@dataclass(frozen=True, slots=True)
class AlreadyThere:
    """The profile has the account with the right values; nothing was changed."""

    profile: Path
    name: str
    command: tuple[str, ...]
    notes: tuple[str, ...] = ()
    opens_by_itself: bool = False
    """Whether the program opens this profile when it is started without arguments."""


@dataclass(frozen=True, slots=True)
class FilesApplied:
    """The account was written as files that the program reads by itself.

    ``live`` is True when the running program confirmed the account, False when it did not (then the
    steps are instructions), and None when it does not run or was not asked.
    """

    files: tuple[Path, ...]
    live: bool | None
    steps: tuple[InstructionStep, ...]
    notes: tuple[str, ...] = ()
    repaired: bool = False
    """Whether the account was there and wrong values were corrected."""


@dataclass(frozen=True, slots=True)
class ApplyFailure:
    """Nothing was changed; ``reason`` is a sentence that says what to do."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undone:
    """The account was taken out of the profile."""

    profile: Path
    moved_to: Path | None = None
    """The new folder of a removed profile that had been used; it may be deleted."""
    notes: tuple[str, ...] = ()
    only_ours: bool = False
    """Whether later changes of the program were preserved: then the files are not as before."""


@dataclass(frozen=True, slots=True)
class UndoFailure:
    """Nothing was changed; ``reason`` is a sentence."""

    reason: str
    only_ours_possible: bool = False
    """Whether an undo with ``only_ours`` can succeed."""


Applied = ProfileApplied | AlreadyThere | FilesApplied
ApplyResult = Applied | ApplyFailure
UndoResult = Undone | UndoFailure
