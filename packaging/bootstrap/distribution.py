"""Systems without ``apt-get``: prints the command that installs what is missing."""

import shlex
import sys

from bootstrap.layout import Purpose, SetupError, screens
from bootstrap.progress import say
from bootstrap.system_packages import (
    PACKAGE_MANAGERS,
    System,
    missing_libraries,
    other_system_line,
    which,
)
from mailsetup.i18n import _


def check(purpose: Purpose, system: System) -> None:
    """Raises SetupError with the missing libraries and how to install them."""
    if not system.has_ensurepip():
        raise SetupError(_incomplete_python())
    if not sys.platform.startswith("linux"):
        return
    libraries = missing_libraries(purpose, system, screens())
    if libraries:
        raise SetupError(_missing(libraries))
    if purpose is Purpose.TESTS:
        say(
            _(
                "The mail servers for the tests are installed by themselves on Debian and Ubuntu "
                "only. Tests for which something is missing are skipped, each with its reason."
            )
        )


def _missing(libraries: list[str]) -> str:
    for manager in PACKAGE_MANAGERS:
        if which(manager):
            return _(
                "Libraries are missing. Paste this line, then start again:\n\n  {line}"
            ).format(line=other_system_line(libraries, manager))
    return _(
        "These libraries are missing: {libraries}. Install them with your system's package "
        "manager and start again."
    ).format(libraries=", ".join(libraries))


def _incomplete_python() -> str:
    """How to complete a Python without ensurepip on this system."""
    if sys.platform == "win32":
        advice = _("install Python from python.org, with “pip” chosen")
    elif sys.platform == "darwin":
        advice = _("install Python from python.org, or run: brew install python")
    elif which("zypper"):
        minor = f"{sys.version_info.major}{sys.version_info.minor}"
        advice = _("run: {line}").format(
            line=f"sudo zypper --non-interactive install python{minor}-pip"
        )
    elif which("dnf"):
        advice = _("run: {line}").format(line="sudo dnf install -y python3-libs python3-pip")
    elif which("pacman"):
        advice = _("run: {line}").format(line="sudo pacman -S --needed --noconfirm python")
    else:
        advice = _("install Python with its module ensurepip")
    return _(
        "The Python that runs this ({python}) lacks its module ensurepip: {advice}. "
        "Then start again."
    ).format(python=shlex.quote(sys.executable), advice=advice)
