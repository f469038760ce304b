"""``start.py packages demo|test|windows``: the system packages alone, for the administrator."""

import os
import sys

from bootstrap import apt
from bootstrap.layout import Purpose, SetupError
from bootstrap.preparation import install_packages
from bootstrap.progress import say
from bootstrap.system_packages import WINDOW_SYSTEMS, debian_packages, this_system, which
from mailsetup.i18n import _


def run(words: list[str]) -> int:
    """Install what is missing for one purpose; writes nothing into the checkout."""
    purposes = {purpose.packages: purpose for purpose in Purpose if purpose.packages}
    if len(words) != 1 or words[0] not in purposes:
        print(_("usage: python3 packaging/start.py packages demo|test|windows"), file=sys.stderr)
        return 0 if {"-h", "--help"} & set(words) else 2
    if not which("apt-get"):
        raise SetupError(_("This works on Debian and Ubuntu only, where apt-get is."))
    if os.geteuid() != 0:
        raise SetupError(
            _("Only the administrator may install packages: put sudo before the line.")
        )
    purpose = purposes[words[0]]
    # For all window systems: `sudo` hides their variables, and the next start may have one.
    packages = debian_packages(purpose, this_system(), frozenset(WINDOW_SYSTEMS))
    if packages or apt.needs_repair():
        install_packages(packages, purpose, this_system())
    say(_("All system packages for “{what}” are installed.").format(what=words[0]))
    return 0
