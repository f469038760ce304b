"""The common parts of the terminal programs: how they sign in, and their instructions."""

from enum import StrEnum
from urllib.parse import quote

from mailsetup.export.exporter import CopyValue, ExportFailure, InstructionStep
from mailsetup.export.programs import password_command
from mailsetup.i18n import _
from mailsetup.model.hostname import is_ip_literal
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType


class TerminalSignIn(StrEnum):
    """How a program signs in."""

    PASSWORD = "password"  # noqa: S105 - not a password
    """The password itself, inside TLS (PLAIN or LOGIN)."""
    CHALLENGE = "challenge"
    """A proof of the password, which is not sent itself (SCRAM or CRAM-MD5)."""
    TOKEN = "token"  # noqa: S105 - not a token
    """An OAuth2 access token (XOAUTH2 or OAUTHBEARER)."""
    NONE = "none"


def sign_in(
    server: ServerSettings, program: str, *ways: TerminalSignIn
) -> TerminalSignIn | ExportFailure:
    """How ``program``, which supports these methods, signs in: with a password where possible.

    A token needs another program that the user has to set up, so it is the last choice.
    """
    offered = server.authentication
    if Authentication.PASSWORD_CLEARTEXT in offered and TerminalSignIn.PASSWORD in ways:
        return TerminalSignIn.PASSWORD
    if Authentication.PASSWORD_ENCRYPTED in offered and TerminalSignIn.CHALLENGE in ways:
        return TerminalSignIn.CHALLENGE
    if (
        Authentication.OAUTH2 in offered
        and TerminalSignIn.TOKEN in ways
        and password_command.can_give_token(server.host)
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


def url(scheme: str, server: ServerSettings, username: str = "") -> str:
    """``scheme:

    user@host:port`` (RFC 3986); all that could end the user name is encoded.
    """
    user = f"{quote(username, safe='')}@" if username else ""
    host = f"[{server.host}]" if is_ip_literal(server.host) and ":" in server.host else server.host
    return f"{scheme}://{user}{host}:{server.port}"


def scheme(server: ServerSettings) -> str:
    """``imaps`` for TLS from the first byte, ``imap`` for STARTTLS; also for POP and SMTP."""
    name = "pop" if server.protocol is Protocol.POP3 else str(server.protocol)
    return f"{name}s" if server.security is SocketType.TLS else name


def credential_step(account: Account, way: TerminalSignIn, platform: str) -> InstructionStep:
    """Where the user's password or token comes from."""
    if way is TerminalSignIn.TOKEN:
        return password_command.token_step(account)
    return password_command.password_step(account.address, platform)


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


def platform_notes(platform: str) -> tuple[str, ...]:
    """What users of Windows should know."""
    if platform != "win32":
        return ()
    return (
        _("This is for Linux and macOS. On Windows use it in the Linux that Windows brings (WSL)."),
    )


def google_notes(account: Account, way: TerminalSignIn) -> tuple[str, ...]:
    """Where a password is used although the provider prefers its own sign-in."""
    if way in (TerminalSignIn.PASSWORD, TerminalSignIn.CHALLENGE) and (
        Authentication.OAUTH2 in account.incoming.authentication
    ):
        return (
            _(
                "Your provider may want an app password here instead of your usual one. You make it"
                " on the provider's page about the security of your account."
            ),
        )
    return ()
