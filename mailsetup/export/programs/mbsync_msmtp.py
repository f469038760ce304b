"""mbsync and msmtp: one fetches into a Maildir, the other sends for any program.

mbsync (``get_arg`` in isync's ``config.c``) reads a string in double quotes, in which a backslash
escapes the next character; 1.4 reads only ``SSLType``, 1.5 accepts it as the old name of
``TLSType``. msmtp takes an argument literally between the first and the last double quote of the
line; nothing is escaped in it. Both run the command for the password with ``sh -c``.
"""

import re
from collections.abc import Mapping
from typing import Final

from mailsetup.export.exporter import Artifact, ExportFailure, InstructionStep, settings_file
from mailsetup.export.filename import stem
from mailsetup.export.programs import terminal_common
from mailsetup.export.programs.terminal_common import TerminalProgram, TerminalSignIn
from mailsetup.i18n import _
from mailsetup.model.settings import Account, Protocol, ServerSettings, SocketType

_MAX_MBSYNC_LINE = 1000
"""Octets; mbsync reads lines of up to 1024 and takes the rest for another line."""
_MAX_MSMTP_LINE = 499
"""Octets; msmtp refuses a file with a longer line."""

# What msmtp replaces in an envelope sender (msmtp(1), "from").
_SUBSTITUTED = re.compile(r"%[UHCM]")
_AUTH: Final[Mapping[TerminalSignIn, str]] = {
    TerminalSignIn.PASSWORD: "on",
    TerminalSignIn.CHALLENGE: "on",
    TerminalSignIn.TOKEN: "xoauth2",
    TerminalSignIn.NONE: "off",
}


class MbsyncMsmtp(TerminalProgram):
    """mbsync, of the package isync, and msmtp."""

    def fault(self, account: Account) -> ExportFailure | None:
        """POP, and addresses in which msmtp would replace something."""
        if account.incoming.protocol is Protocol.POP3:
            return terminal_common.no_pop("mbsync")
        if _SUBSTITUTED.search(account.address.ascii):
            return ExportFailure(
                _("msmtp would change this address, because it holds %U, %H, %C or %M.")
            )
        return None

    def sign_in(self, server: ServerSettings) -> TerminalSignIn | ExportFailure:
        """With a password; msmtp also with a token."""
        if server.protocol is Protocol.SMTP:
            return terminal_common.best_sign_in(server, "msmtp", *_AUTH)
        return terminal_common.best_sign_in(
            server, "mbsync", TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE
        )

    def artifact(
        self, account: Account, receiving: TerminalSignIn, sending: TerminalSignIn
    ) -> Artifact | ExportFailure:
        """A file for each of the two programs."""
        name = stem(account.address)
        fetch = self._mbsync(name, account, receiving)
        send = self._msmtp(name, account, sending)
        if _longest(fetch) > _MAX_MBSYNC_LINE:
            return terminal_common.too_long(account.incoming, "mbsync")
        if _longest(send) > _MAX_MSMTP_LINE:
            return terminal_common.too_long(account.outgoing, "msmtp")
        files = (
            settings_file(f"mbsync-{name}.conf", fetch),
            settings_file(f"msmtp-{name}.conf", send),
        )
        notes = (
            *self.common_notes(account, receiving),
            _("Messages that you delete on this computer stay on the server."),
            _("If ~/.msmtprc names a default account already, leave out the last line of {name}.")
            .format(name=files[1].name),
        )  # fmt: skip
        return Artifact(files=files, steps=self._steps(account, receiving, name), notes=notes)

    def _mbsync(self, name: str, account: Account, sign_in: TerminalSignIn) -> list[str]:
        server = account.incoming
        command = self.credential_line(account, sign_in)
        tls = "IMAPS" if server.security is SocketType.TLS else "STARTTLS"
        lines = [
            f"IMAPAccount {name}",
            f"Host {_quoted(server.host)}",
            f"Port {server.port}",
            f"User {_quoted(server.username)}",
            f"PassCmd {_quoted(command)}",
            f"SSLType {tls}",
            "SystemCertificates yes",
        ]
        if sign_in is TerminalSignIn.PASSWORD:
            lines.append("AuthMechs PLAIN LOGIN")
        return [
            *lines,
            "",
            f"IMAPStore {name}-remote",
            f"Account {name}",
            "",
            f"MaildirStore {name}-local",
            f"Path ~/Mail/{name}/",
            f"Inbox ~/Mail/{name}/INBOX",
            "SubFolders Verbatim",
            "",
            f"Channel {name}",
            f"Far :{name}-remote:",
            f"Near :{name}-local:",
            "Patterns *",
            "Create Near",
            "Expunge None",
            "SyncState *",
            "",
        ]

    def _msmtp(self, name: str, account: Account, sign_in: TerminalSignIn) -> list[str]:
        server = account.outgoing
        lines = [
            f"account {name}",
            f'host "{server.host}"',
            f"port {server.port}",
            "tls on",
            f"tls_starttls {'off' if server.security is SocketType.TLS else 'on'}",
            "tls_trust_file system",
            f"auth {_AUTH[sign_in]}",
        ]
        if sign_in is not TerminalSignIn.NONE:
            command = self.credential_line(account, sign_in)
            lines += [f'user "{server.username}"', f'passwordeval "{command}"']
        return [*lines, f'from "{account.address.ascii}"', "", f"account default : {name}"]

    def _steps(
        self, account: Account, sign_in: TerminalSignIn, name: str
    ) -> tuple[InstructionStep, ...]:
        return (
            self.credential_step(account, sign_in),
            terminal_common.add_step(f"mbsync-{name}.conf", "~/.mbsyncrc"),
            terminal_common.add_step(f"msmtp-{name}.conf", "~/.msmtprc"),
            terminal_common.command_step(
                _("Fetch your mail into the folder Mail:"), f"mkdir -p ~/Mail/{name}; mbsync {name}"
            ),
            terminal_common.command_step(
                _("To send, tell your mail program to use this as sendmail:"), f"msmtp -a {name} -t"
            ),
        )


def _longest(lines: list[str]) -> int:
    return max(len(line.encode()) for line in lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
