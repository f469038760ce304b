"""Thunderbird as a program that accounts are applied to."""

from pathlib import Path

from mailsetup.apply.applier import ApplyRequest
from mailsetup.apply.installation import Computer
from mailsetup.apply.result import ApplyFailure, ApplyResult, UndoFailure, UndoResult
from mailsetup.apply.thunderbird import existing_profile
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile, find_place, places
from mailsetup.apply.thunderbird.undo import clear_leftovers, undo, undoable
from mailsetup.i18n import _


class ThunderbirdApplier:
    """Implements `Applier`; a place is a profile."""

    def places(self, computer: Computer) -> tuple[ThunderbirdProfile, ...]:
        """The profiles that the user has seen (Thunderbird has opened them), the default first."""
        return tuple(one for one in places(computer) if one.is_default or not one.is_stub)

    def apply(self, request: ApplyRequest, computer: Computer) -> ApplyResult:
        """Add the account to a profile, or correct it there."""
        return existing_profile.apply(
            request.account,
            profile=request.place,
            folders=request.folders,
            password=request.password,
            computer=computer,
        )

    def last_change(self, account: str, place: str, computer: Computer) -> Path | UndoFailure:
        """The profile with the newest change."""
        if place:
            found = find_place(place, computer)
            if not isinstance(found, ApplyFailure):
                return found.folder
            clear_leftovers(computer)
            return UndoFailure(found.reason)
        for profile, change in undoable(computer):
            if change.address == account:
                return profile
        clear_leftovers(computer)
        return UndoFailure(
            _("Nothing was put into Thunderbird for {address} that could be taken back.").format(
                address=account
            )
        )

    def undo(self, place: Path, *, only_ours: bool, computer: Computer) -> UndoResult:
        """Restore the profile, or take the account out of it."""
        return undo(place, only_ours=only_ours, computer=computer)
