"""aerc: a section of its ``accounts.conf``.

The file is read by go-ini, which takes a value in backticks literally, up to the last backtick of
the line, and then replaces ``%(key)s``. Servers are URLs; the command for the password is run with
``sh -c``. aerc refuses the file when other users may read it (aerc-accounts(5), aerc-imap(5),
aerc-smtp(5)).
"""

import base64
import re
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import Artifact, ExportFailure, settings_file
from mailsetup.export.filename import stem
from mailsetup.export.programs import terminal_common
from mailsetup.export.programs.terminal_common import TerminalProgram, TerminalSignIn
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

_WORDS = re.compile(r"[^\W_]+(?: [^\W_]+)*")
_REFERENCE = "%("
_SCHEME_ENDS: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "",
    TerminalSignIn.TOKEN: "+xoauth2",
    TerminalSignIn.NONE: "+none",
}


class Aerc(TerminalProgram):
    """aerc."""

    def fault(self, account: Account) -> ExportFailure | None:
        """POP, and two limits of its parser."""
        if account.incoming.protocol is Protocol.POP3:
            return terminal_common.no_pop("aerc")
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

    def sign_in(self, server: ServerSettings) -> TerminalSignIn | ExportFailure:
        """With a password or a token."""
        return terminal_common.best_sign_in(
            server, "aerc", TerminalSignIn.PASSWORD, TerminalSignIn.TOKEN
        )

    def artifact(
        self, account: Account, receiving: TerminalSignIn, sending: TerminalSignIn
    ) -> Artifact | ExportFailure:
        """A section for ``accounts.conf``."""
        if receiving is TerminalSignIn.TOKEN and account.incoming.security is not SocketType.TLS:
            return ExportFailure(
                _(
                    "aerc signs in without a password only where encryption starts at once, and"
                    " {host} uses STARTTLS."
                ).format(host=account.incoming.host)
            )
        name = stem(account.address)
        lines = self._section(name, account, receiving, sending)
        file = settings_file(f"aerc-{name}.conf", lines)
        steps = (
            self.credential_step(account, receiving),
            terminal_common.add_step(file.name, "~/.config/aerc/accounts.conf"),
            terminal_common.command_step(_("Start aerc:"), "aerc"),
        )
        notes = (
            *self.common_notes(account, receiving),
            _(
                "Sent messages are not kept. To keep them on the server, add the line {line} with"
                " your folder for sent mail."
            ).format(line="copy-to = Sent"),
        )
        return Artifact(files=(file,), steps=steps, notes=notes)

    def _section(
        self, name: str, account: Account, receiving: TerminalSignIn, sending: TerminalSignIn
    ) -> list[str]:
        values = [
            ("source", _url(account.incoming, receiving)),
            ("source-cred-cmd", self.credential_line(account, receiving)),
            ("outgoing", _url(account.outgoing, sending)),
        ]
        if sending is not TerminalSignIn.NONE:
            values.append(("outgoing-cred-cmd", self.credential_line(account, sending)))
        if account.outgoing.security is SocketType.STARTTLS:
            # aerc 0.14 refuses to send without this key (and with "true", contrary to its manual);
            # newer versions encrypt in any case.
            values.append(("smtp-starttls", "yes"))
        values += [("from", _mailbox(account)), ("default", "INBOX")]
        return [f"[{name}]", *(f"{key} = `{value}`" for key, value in values)]


def _url(server: ServerSettings, sign_in: TerminalSignIn) -> str:
    username = "" if sign_in is TerminalSignIn.NONE else server.username
    return terminal_common.url(server, username, _SCHEME_ENDS[sign_in])


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
