"""The settings as plain text, for WhatsApp, SMS or a note.

One value a line and nothing around it, so that a value can be selected on a phone.
"""

from mailsetup.export.exporter import ArtifactFile
from mailsetup.export.guide.page import security_name
from mailsetup.i18n import _
from mailsetup.model.settings import Account, ServerSettings


def message(account: Account, name: str) -> ArtifactFile:
    """The text as a UTF-8 file in the current language. The account must have been validated."""
    return ArtifactFile(name, text(account).encode(), "text/plain; charset=utf-8", private=True)


def text(account: Account) -> str:
    """The text itself, each line ``label: value``."""
    lines = [
        _("Your settings"),
        _line(_("E-mail address"), str(account.address)),
        "",
        _("To receive"),
        *_server(account.incoming),
        "",
        _("To send"),
        *_server(account.outgoing),
        "",
        _("The password is the one of the mailbox. Never send it in a message."),
    ]
    return "\n".join(lines) + "\n"


def _server(server: ServerSettings) -> list[str]:
    lines = [
        _line(_("Kind"), server.protocol.upper()),
        _line(_("Server"), server.host),
        _line(_("Port"), str(server.port)),
        _line(_("Encryption"), security_name(server.security)),
    ]
    if server.username:
        lines.append(_line(_("User name"), server.username))
    return lines


def _line(label: str, value: str) -> str:
    return f"{label}: {value}"
