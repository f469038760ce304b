"""Passwords from standard input, the keyring or the terminal."""

import getpass
from typing import TYPE_CHECKING

from mailsetup.cli.command_error import CommandError
from mailsetup.cli.streams import Streams
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.text import has_control
from mailsetup.system.standard_streams import decoded

if TYPE_CHECKING:
    from mailsetup.cli.engine import Engine

_MAX_PASSWORD = 4096


def password_for(
    address: EmailAddress, streams: Streams, engine: "Engine", *, from_stdin: bool
) -> Secret:
    """The password of an account. Raises `CommandError` where nobody can be asked for it."""
    known = known_password(address, streams, engine, from_stdin=from_stdin)
    if known is not None:
        return known
    if not streams.stdin.isatty():
        raise CommandError(
            "password.missing",
            _(
                "There is no password. Use --password-stdin, or keep it in the keyring "
                "with the window."
            ),
        )
    return password_prompt(address)


def known_password(
    address: EmailAddress, streams: Streams, engine: "Engine", *, from_stdin: bool
) -> Secret | None:
    """The password from standard input or the keyring; None where the user has to be asked."""
    if not from_stdin:
        return engine.stored_password(address)
    try:
        line = decoded(streams.stdin.readline(_MAX_PASSWORD + 2))
    except UnicodeDecodeError:
        raise _undecodable() from None
    value = line.rstrip("\r\n")
    if not value:
        raise CommandError(
            "password.missing",
            _("There is no password for {address} on standard input.").format(address=address),
        )
    return _checked(value)


def password_prompt(address: EmailAddress, *, may_be_empty: bool = False) -> Secret:
    """Ask on the terminal. ``may_be_empty``: the user may sign in in the browser instead."""
    question = (
        _("Password for {address} (leave it empty to sign in in the browser): ")
        if may_be_empty
        else _("Password for {address}: ")
    )
    value = typed_secret(question.format(address=address))
    if not value and not may_be_empty:
        raise CommandError("password.missing", _("No password was typed."))
    return _checked(value)


def typed_secret(question: str) -> str:
    """What is typed on the terminal without echo; "" at the end of the input."""
    try:
        return getpass.getpass(question)
    except EOFError:
        return ""
    except UnicodeDecodeError:
        raise _undecodable() from None


def _undecodable() -> CommandError:
    return CommandError(
        "password.malformed", _("The password is not text in the encoding of this terminal.")
    )


def _checked(value: str) -> Secret:
    if len(value) > _MAX_PASSWORD or has_control(value):
        raise CommandError(
            "password.malformed", _("The password is too long or holds control characters.")
        )
    return Secret(value)
