"""Installs what a first start lacks, or prints the command that does."""

import os
import subprocess
import sys

from bootstrap import apt, distribution, virtualenv
from bootstrap.layout import ROOT, SCRIPT, VENV, Purpose, SetupError, screens
from bootstrap.progress import say
from bootstrap.system_packages import (
    System,
    debian_packages,
    missing_programs,
    this_system,
    which,
)
from mailsetup.i18n import _


def prepare(purpose: Purpose) -> None:
    """Install everything that this purpose needs. Raises SetupError, KeyboardInterrupt."""
    _check_folder()
    system = this_system()
    if sys.platform.startswith("linux") and which("apt-get"):
        _prepare_debian(purpose, system)
    else:
        distribution.check(purpose, system)
    download, on_disk = virtualenv.MEGABYTES[purpose.is_testing]
    say(
        _(
            "Preparing mailsetup in {folder}, only this once: about {download} MB to download, "
            "{on_disk} MB on the disk; half a minute to a few minutes, as fast as the internet is. "
            "Ctrl-C stops it, and the next start goes on."
        ).format(folder=VENV, download=download, on_disk=on_disk)
    )
    virtualenv.prepare(purpose)


def _check_folder() -> None:
    for folder in (ROOT, VENV) if VENV.exists() else (ROOT,):
        if not os.access(folder, os.W_OK):
            raise SetupError(
                _(
                    "This folder cannot be written to: {folder}. Copy mailsetup to a folder of "
                    "your own and start it there."
                ).format(folder=folder)
            )


def _prepare_debian(purpose: Purpose, system: System) -> None:
    packages = debian_packages(purpose, system, screens())
    if not packages and not apt.needs_repair():
        return
    what = purpose.packages or Purpose.DEMO_IN_WINDOW.packages
    if os.geteuid() == 0:
        install_packages(packages, purpose, system)
        return
    words = [sys.executable, str(SCRIPT), "packages", what]
    sudo = which("sudo")
    if (
        sudo
        and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0
    ):
        if subprocess.call([sudo, "-n", *words]) == 0:
            return
        raise SetupError(_("The system packages could not be installed; the reason stands above."))
    raise SetupError(request(packages, words, has_sudo=sudo is not None))


def request(packages: list[str], words: list[str], *, has_sudo: bool) -> str:
    """The command that an ordinary user is asked to run, and what it does."""
    import shlex

    line = shlex.join(words)
    line = f"sudo {line}" if has_sudo else f"su -c {shlex.quote(line)}"
    what = ", ".join(packages) or _("repairing an interrupted installation")
    size = apt.size(packages) if packages else None
    amount = f" ({_amount(size)})" if size else ""
    return _(
        "Some packages of your system are missing. Paste this line, then start again:\n"
        "\n"
        "  {line}\n"
        "\n"
        "It asks for the administrator's password, installs {what}{amount}, and starts no service."
    ).format(line=line, what=what, amount=amount)


def install_packages(packages: list[str], purpose: Purpose, system: System) -> None:
    """Print the size of these Debian packages and install them as root."""
    if packages:
        say(_("Missing system packages: {packages}").format(packages=" ".join(packages)))
        if size := apt.size(packages):
            say(_amount(size))
    apt.install(packages, optional=missing_programs(purpose, system))


def _amount(size: apt.Size) -> str:
    return _("{download} to download, {on_disk} on the disk").format(
        download=size.download, on_disk=size.on_disk
    )
