"""The common parts of the terminal programs: how they sign in, and their instructions."""

import sys
from abc import ABC, abstractmethod
from enum import StrEnum
from urllib.parse import quote

from mailsetup.export.exporter import (
    Artifact,
    CopyValue,
    ExportFailure,
    InstructionStep,
)
from mailsetup.export.programs import password_command
from mailsetup.export.validation import validate
from mailsetup.i18n import _
from mailsetup.model.hostname import is_ip_literal
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType


class TerminalSignIn(StrEnum):
    """How a program signs in to a server."""

    PASSWORD = "password"  # noqa: S105 - not a password
    """The password itself, inside TLS (PLAIN or LOGIN)."""
    CHALLENGE = "challenge"
    """A proof of the password, which is not sent itself (SCRAM or CRAM-MD5)."""
    TOKEN = "token"  # noqa: S105 - not a token
    """An OAuth2 access token (XOAUTH2 or OAUTHBEARER)."""
    NONE = "none"


class TerminalProgram(ABC):
    """A program that reads the password from the output of a command."""

    def __init__(self, platform: str = sys.platform) -> None:
        self.platform = platform

    def export(self, account: Account) -> Artifact | ExportFailure:
        """A part of the program's configuration file, with a command for the password."""
        failure = (
            validate(account) or password_command.fault(account.address) or self.fault(account)
        )
        if failure is not None:
            return failure
        receiving, sending = self.sign_in(account.incoming), self.sign_in(account.outgoing)
        if isinstance(receiving, ExportFailure):
            return receiving
        if isinstance(sending, ExportFailure):
            return sending
        return self.artifact(account, receiving, sending)

    @abstractmethod
    def fault(self, account: Account) -> ExportFailure | None:
        """Why the program cannot use the account, except for how it signs in."""

    @abstractmethod
    def sign_in(self, server: ServerSettings) -> TerminalSignIn | ExportFailure:
        """How the program signs in to this server."""

    @abstractmethod
    def artifact(
        self, account: Account, receiving: TerminalSignIn, sending: TerminalSignIn
    ) -> Artifact | ExportFailure:
        """The files and instructions for an account that passed the checks above."""

    def credential_command(self, account: Account, sign_in: TerminalSignIn) -> tuple[str, ...]:
        """The command that prints the password or token, as words."""
        if sign_in is TerminalSignIn.TOKEN:
            return password_command.token(account.address)
        return password_command.password(account.address, self.platform)

    def credential_line(self, account: Account, sign_in: TerminalSignIn) -> str:
        """The same command as a line for ``sh``."""
        return password_command.line(self.credential_command(account, sign_in))

    def credential_step(self, account: Account, sign_in: TerminalSignIn) -> InstructionStep:
        """Where the user's password or token comes from."""
        if sign_in is TerminalSignIn.TOKEN:
            return password_command.token_step(account)
        return password_command.password_step(account.address, self.platform)

    def common_notes(self, account: Account, sign_in: TerminalSignIn) -> tuple[str, ...]:
        """Hints for users of Windows, and for providers that prefer their own sign-in."""
        notes = []
        if self.platform == "win32":
            notes.append(
                _(
                    "This is for Linux and macOS. On Windows use it in the Linux that Windows"
                    " brings (WSL)."
                )
            )
        by_password = sign_in in (TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE)
        if by_password and Authentication.OAUTH2 in account.incoming.authentication:
            notes.append(
                _(
                    "Your provider may want an app password here instead of your usual one. You"
                    " make it on the provider's page about the security of your account."
                )
            )
        return tuple(notes)


def best_sign_in(
    server: ServerSettings, program: str, *supported: TerminalSignIn
) -> TerminalSignIn | ExportFailure:
    """How ``program``, which supports these methods, signs in: with a password where possible.

    A token needs another program that the user has to set up, so it is the last choice.
    """
    offered = server.authentication
    if Authentication.PASSWORD_CLEARTEXT in offered and TerminalSignIn.PASSWORD in supported:
        return TerminalSignIn.PASSWORD
    if Authentication.PASSWORD_ENCRYPTED in offered and TerminalSignIn.CHALLENGE in supported:
        return TerminalSignIn.CHALLENGE
    if (
        Authentication.OAUTH2 in offered
        and TerminalSignIn.TOKEN in supported
        and password_command.token_service(server.host)
    ):
        return TerminalSignIn.TOKEN
    if Authentication.NONE in offered and server.protocol is Protocol.SMTP:
        return TerminalSignIn.NONE
    return ExportFailure(
        _("{program} does not know the way to sign in that {host} asks for.").format(
            program=program, host=server.host
        )
    )


def no_pop(program: str) -> ExportFailure:
    """For programs that read by IMAP only."""
    return ExportFailure(
        _("{program} reads mail by IMAP only, and this account uses POP.").format(program=program)
    )


def too_long(server: ServerSettings, program: str) -> ExportFailure:
    """For programs that would truncate the user name or its line."""
    return ExportFailure(
        _("The user name for {host} is too long for {program}.").format(
            host=server.host, program=program
        )
    )


def url(server: ServerSettings, username: str = "", scheme_end: str = "") -> str:
    """The server as a URL (RFC 3986); what could end the user name is encoded.

    The scheme is ``imaps`` for TLS from the first byte, ``imap`` for STARTTLS; also for POP and
    SMTP.
    """
    name = "pop" if server.protocol is Protocol.POP3 else str(server.protocol)
    scheme = (f"{name}s" if server.security is SocketType.TLS else name) + scheme_end
    user = f"{quote(username, safe='')}@" if username else ""
    host = f"[{server.host}]" if is_ip_literal(server.host) and ":" in server.host else server.host
    return f"{scheme}://{user}{host}:{server.port}"


def command_step(text: str, *commands: str) -> InstructionStep:
    """A step whose values are command lines."""
    return InstructionStep(text, tuple(CopyValue(_("Command"), command) for command in commands))


def add_step(name: str, target: str) -> InstructionStep:
    """How to add the file to the program's own configuration."""
    folder = target.rpartition("/")[0]
    make = "" if folder == "~" else f"mkdir -p {folder}; "
    return command_step(
        _("Open a terminal where {name} is, and add it to {target}. Do this once only.").format(
            name=name, target=target
        ),
        f"(umask 077; {make}cat {name} >> {target}; chmod 600 {target})",
    )
