"""himalaya (the mail program written in Rust), version 2: a table of its ``config.toml``.

The keys are those of ``src/config.rs`` and ``config.sample.toml`` of its source; an unknown key
makes it refuse the file. Passwords come from commands that are given as a list of words, without a
shell. User names, however, are expanded like in a shell (the crate shellexpand): ``$name``, and a
tilde at the beginning that is followed by a slash or nothing. ``$$`` stands for a dollar sign.
"""

import json
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

_WAYS = (TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE, TerminalSignIn.TOKEN)
_MECHANISMS: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "plain",
    TerminalSignIn.CHALLENGE: "scram-sha-256",
    TerminalSignIn.TOKEN: "xoauth2",
}


class Himalaya:
    """himalaya."""

    id = "himalaya"
    title = "himalaya"
    automation = Automation.IMPORT

    def __init__(self, platform: str = sys.platform) -> None:
        self._platform = platform

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A table for ``config.toml`` with a command for the password."""
        failure = validate(account) or password_command.fault(account.address) or _fault(account)
        if failure is not None:
            return failure
        reading = terminal_common.sign_in(account.incoming, self.title, *_WAYS)
        sending = terminal_common.sign_in(account.outgoing, self.title, *_WAYS)
        if isinstance(reading, ExportFailure):
            return reading
        if isinstance(sending, ExportFailure):
            return sending
        name = stem(account.address)
        lines = [
            f"[accounts.{_toml(name)}]",
            f"email = {_toml(account.address.ascii)}",
            f"display-name = {_toml(account.person)}",
            *self._server("imap", account, account.incoming, reading),
            *self._server("smtp", account, account.outgoing, sending),
        ]
        file = ArtifactFile(
            name=f"himalaya-{name}.toml",
            content=("\n".join(lines) + "\n").encode(),
            media_type="application/toml",
            private=True,
        )
        steps = (
            terminal_common.credential_step(account, reading, self._platform),
            terminal_common.add_step(file.name, "~/.config/himalaya/config.toml"),
            terminal_common.command_step(
                _("See whether it works, and list your messages:"),
                f"himalaya account check {name}",
                f"himalaya envelopes list -a {name} -m INBOX",
            ),
        )
        notes = (
            _("This file is for himalaya 2. Version 1 does not understand it."),
            *terminal_common.platform_notes(self._platform),
            *terminal_common.google_notes(account, reading),
        )
        return Artifact(files=(file,), steps=steps, notes=notes)

    def _server(
        self, kind: str, account: Account, server: ServerSettings, way: TerminalSignIn
    ) -> list[str]:
        lines = [
            f"{kind}.server = {_toml(terminal_common.url(terminal_common.scheme(server), server))}"
        ]
        if server.security is SocketType.STARTTLS:
            lines.append(f"{kind}.starttls = true")
        if way is TerminalSignIn.NONE:
            return lines
        sasl = f"{kind}.sasl.{_MECHANISMS[way]}"
        lines.append(f"{sasl}.username = {_toml(server.username.replace('$', '$$'))}")
        if way is TerminalSignIn.TOKEN:
            secret, words = "token", password_command.token(account.address)
        else:
            secret = "password"  # noqa: S105 - the name of a key
            words = password_command.password(account.address, self._platform)
        lines.append(f"{sasl}.{secret}.command = [{', '.join(map(_toml, words))}]")
        return lines


def _fault(account: Account) -> ExportFailure | None:
    if account.incoming.protocol is Protocol.POP3:
        return terminal_common.no_pop(Himalaya.title)
    for server in (account.incoming, account.outgoing):
        if server.username == "~" or server.username.startswith("~/"):
            return ExportFailure(
                _("himalaya would take the user name for {host} for a folder.").format(
                    host=server.host
                )
            )
    return None


def _toml(text: str) -> str:
    """A basic string (TOML 1.0): JSON's escapes are among those of TOML."""
    return json.dumps(text, ensure_ascii=False)
