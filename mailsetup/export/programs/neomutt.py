"""NeoMutt: one file of ``set`` commands, used with ``neomutt -F``.

Inside double quotes NeoMutt runs the text in backticks, expands ``$name`` and removes a backslash
(``parse_extract_token`` in its ``parse/extract.c``). The output of a command in backticks is taken
literally, one line of it. The text between the backticks is unescaped once more before the shell
gets it.
"""

import sys
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import (
    Artifact,
    ArtifactFile,
    Automation,
    ExportFailure,
    InstructionStep,
)
from mailsetup.export.filename import stem
from mailsetup.export.programs import password_command, terminal_common
from mailsetup.export.programs.terminal_common import TerminalSignIn
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol

_MAX_FIELD = 127
"""Octets of a user or host name (``ConnAccount`` in ``conn/connaccount.h``); longer ones are cut
off."""

_PASSWORD_WAYS = (TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE)
_WAYS = (*_PASSWORD_WAYS, TerminalSignIn.TOKEN)
_METHODS: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "plain:login",
    TerminalSignIn.TOKEN: "oauthbearer:xoauth2",
}


class Neomutt:
    """NeoMutt."""

    id = "neomutt"
    title = "NeoMutt"
    automation = Automation.IMPORT

    def __init__(self, platform: str = sys.platform) -> None:
        self._platform = platform

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A file of settings with a command for the password."""
        failure = validate(account) or password_command.fault(account.address)
        if failure is not None:
            return failure
        for server in (account.incoming, account.outgoing):
            if max(len(server.username.encode()), len(server.host)) > _MAX_FIELD:
                return terminal_common.too_long(server, self.title)
        # For POP it lacks XOAUTH2, the one way to use a token that all providers offer.
        pop = account.incoming.protocol is Protocol.POP3
        reading = terminal_common.sign_in(
            account.incoming, self.title, *(_PASSWORD_WAYS if pop else _WAYS)
        )
        sending = terminal_common.sign_in(account.outgoing, self.title, *_WAYS)
        if isinstance(reading, ExportFailure):
            return reading
        if isinstance(sending, ExportFailure):
            return sending
        lines = [*self._common(account), *self._reading(account, reading)]
        lines += self._sending(account, sending)
        file = ArtifactFile(
            name=f"neomutt-{stem(account.address)}.rc",
            content=("\n".join(lines) + "\n").encode(),
            media_type="text/plain; charset=utf-8",
            private=True,
        )
        return Artifact(
            files=(file,),
            steps=self._steps(account, reading, file.name),
            notes=(
                *terminal_common.platform_notes(self._platform),
                *terminal_common.google_notes(account, reading),
                *_notes(account),
            ),
        )

    def _common(self, account: Account) -> list[str]:
        return [
            _set("config_charset", "utf-8"),
            _set("from", account.address.ascii),
            _set("realname", account.person),
            "set use_from = yes",
            "set ssl_force_tls = yes",
            # One switch for all servers; it has no effect where TLS is used from the start.
            "set ssl_starttls = yes",
            "set ssl_verify_dates = yes",
            "set ssl_verify_host = yes",
        ]

    def _reading(self, account: Account, way: TerminalSignIn) -> list[str]:
        server = account.incoming
        place = terminal_common.url(terminal_common.scheme(server), server) + "/"
        kind = "pop" if server.protocol is Protocol.POP3 else "imap"
        if kind == "pop":
            lines = [_set("pop_host", place), _set("spoolfile", place), "set pop_delete = no"]
        else:
            lines = [_set("folder", place), _set("spoolfile", "+INBOX")]
        lines.append(_set(f"{kind}_user", server.username))
        return lines + self._credentials(kind, account, way)

    def _sending(self, account: Account, way: TerminalSignIn) -> list[str]:
        server = account.outgoing
        user = "" if way is TerminalSignIn.NONE else server.username
        lines = [
            _set(
                "smtp_url", terminal_common.url(terminal_common.scheme(server), server, user) + "/"
            )
        ]
        return lines + self._credentials("smtp", account, way)

    def _credentials(self, kind: str, account: Account, way: TerminalSignIn) -> list[str]:
        lines = []
        # For POP there is no "plain" to be named; it tries what the server offers.
        if way in _METHODS and kind != "pop":
            lines.append(_set(f"{kind}_authenticators", _METHODS[way]))
        if way is TerminalSignIn.TOKEN:
            command = password_command.line(password_command.token(account.address))
            lines.append(_set(f"{kind}_oauth_refresh_command", command))
        elif way is not TerminalSignIn.NONE:
            words = password_command.password(account.address, self._platform)
            lines.append(f'set {kind}_pass = "`{_escaped(password_command.line(words))}`"')
        return lines

    def _steps(
        self, account: Account, way: TerminalSignIn, name: str
    ) -> tuple[InstructionStep, ...]:
        return (
            terminal_common.credential_step(account, way, self._platform),
            terminal_common.command_step(
                _("Open a terminal where {name} is, and copy it to NeoMutt's folder.").format(
                    name=name
                ),
                f"(umask 077; mkdir -p ~/.config/neomutt; cp {name} ~/.config/neomutt/;"
                f" chmod 600 ~/.config/neomutt/{name})",
            ),
            terminal_common.command_step(
                _("Start NeoMutt:"), f"neomutt -F ~/.config/neomutt/{name}"
            ),
        )


def _notes(account: Account) -> tuple[str, ...]:
    if account.incoming.protocol is Protocol.POP3:
        return (_("Messages stay on the server after NeoMutt has read them."),)
    return (
        _(
            "Sent messages are kept on this computer. To keep them on the server, add the line"
            " {line} with your folder for sent mail."
        ).format(line='set record = "+Sent"'),
    )


def _set(name: str, value: str) -> str:
    return f'set {name} = "{_escaped(value)}"'


def _escaped(value: str) -> str:
    for char in '\\"$`':
        value = value.replace(char, f"\\{char}")
    return value
