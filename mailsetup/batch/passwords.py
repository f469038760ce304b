"""Gets a person's password: from the table, from a command, or from the keyring."""

from collections.abc import Container
from dataclasses import dataclass

from mailsetup.batch.password_commands import (
    CommandFault,
    command_words,
    fault_sentence,
    first_line_of,
)
from mailsetup.batch.table_check import MAX_PASSWORD, Person
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.text import has_control
from mailsetup.system.threads import in_thread
from mailsetup.vault import Vault

TIMEOUT = 60.0
"""Seconds for a command: a password manager may ask its owner to unlock it."""


@dataclass(frozen=True, slots=True)
class PasswordFailure:
    """Why there is no password; ``reason`` is a sentence without secrets."""

    reason: str


async def password_of(
    person: Person, vault: Vault, agreed: Container[str] = (), *, seconds: float = TIMEOUT
) -> Secret | PasswordFailure:
    """The password of a person. What a command printed is never part of a reason.

    ``agreed`` are the commands of the table that the user has seen and agreed to.
    """
    if person.password is not None:
        return person.password
    if person.password_command:
        if person.command_is_of_table and person.password_command not in agreed:
            return PasswordFailure(
                _("The table names a command for the password. Nobody agreed to it.")
            )
        return await _from_command(person.password_command, person.address, seconds)
    stored = await in_thread(vault.load, person.address)
    return stored or PasswordFailure(_("There is no password for this mailbox in the table."))


async def _from_command(
    command: str, address: EmailAddress, seconds: float
) -> Secret | PasswordFailure:
    words = command_words(command, address)
    if isinstance(words, CommandFault):
        return PasswordFailure(fault_sentence(words))
    # UTF-8 takes up to four octets a character; one more for the \r of a Windows line end.
    line = await first_line_of(words, limit=4 * MAX_PASSWORD + 1, seconds=seconds)
    if isinstance(line, CommandFault):
        return PasswordFailure(fault_sentence(line))
    try:
        password = line.decode().removesuffix("\r")
    except UnicodeDecodeError:
        return PasswordFailure(_("What the command for the password printed is no UTF-8 text."))
    if not password:
        return PasswordFailure(_("The command for the password gave none."))
    if len(password) > MAX_PASSWORD or has_control(password):
        return PasswordFailure(_("The password is too long or holds control characters."))
    return Secret(password)
