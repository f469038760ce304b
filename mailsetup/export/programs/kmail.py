"""KMail: its configuration files, and a guide for adding the account to a KMail in use.

KMail reads mail through Akonadi: a *resource* with its own file, entered in Akonadi's list of
instances and in one more file with its displayed name; the outgoing server and the identity are in
two others. All may be written while Akonadi is stopped, and lists may be appended to existing ones:
KConfig and QSettings join groups of the same name. The instance's number is made from the address,
far above those that Akonadi assigns, so that it is unused. Keys and numbers are those that Akonadi
22.12 writes; KConfig escapes a value as GLib does.
"""

import string
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    CopyValue,
    ExportFailure,
    InstructionStep,
    instructions,
)
from mailsetup.export.filename import stem
from mailsetup.export.guide.page import (
    Guide,
    GuideChapter,
    GuideDialog,
    credential_rows,
    identity_values,
    page,
    server_rows,
    server_values,
)
from mailsetup.export.stable_id import stable_uuid
from mailsetup.export.validation import validate
from mailsetup.formats import keyfile
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType

# MailTransport::Transport::EnumAuthenticationType: its number, and its name in mailtransports.
_AUTHENTICATION: Final[Mapping[Authentication, tuple[int, str]]] = {
    Authentication.PASSWORD_CLEARTEXT: (1, "PLAIN"),
    Authentication.PASSWORD_ENCRYPTED: (2, "CRAM_MD5"),
    Authentication.GSSAPI: (4, "GSSAPI"),
    Authentication.NTLM: (5, "NTLM"),
}
# POP3's own login (USER and PASS), which every server supports.
_POP3_CLEAR = 7
_SAFETY: Final[Mapping[SocketType, str]] = {SocketType.TLS: "SSL", SocketType.STARTTLS: "STARTTLS"}
_NAMED = "agent_config_"
"""Prefix of the file with the name that Akonadi shows; the instance's name follows."""
_ENCRYPTION: Final[Mapping[SocketType, str]] = {SocketType.TLS: "SSL", SocketType.STARTTLS: "TLS"}


class KMail:
    """KMail, KDE's mail program."""

    def export(self, account: Account) -> Artifact | ExportFailure:
        """The files for ``~/.config``, and a guide that does the same by hand."""
        failure = validate(account) or _refused(account)
        if failure is not None:
            return failure
        files = tuple(
            ArtifactFile(name, content, "text/plain; charset=utf-8", private=True)
            for name, content in config_files(account).items()
        )
        guide = page(_guide(account), account, f"kmail-{stem(account.address)}.html")
        steps = instructions(
            _("If you use KMail already, follow the guide {name} instead.").format(name=guide.name),
            InstructionStep(
                _("Close KMail, open a terminal in the folder of the files, and enter:"),
                tuple(
                    CopyValue(_("Line {number}").format(number=number), line)
                    for number, line in enumerate(_lines(account), 1)
                ),
            ),
            _("Start KMail. It asks for the password; let it remember it."),
        )
        notes = (
            _("The files for KMail are experimental. The guide does the same by hand."),
            *_notes(account),
        )
        return Artifact(files=(guide, *files), steps=steps, notes=notes)


def _lines(account: Account) -> tuple[str, ...]:
    """The shell commands; of the account they contain the file's name only."""
    config = "~/.config"
    return (
        "akonadictl stop",
        f"mkdir -p {config}/akonadi",
        f"cat agentsrc >> {config}/akonadi/agentsrc",
        f"cp {_NAMED}{_instance(account)} {config}/akonadi/",
        f"cat mailtransports >> {config}/mailtransports",
        f"cat emailidentities >> {config}/emailidentities",
        f"cp {_instance(account)}rc {config}/",
    )


def config_files(account: Account) -> dict[str, bytes]:
    """Each file's name and content; those of Akonadi's agents belong into ``akonadi``."""
    number = _number(account, "transport")
    identity = _number(account, "identity")
    resource = _instance(account)
    # QSettings, not KConfig: a backslash in a key separates its parts.
    agents = f"[Instances]\n{resource}\\AgentType={_agent(account)}\n".encode()
    transport = {
        "id": str(number),
        "name": str(account.address),
        "identifier": "SMTP",
        "host": account.outgoing.host,
        "port": str(account.outgoing.port),
        "encryption": _ENCRYPTION[account.outgoing.security],
        "auth": "true" if _authentication(account.outgoing) else "false",
    }
    sending = _authentication(account.outgoing)
    if sending is not None:
        transport |= {"authtype": sending[1], "user": account.outgoing.username}
    who = {
        "Identity": str(account.address),
        "Name": account.person,
        "Email Address": account.address.ascii,
        "Transport": str(number),
        "uoid": str(identity),
    }
    return {
        f"{resource}rc": _resource(account, identity),
        "agentsrc": agents,
        f"{_NAMED}{resource}": f"[Agent]\nName={_qsettings(str(account.address))}\n".encode(),
        "mailtransports": keyfile.render({f"Transport {number}": transport}),
        "emailidentities": keyfile.render({f"Identity #{_position(account)}": who}),
    }


def _qsettings(text: str) -> str:
    """A text as QSettings writes it: in quotes, with escapes for all but plain characters."""
    pieces = ['"']
    open_escape = False
    for char in text:
        # A digit after an escape would be taken for a part of it.
        open_escape = not (" " <= char <= "~") or (open_escape and char in string.hexdigits)
        if open_escape:
            units = char.encode("utf-16-be")
            pieces += [
                f"\\x{int.from_bytes(units[at : at + 2]):x}" for at in range(0, len(units), 2)
            ]
        else:
            pieces.append(f"\\{char}" if char in '\\"' else char)
    return "".join((*pieces, '"'))


def _resource(account: Account, identity: int) -> bytes:
    server = account.incoming
    number, _word = _authentication(server) or (0, "")
    if server.protocol is Protocol.IMAP:
        return keyfile.render(
            {
                "network": {
                    "ImapServer": server.host,
                    "ImapPort": str(server.port),
                    "Safety": _SAFETY[server.security],
                    "UserName": server.username,
                    "Authentication": str(number),
                },
                "cache": {"UseDefaultIdentity": "false", "AccountIdentity": str(identity)},
            }
        )
    tls = server.security is SocketType.TLS
    return keyfile.render(
        {
            "General": {
                "name": str(account.address),
                "host": server.host,
                "port": str(server.port),
                "login": server.username,
                "useSSL": "true" if tls else "false",
                "useTLS": "false" if tls else "true",
                "authenticationMethod": str(
                    _POP3_CLEAR
                    if server.authentication[0] is Authentication.PASSWORD_CLEARTEXT
                    else number
                ),
                # Without this KMail deletes messages from the server after fetching them.
                "leaveOnServer": "true",
            }
        }
    )


def _agent(account: Account) -> str:
    imap = account.incoming.protocol is Protocol.IMAP
    return "akonadi_imap_resource" if imap else "akonadi_pop3_resource"


def _instance(account: Account) -> str:
    return f"{_agent(account)}_{_position(account)}"


def _position(account: Account) -> int:
    """A number that Akonadi's own counting from 0 does not reach."""
    return 1_000_000 + _number(account, "position") % 1_000_000


def _number(account: Account, what: str) -> int:
    """A positive number of 31 bits, always the same for an address."""
    return (stable_uuid(account.address, f"kmail-{what}").int & 0x7FFFFFFE) + 1


def _authentication(server: ServerSettings) -> tuple[int, str] | None:
    for kind in server.authentication:
        if kind in _AUTHENTICATION:
            return _AUTHENTICATION[kind]
    return None


def _refused(account: Account) -> ExportFailure | None:
    outgoing = account.outgoing
    open_door = Authentication.NONE in outgoing.authentication
    for server in (account.incoming, outgoing):
        if _authentication(server) is None and not (server is outgoing and open_door):
            return ExportFailure(
                _(
                    "KMail cannot be set up for {host} by file: it signs in there in a browser"
                    " window. Add the account in KMail's own assistant."
                ).format(host=server.host)
            )
    return None


def _notes(account: Account) -> tuple[str, ...]:
    if account.incoming.protocol is Protocol.POP3:
        return (_("Messages stay on the server after KMail has fetched them."),)
    return ()


def _guide(account: Account) -> Guide:
    incoming = account.incoming
    chapter = GuideChapter(
        title="KMail",
        steps=instructions(
            InstructionStep(
                _("In KMail choose Settings, “Configure KMail”, “Identities”, Add, and enter:"),
                identity_values(account),
            ),
            InstructionStep(
                _(
                    "Choose Accounts, “Receiving”, Add, “Custom Account”, then the kind {kind}:"
                ).format(kind=incoming.protocol.upper()),
                server_values(incoming),
            ),
            _("Type your password and press OK."),
            InstructionStep(
                _("Choose “Sending”, Add, SMTP, and enter:"),
                server_values(account.outgoing),
            ),
            _("In the identity, under Advanced, choose this outgoing account."),
        ),
        dialog=GuideDialog(
            _("Receiving"),
            (*server_rows(incoming), *credential_rows(incoming)),
            "OK",
        ),
    )
    return Guide(
        title=_("Set up {address} in KMail").format(address=account.address),
        lead=_("Follow the steps and copy each value into its field."),
        chapters=(chapter,),
        notes=_notes(account),
    )
