"""himalaya (the mail program written in Rust), version 2: a table of its ``config.toml``.

The keys are those of ``src/config.rs`` and ``config.sample.toml`` of its source; an unknown key
makes it refuse the file. Passwords come from commands that are given as a list of words, without a
shell. User names, however, are expanded like in a shell (the crate shellexpand): ``$name``, and a
tilde at the beginning that is followed by a slash or nothing. ``$$`` stands for a dollar sign.
"""

import json
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import Artifact, ExportFailure, settings_file
from mailsetup.export.filename import stem
from mailsetup.export.programs import terminal_common
from mailsetup.export.programs.terminal_common import TerminalProgram, TerminalSignIn
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

_MECHANISMS: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "plain",
    TerminalSignIn.CHALLENGE: "scram-sha-256",
    TerminalSignIn.TOKEN: "xoauth2",
}


class Himalaya(TerminalProgram):
    """himalaya."""

    def fault(self, account: Account) -> ExportFailure | None:
        """POP, and user names that would be expanded."""
        if account.incoming.protocol is Protocol.POP3:
            return terminal_common.no_pop("himalaya")
        for server in (account.incoming, account.outgoing):
            if server.username == "~" or server.username.startswith("~/"):
                return ExportFailure(
                    _("himalaya would take the user name for {host} for a folder.").format(
                        host=server.host
                    )
                )
        return None

    def sign_in(self, server: ServerSettings) -> TerminalSignIn | ExportFailure:
        """With a password, a challenge or a token."""
        return terminal_common.best_sign_in(server, "himalaya", *_MECHANISMS)

    def artifact(
        self, account: Account, receiving: TerminalSignIn, sending: TerminalSignIn
    ) -> Artifact:
        """A table for ``config.toml``."""
        name = stem(account.address)
        lines = [
            f"[accounts.{_toml(name)}]",
            f"email = {_toml(account.address.ascii)}",
            f"display-name = {_toml(account.person)}",
            *self._server("imap", account, account.incoming, receiving),
            *self._server("smtp", account, account.outgoing, sending),
        ]
        file = settings_file(f"himalaya-{name}.toml", lines, "application/toml")
        steps = (
            self.credential_step(account, receiving),
            terminal_common.add_step(file.name, "~/.config/himalaya/config.toml"),
            terminal_common.command_step(
                _("See whether it works, and list your messages:"),
                f"himalaya account check {name}",
                f"himalaya envelopes list -a {name} -m INBOX",
            ),
        )
        notes = (
            _("This file is for himalaya 2. Version 1 does not understand it."),
            *self.common_notes(account, receiving),
        )
        return Artifact(files=(file,), steps=steps, notes=notes)

    def _server(
        self, kind: str, account: Account, server: ServerSettings, sign_in: TerminalSignIn
    ) -> list[str]:
        lines = [f"{kind}.server = {_toml(terminal_common.url(server))}"]
        if server.security is SocketType.STARTTLS:
            lines.append(f"{kind}.starttls = true")
        if sign_in is TerminalSignIn.NONE:
            return lines
        sasl = f"{kind}.sasl.{_MECHANISMS[sign_in]}"
        lines.append(f"{sasl}.username = {_toml(server.username.replace('$', '$$'))}")
        key = "token" if sign_in is TerminalSignIn.TOKEN else "password"
        words = ", ".join(map(_toml, self.credential_command(account, sign_in)))
        lines.append(f"{sasl}.{key}.command = [{words}]")
        return lines


def _toml(text: str) -> str:
    """A basic string (TOML 1.0): JSON's escapes are among those of TOML."""
    return json.dumps(text, ensure_ascii=False)
