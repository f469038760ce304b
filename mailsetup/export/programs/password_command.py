"""The command that gives a program its password, so that no file holds one.

It reads the keyring entry that `mailsetup.vault` writes: service ``mailsetup``, user name the
address. A word of the command is never joined to another without `shlex`, because every program
here but himalaya hands the command to a shell.
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
"""The vault's own name for its entries; exporters may not import the vault itself."""

# Providers that oama, which keeps OAuth2 tokens fresh for other programs, knows by itself.
_OAMA_SERVICES: Final[Mapping[str, str]] = {
    "gmail.com": "google",
    "googlemail.com": "google",
    "outlook.com": "microsoft",
    "office365.com": "microsoft",
}


def password(address: EmailAddress, platform: str) -> tuple[str, ...]:
    """What prints the password kept for the address, as words; ``platform`` is `sys.platform`'s.

    macOS brings ``security``, elsewhere it is ``secret-tool`` of libsecret (also for KWallet, which
    speaks the same protocol).
    """
    if platform == "darwin":
        return ("security", "find-generic-password", "-s", SERVICE, "-a", address.ascii, "-w")
    return ("secret-tool", "lookup", "service", SERVICE, "username", address.ascii)


def store(address: EmailAddress, platform: str) -> tuple[str, ...]:
    """What asks for the password and keeps it where `password` finds it."""
    if platform == "darwin":
        return ("security", "add-generic-password", "-s", SERVICE, "-a", address.ascii, "-w")
    label = f"--label={SERVICE}"
    return ("secret-tool", "store", label, "service", SERVICE, "username", address.ascii)


def token(address: EmailAddress) -> tuple[str, ...]:
    """What prints a valid OAuth2 access token for the address."""
    return ("oama", "access", address.ascii)


def can_give_token(host: str) -> bool:
    """Whether a token for this host can be had by `token`."""
    return _service(host) != ""


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
    """How the person puts the password into the keyring."""
    text = _(
        "Keep your password in the keyring: run this command and type the password. If mailsetup"
        " already remembers it for you, go on to the next step."
    )
    if platform != "darwin":
        text += " " + _("The command secret-tool is in the package libsecret-tools.")
    return InstructionStep(text, (CopyValue(_("Command"), line(store(address, platform))),))


def token_step(account: Account) -> InstructionStep:
    """How the person gets tokens where the provider takes no password."""
    words = ("oama", "authorize", _service(account.incoming.host), account.address.ascii)
    return InstructionStep(
        _(
            "This provider takes no password from programs. Install oama, write its settings as"
            " its guide says, run this command and sign in in the browser."
        ),
        (CopyValue(_("Command"), line(words)),),
        "https://github.com/pdobsan/oama",
    )


def _service(host: str) -> str:
    for domain, service in _OAMA_SERVICES.items():
        if is_within(host, domain):
            return service
    return ""
