"""NeoMutt: one file of ``set`` commands, used with ``neomutt -F``.

Inside double quotes NeoMutt runs the text in backticks, expands ``$name`` and removes a backslash
(``parse_extract_token`` in its ``parse/extract.c``). The output of a command in backticks is taken
literally, one line of it. The text between the backticks is unescaped once more before the shell
gets it.
"""

from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import Artifact, ExportFailure, InstructionStep, settings_file
from mailsetup.export.filename import stem
from mailsetup.export.programs import terminal_common
from mailsetup.export.programs.terminal_common import TerminalProgram, TerminalSignIn
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol, ServerSettings

_MAX_FIELD = 127
"""Octets of a user or host name (``ConnAccount`` in ``conn/connaccount.h``); longer ones are cut
off."""

_METHODS: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "plain:login",
    TerminalSignIn.TOKEN: "oauthbearer:xoauth2",
}


class Neomutt(TerminalProgram):
    """NeoMutt."""

    def fault(self, account: Account) -> ExportFailure | None:
        """Names that would be cut off."""
        for server in (account.incoming, account.outgoing):
            if max(len(server.username.encode()), len(server.host)) > _MAX_FIELD:
                return terminal_common.too_long(server, "NeoMutt")
        return None

    def sign_in(self, server: ServerSettings) -> TerminalSignIn | ExportFailure:
        """With a password or a token."""
        supported = [TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE]
        # For POP it lacks XOAUTH2, the one mechanism for a token that all providers offer.
        if server.protocol is not Protocol.POP3:
            supported.append(TerminalSignIn.TOKEN)
        return terminal_common.best_sign_in(server, "NeoMutt", *supported)

    def artifact(
        self, account: Account, receiving: TerminalSignIn, sending: TerminalSignIn
    ) -> Artifact:
        """A file of settings."""
        file = settings_file(
            f"neomutt-{stem(account.address)}.rc",
            (
                *_common(account),
                *self._receiving(account, receiving),
                *self._sending(account, sending),
            ),
        )
        return Artifact(
            files=(file,),
            steps=self._steps(account, receiving, file.name),
            notes=(*self.common_notes(account, receiving), *_notes(account)),
        )

    def _receiving(self, account: Account, sign_in: TerminalSignIn) -> list[str]:
        server = account.incoming
        place = terminal_common.url(server) + "/"
        kind = "pop" if server.protocol is Protocol.POP3 else "imap"
        if kind == "pop":
            lines = [_set("pop_host", place), _set("spoolfile", place), "set pop_delete = no"]
        else:
            lines = [_set("folder", place), _set("spoolfile", "+INBOX")]
        lines.append(_set(f"{kind}_user", server.username))
        return lines + self._credentials(kind, account, sign_in)

    def _sending(self, account: Account, sign_in: TerminalSignIn) -> list[str]:
        server = account.outgoing
        user = "" if sign_in is TerminalSignIn.NONE else server.username
        url = terminal_common.url(server, user)
        return [_set("smtp_url", url + "/"), *self._credentials("smtp", account, sign_in)]

    def _credentials(self, kind: str, account: Account, sign_in: TerminalSignIn) -> list[str]:
        lines = []
        # For POP there is no "plain" to be named; it tries what the server offers.
        if sign_in in _METHODS and kind != "pop":
            lines.append(_set(f"{kind}_authenticators", _METHODS[sign_in]))
        command = self.credential_line(account, sign_in)
        if sign_in is TerminalSignIn.TOKEN:
            lines.append(_set(f"{kind}_oauth_refresh_command", command))
        elif sign_in is not TerminalSignIn.NONE:
            lines.append(f'set {kind}_pass = "`{_escaped(command)}`"')
        return lines

    def _steps(
        self, account: Account, sign_in: TerminalSignIn, name: str
    ) -> tuple[InstructionStep, ...]:
        return (
            self.credential_step(account, sign_in),
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


def _common(account: Account) -> list[str]:
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
