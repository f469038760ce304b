"""The options of ``publish``."""

from pathlib import Path
from typing import Literal, NamedTuple

from mailsetup.cli.parser.argument_parser import Parser, Verbs, add_verb
from mailsetup.cli.parser.option_groups import SearchArguments, add_search
from mailsetup.i18n import _


class PublishCommand(NamedTuple):
    """Write or verify what a hosting serves for a domain. ``folder`` is one of its web server."""

    domain: str
    address: str | None
    out: Path | None
    verify: bool
    web: tuple[str, ...]
    folder: str
    mta_sts: Literal["testing", "enforce"]
    relative: bool
    force: bool
    search: SearchArguments


def add_to(verbs: "Verbs[Parser]") -> None:
    """Declare the command."""
    publish, common = add_verb(
        verbs,
        "publish",
        _("what a hosting should serve, so that every program finds the settings"),
        examples=(
            "mailsetup publish company.com --address ana@company.com --out web",
            "mailsetup publish company.com --address ana@company.com --verify",
        ),
    )
    add_search(common)
    publish.add_argument("domain", metavar=_("DOMAIN"), help=_("the domain behind the @"))
    publish.add_argument(
        "--address",
        metavar=_("ADDRESS"),
        help=_("look for the settings of this mailbox of the domain and make them everybody's"),
    )
    publish.add_argument(
        "--out", type=Path, metavar=_("DIR"), help=_("write the files for the hosting")
    )
    publish.add_argument(
        "--verify",
        action="store_true",
        help=_("fetch what is really served and compare; writes nothing without --out"),
    )
    publish.add_argument(
        "--web",
        action="append",
        default=[],
        metavar="HOST|IP",
        help=_("the web server that is to serve the files; repeatable for IP addresses"),
    )
    publish.add_argument(
        "--folder", default="", metavar=_("DIR"), help=_("where the files lie on the web server")
    )
    publish.add_argument(
        "--mta-sts",
        choices=("testing", "enforce"),
        default="testing",
        help=_("how strictly others are to use TLS towards the domain (default: testing)"),
    )
    publish.add_argument(
        "--relative", action="store_true", help=_("write names in the zone below $ORIGIN")
    )
    publish.add_argument("--force", action="store_true", help=_("replace files that are there"))
