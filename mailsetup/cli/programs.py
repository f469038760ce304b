"""Mail programs as named on the command line."""

from mailsetup.apply.targets import TARGETS, Target, find_target
from mailsetup.cli.command_error import CommandError
from mailsetup.i18n import _


def parse_program(name: str) -> Target:
    """The program with this id. Raises `CommandError`, which lists the known ones."""
    target = find_target(name)
    if target is None:
        raise unknown_program(name)
    return target


def unknown_program(name: str) -> CommandError:
    """The error for a word that is no program."""
    known = ", ".join(target.id for target in TARGETS)
    return CommandError(
        "usage",
        _("There is no program “{program}” here. Known: {known}.").format(
            program=name, known=known
        ),
    )
