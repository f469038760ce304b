"""The interface of a plug-in that puts accounts into one installed mail program."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mailsetup.apply.installation import Computer
from mailsetup.apply.result import ApplyResult, UndoFailure, UndoResult
from mailsetup.model.folders import Folders
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account

NEW_PLACE = "new"
"""Instead of the name of a place: a new one."""
DEFAULT_PLACE = ""
"""Instead of the name of a place: the one that the program opens by itself, else a new one."""


class Place(Protocol):
    """A place in the program that can hold the account, such as a profile."""

    @property
    def name(self) -> str:
        """As the program shows it. Not safe to display: see `model.text.plain`."""
        ...

    @property
    def folder(self) -> Path:
        """Identifies the place."""
        ...

    @property
    def is_default(self) -> bool:
        """Whether the program opens it by itself."""
        ...


@dataclass(frozen=True, slots=True)
class ApplyRequest:
    """An account, and where it goes. Programs without places or passwords ignore these values."""

    account: Account
    place: str = DEFAULT_PLACE
    """Name or folder of a place, `NEW_PLACE` or `DEFAULT_PLACE`."""
    folders: Folders | None = None
    """Folders of the mailbox, where they are known."""
    password: Secret | None = None
    """Given only where the user asked to store the password in the program."""
    repair: bool = False
    """Whether to correct an account in a program that otherwise refuses an account it has."""


class Applier(Protocol):
    """One mail program. Every failure is a returned value with a sentence."""

    def apply(self, request: ApplyRequest, computer: Computer) -> ApplyResult:
        """Put the account into the program, completely or not at all."""
        ...


class ProfileApplier(Applier, Protocol):
    """A program with places to choose from, whose changes are recorded and can be undone.

    It can also store passwords.
    """

    def places(self, computer: Computer) -> Sequence[Place]:
        """The places between which the user can choose, the default first."""
        ...

    def last_change(self, account: str, place: str, computer: Computer) -> Path | UndoFailure:
        """The folder of the newest change that can be undone.

        Of the place with this name or folder; for an empty ``place`` the newest change for the
        account with this address (A-labels), in any place.
        """
        ...

    def undo(self, place: Path, *, only_ours: bool, computer: Computer) -> UndoResult:
        """Take back the newest change of a place (its folder).

        With ``only_ours`` a place that the program has changed since loses the account only.
        """
        ...
