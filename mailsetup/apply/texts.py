"""Sentences about the results of applying an account, in the current language.

``program`` is the title of the program.
"""

from mailsetup.apply.result import (
    AlreadyThere,
    Applied,
    ApplyOutcome,
    FilesApplied,
    ProfileApplied,
    Undone,
)
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.system.shell import shell_line


def title(result: Applied | Undone, program: str) -> str:
    """The heading above the sentence."""
    if isinstance(result, Undone):
        return _("Taken back")
    return _("{program} is ready").format(program=program)


def sentence(result: Applied | Undone, program: str) -> str:
    """What was done, for the person whose account it is."""
    match result:
        case ProfileApplied():
            text = _profile_sentence(result.outcome)
        case AlreadyThere():
            text = _("Your account was there and right already. Nothing was changed.")
        case FilesApplied():
            text = _("Your account is in {program}, beside those it had.")
        case Undone():
            text = (
                _("Your account is taken out. What {program} changed since stays.")
                if result.only_ours
                else _("{program} is as it was before.")
            )
    return text.format(program=program)


def _profile_sentence(outcome: ApplyOutcome) -> str:
    match outcome:
        case ApplyOutcome.PROFILE:
            return _(
                "Your account is in a profile of its own; what was there before is untouched. "
                "{program} asks for the password once."
            )
        case ApplyOutcome.ADDED:
            return _("Your account is beside the others that were there; those are untouched.")
        case ApplyOutcome.REPAIRED:
            return _("Your account was there with wrong values. They are corrected.")
        case ApplyOutcome.PASSWORD:
            return _("Your account was there and right already. Only the password was stored.")


def lines(result: Applied, program: str, address: EmailAddress) -> list[str]:
    """What was done, with names and paths, for a technician; a list of sentences."""
    if isinstance(result, FilesApplied):
        text = _("{program} has the account {address}.")
        first = text.format(program=program, address=address)
        return [first, *(step.text for step in result.steps), *result.notes]
    more = result.notes
    match result:
        case ProfileApplied(outcome=ApplyOutcome.PROFILE):
            text = _("{program} has a new profile “{name}”: {path}")
            more = tuple(f"! {note}" for note in result.notes)
        case ProfileApplied():
            text = _("The account is in {program}'s profile “{name}”: {path}")
            more = (*result.corrected, *result.notes)
        case AlreadyThere():
            text = _("The account is right already in {program}'s profile “{name}”: {path}")
    return [text.format(program=program, name=result.name, path=result.profile), *more]


def opening(result: Applied, program: str) -> str:
    """How to open the program so that the account is seen; empty where it needs no explanation."""
    if isinstance(result, FilesApplied):
        return ""
    if result.opens_by_itself:
        return _("Open {program} as always: the account is there.").format(program=program)
    text = _("{program} does not open this profile by itself. Open it with: {command}")
    return text.format(program=program, command=shell_line(result.command))
