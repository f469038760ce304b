"""aerc: a section of its ``accounts.conf``.

The file is read by go-ini, which takes a value in backticks literally, up to the last backtick of
the line, and then replaces ``%(key)s``. Servers are URLs; the command for the password is run with
``sh -c``. aerc refuses the file when other users may read it (aerc-accounts(5), aerc-imap(5),
aerc-smtp(5)).
"""

import base64
import re
import sys
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import Artifact, ArtifactFile, Automation, ExportFailure
from mailsetup.export.filename import stem
from mailsetup.export.programs import password_command, terminal_common
from mailsetup.export.programs.terminal_common import TerminalSignIn
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

_WORDS = re.compile(r"[^\W_]+(?: [^\W_]+)*")
_REFERENCE = "%("
_SCHEME_ENDS: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "",
    TerminalSignIn.TOKEN: "+xoauth2",
    TerminalSignIn.NONE: "+none",
}


class Aerc:
    """aerc."""

    id = "aerc"
    title = "aerc"
    automation = Automation.IMPORT

    def __init__(self, platform: str = sys.platform) -> None:
        self._platform = platform

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A section for ``accounts.conf`` with a command for the password."""
        failure = validate(account) or password_command.fault(account.address) or _fault(account)
        if failure is not None:
            return failure
        reading = terminal_common.sign_in(
            account.incoming, self.title, TerminalSignIn.PASSWORD, TerminalSignIn.TOKEN
        )
        sending = terminal_common.sign_in(
            account.outgoing, self.title, TerminalSignIn.PASSWORD, TerminalSignIn.TOKEN
        )
        if isinstance(reading, ExportFailure):
            return reading
        if isinstance(sending, ExportFailure):
            return sending
        if reading is TerminalSignIn.TOKEN and account.incoming.security is not SocketType.TLS:
            return ExportFailure(
                _(
                    "aerc signs in without a password only where encryption starts at once, and"
                    " {host} uses STARTTLS."
                ).format(host=account.incoming.host)
            )
        name = stem(account.address)
        file = ArtifactFile(
            name=f"aerc-{name}.conf",
            content=self._section(name, account, reading, sending).encode(),
            media_type="text/plain; charset=utf-8",
            private=True,
        )
        steps = (
            terminal_common.credential_step(account, reading, self._platform),
            terminal_common.add_step(file.name, "~/.config/aerc/accounts.conf"),
            terminal_common.command_step(_("Start aerc:"), "aerc"),
        )
        notes = (
            *terminal_common.platform_notes(self._platform),
            *terminal_common.google_notes(account, reading),
            _(
                "Sent messages are not kept. To keep them on the server, add the line {line} with"
                " your folder for sent mail."
            ).format(line="copy-to = Sent"),
        )
        return Artifact(files=(file,), steps=steps, notes=notes)

    def _section(
        self, name: str, account: Account, reading: TerminalSignIn, sending: TerminalSignIn
    ) -> str:
        values = [
            ("source", _url(account.incoming, reading)),
            ("source-cred-cmd", self._command(account, reading)),
            ("outgoing", _url(account.outgoing, sending)),
        ]
        if sending is not TerminalSignIn.NONE:
            values.append(("outgoing-cred-cmd", self._command(account, sending)))
        if account.outgoing.security is SocketType.STARTTLS:
            # aerc 0.14 refuses to send without this key (and with "true", contrary to its manual);
            # newer versions encrypt in any case.
            values.append(("smtp-starttls", "yes"))
        values += [("from", _mailbox(account)), ("default", "INBOX")]
        lines = [f"[{name}]", *(f"{key} = `{value}`" for key, value in values)]
        return "\n".join(lines) + "\n"

    def _command(self, account: Account, way: TerminalSignIn) -> str:
        if way is TerminalSignIn.TOKEN:
            return password_command.line(password_command.token(account.address))
        return password_command.line(password_command.password(account.address, self._platform))


def _fault(account: Account) -> ExportFailure | None:
    if account.incoming.protocol is Protocol.POP3:
        return terminal_common.no_pop(Aerc.title)
    if _REFERENCE in account.address.local:
        return ExportFailure(_("aerc cannot write this address: it holds “%(”."))
    if ":" in account.outgoing.host:
        # It takes the host name for TLS from before the first colon.
        return ExportFailure(
            _("aerc cannot send through a server without a name: {host}.").format(
                host=account.outgoing.host
            )
        )
    return None


def _url(server: ServerSettings, way: TerminalSignIn) -> str:
    scheme = terminal_common.scheme(server) + _SCHEME_ENDS[way]
    return terminal_common.url(
        scheme, server, "" if way is TerminalSignIn.NONE else server.username
    )


def _mailbox(account: Account) -> str:
    """``Name <address>`` (RFC 5322 section 3.4)."""
    address = account.address
    if not account.person:
        return address.ascii
    if _WORDS.fullmatch(account.person):
        name = account.person
    elif _REFERENCE in account.person:
        # An encoded word (RFC 2047) contains nothing that go-ini would replace.
        name = f"=?utf-8?b?{base64.b64encode(account.person.encode()).decode()}?="
    else:
        name = '"' + account.person.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{name} <{address.ascii}>"
