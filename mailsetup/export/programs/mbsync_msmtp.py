"""mbsync and msmtp: one fetches into a Maildir, the other sends for any program.

mbsync (``get_arg`` in isync's ``config.c``) reads a string in double quotes, in which a backslash
escapes the next character; 1.4 knows only ``SSLType``, 1.5 accepts it as the old name of
``TLSType``. msmtp takes an argument literally between the first and the last double quote of the
line; nothing is escaped in it. Both run the command for the password with ``sh -c``.
"""

import re
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
from mailsetup.model.settings import Account, Protocol, SocketType

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


class MbsyncMsmtp:
    """mbsync, of the package isync, and msmtp."""

    id = "mbsync"
    title = "mbsync + msmtp"
    automation = Automation.IMPORT

    def __init__(self, platform: str = sys.platform) -> None:
        self._platform = platform

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A file for each of the two programs, with a command for the password."""
        failure = validate(account) or password_command.fault(account.address) or _fault(account)
        if failure is not None:
            return failure
        reading = terminal_common.sign_in(
            account.incoming, "mbsync", TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE
        )
        sending = terminal_common.sign_in(
            account.outgoing,
            "msmtp",
            TerminalSignIn.PASSWORD,
            TerminalSignIn.CHALLENGE,
            TerminalSignIn.TOKEN,
        )
        if isinstance(reading, ExportFailure):
            return reading
        if isinstance(sending, ExportFailure):
            return sending
        name = stem(account.address)
        fetch = self._mbsync(name, account, reading)
        send = self._msmtp(name, account, sending)
        if _longest(fetch) > _MAX_MBSYNC_LINE:
            return terminal_common.too_long(account.incoming, "mbsync")
        if _longest(send) > _MAX_MSMTP_LINE:
            return terminal_common.too_long(account.outgoing, "msmtp")
        files = (
            _file(f"mbsync-{name}.conf", fetch),
            _file(f"msmtp-{name}.conf", send),
        )
        notes = (
            *terminal_common.platform_notes(self._platform),
            *terminal_common.google_notes(account, reading),
            _("Messages that you delete on this computer stay on the server."),
            _("If ~/.msmtprc names a default account already, leave out the last line of {name}.")
            .format(name=files[1].name),
        )  # fmt: skip
        return Artifact(files=files, steps=self._steps(account, reading, name), notes=notes)

    def _mbsync(self, name: str, account: Account, way: TerminalSignIn) -> list[str]:
        server = account.incoming
        words = password_command.password(account.address, self._platform)
        tls = "IMAPS" if server.security is SocketType.TLS else "STARTTLS"
        lines = [
            f"IMAPAccount {name}",
            f"Host {_quoted(server.host)}",
            f"Port {server.port}",
            f"User {_quoted(server.username)}",
            f"PassCmd {_quoted(password_command.line(words))}",
            f"SSLType {tls}",
            "SystemCertificates yes",
        ]
        if way is TerminalSignIn.PASSWORD:
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

    def _msmtp(self, name: str, account: Account, way: TerminalSignIn) -> list[str]:
        server = account.outgoing
        lines = [
            f"account {name}",
            f'host "{server.host}"',
            f"port {server.port}",
            "tls on",
            f"tls_starttls {'off' if server.security is SocketType.TLS else 'on'}",
            "tls_trust_file system",
            f"auth {_AUTH[way]}",
        ]
        if way is not TerminalSignIn.NONE:
            words = (
                password_command.token(account.address)
                if way is TerminalSignIn.TOKEN
                else password_command.password(account.address, self._platform)
            )
            lines += [
                f'user "{server.username}"',
                f'passwordeval "{password_command.line(words)}"',
            ]
        return [*lines, f'from "{account.address.ascii}"', "", f"account default : {name}"]

    def _steps(
        self, account: Account, way: TerminalSignIn, name: str
    ) -> tuple[InstructionStep, ...]:
        return (
            terminal_common.credential_step(account, way, self._platform),
            terminal_common.add_step(f"mbsync-{name}.conf", "~/.mbsyncrc"),
            terminal_common.add_step(f"msmtp-{name}.conf", "~/.msmtprc"),
            terminal_common.command_step(
                _("Fetch your mail into the folder Mail:"), f"mkdir -p ~/Mail/{name}; mbsync {name}"
            ),
            terminal_common.command_step(
                _("To send, tell your mail program to use this as sendmail:"), f"msmtp -a {name} -t"
            ),
        )


def _fault(account: Account) -> ExportFailure | None:
    if account.incoming.protocol is Protocol.POP3:
        return terminal_common.no_pop("mbsync")
    if _SUBSTITUTED.search(account.address.ascii):
        return ExportFailure(
            _("msmtp would change this address, because it holds %U, %H, %C or %M.")
        )
    return None


def _file(name: str, lines: list[str]) -> ArtifactFile:
    return ArtifactFile(
        name=name,
        content=("\n".join(lines) + "\n").encode(),
        media_type="text/plain; charset=utf-8",
        private=True,
    )


def _longest(lines: list[str]) -> int:
    return max(len(line.encode()) for line in lines)


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
