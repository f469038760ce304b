"""The exit statuses of the command line and their meaning, for the help, manual page and README."""

from enum import IntEnum

from mailsetup.i18n import _


class ExitStatus(IntEnum):
    """Exit status of a command, in the order in which the help lists them."""

    DONE = 0
    BAD_INPUT = 2
    NOT_FOUND = 3
    NEEDS_CONFIRMATION = 4
    BROKEN = 5
    CANCELLED = 130
    FAILED = 1

    @property
    def meaning(self) -> str:
        """A few words in the current language."""
        return {
            ExitStatus.DONE: _("done"),
            ExitStatus.BAD_INPUT: _("wrong input"),
            ExitStatus.NOT_FOUND: _("no settings found"),
            ExitStatus.NEEDS_CONFIRMATION: _("a confirmation is needed"),
            ExitStatus.BROKEN: _("a link of the chain is broken"),
            ExitStatus.CANCELLED: _("cancelled"),
            ExitStatus.FAILED: _("the computer, or this program, failed"),
        }[self]
