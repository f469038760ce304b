"""The options of ``kit``."""

from pathlib import Path
from typing import NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import add_name, add_settings
from mailsetup.i18n import _
from mailsetup.model.kit_id import KitId


class KitCommand(NamedTuple):
    """Write kits from one mailbox's settings. ``kits`` is empty for all of them."""

    settings: Path | None
    address: str | None
    out: Path
    kits: tuple[str, ...]
    name: str
    force: bool


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    kit, _common = add_verb(
        verbs,
        "kit",
        _("roll a domain's settings out: files for Intune, group policy, MDM, Ansible"),
        details=_(
            "Makes everybody's files out of one mailbox's settings, for the tools that fleets run"
            " already. Each kit has a README. Kits: {kits}."
        ).format(kits=", ".join(KitId)),
        examples=(
            "mailsetup discover ana@company.com --json > company.json",
            "mailsetup kit --settings company.json --out kit",
            "mailsetup kit --settings company.json --for ansible --for apple --out kit",
        ),
    )
    add_settings(kit)
    kit.add_argument(
        "--address",
        metavar=_("ADDRESS"),
        help=_("the mailbox that the settings belong to, where the file does not say so"),
    )
    kit.add_argument(
        "--out", type=Path, required=True, metavar=_("DIR"), help=_("folder for the kits")
    )
    kit.add_argument(
        "--for",
        dest="kits",
        action="append",
        default=[],
        choices=[str(kit) for kit in KitId],
        metavar="KIT",
        help=_("only this kit; repeatable"),
    )
    add_name(kit)
    kit.add_argument("--force", action="store_true", help=_("replace files that are there"))
