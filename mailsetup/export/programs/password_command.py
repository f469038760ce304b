"""The command with which a program reads its password, so that no file contains one.

It reads the keyring entry that `mailsetup.vault` writes: service ``mailsetup``, user name the
address. Words of the command are only joined with `shlex`, because every program here but himalaya
runs the command in a shell.
"""

import shlex
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import CopyValue, ExportFailure, InstructionStep
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.hostname import is_within
from mailsetup.model.settings import Account

SERVICE = "mailsetup"
"""The service name of the vault's entries; exporters may not import the vault itself."""

# Providers with a built-in registration in oama, which renews OAuth2 tokens for other programs.
_OAMA_SERVICES: Final[Mapping[str, str]] = {
    "gmail.com": "google",
    "googlemail.com": "google",
    "outlook.com": "microsoft",
    "office365.com": "microsoft",
}


def password(address: EmailAddress, platform: str) -> tuple[str, ...]:
    """The command that prints the stored password, as words; ``platform`` is `sys.platform`'s.

    macOS has ``security``, elsewhere it is ``secret-tool`` of libsecret (also for KWallet, which
    implements the same D-Bus interface).
    """
    if platform == "darwin":
        return ("security", "find-generic-password", "-s", SERVICE, "-a", address.ascii, "-w")
    return ("secret-tool", "lookup", "service", SERVICE, "username", address.ascii)


def store(address: EmailAddress, platform: str) -> tuple[str, ...]:
    """The command that asks for the password and stores it where `password` finds it."""
    if platform == "darwin":
        return ("security", "add-generic-password", "-s", SERVICE, "-a", address.ascii, "-w")
    label = f"--label={SERVICE}"
    return ("secret-tool", "store", label, "service", SERVICE, "username", address.ascii)


def token(address: EmailAddress) -> tuple[str, ...]:
    """The command that prints a valid OAuth2 access token for the address."""
    return ("oama", "access", address.ascii)


def token_service(host: str) -> str:
    """The name of the service of which `token` prints tokens for this host; "" where none."""
    for domain, service in _OAMA_SERVICES.items():
        if is_within(host, domain):
            return service
    return ""


def fault(address: EmailAddress) -> ExportFailure | None:
    """Why the address cannot be a word of these commands; None when it can."""
    if address.local.startswith("-"):
        return ExportFailure(
            _("The address begins with a dash. Commands would take it for an option.")
        )
    return None


def line(words: tuple[str, ...]) -> str:
    """The words as a line for ``sh``."""
    return shlex.join(words)


def password_step(address: EmailAddress, platform: str) -> InstructionStep:
    """How the user puts the password into the keyring."""
    text = _(
        "Keep your password in the keyring: run this command and type the password. If mailsetup"
        " already remembers it for you, go on to the next step."
    )
    if platform != "darwin":
        text += " " + _("The command secret-tool is in the package libsecret-tools.")
    return InstructionStep(text, (CopyValue(_("Command"), line(store(address, platform))),))


def token_step(account: Account) -> InstructionStep:
    """How the user gets tokens where the provider accepts no password."""
    words = ("oama", "authorize", token_service(account.incoming.host), account.address.ascii)
    return InstructionStep(
        _(
            "This provider takes no password from programs. Install oama, write its settings as"
            " its guide says, run this command and sign in in the browser."
        ),
        (CopyValue(_("Command"), line(words)),),
        "https://github.com/pdobsan/oama",
    )
