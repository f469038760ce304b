"""Where a person's password comes from: the table, a command, or the keyring."""

import asyncio
import contextlib
import os
import shlex
from dataclasses import dataclass

from mailsetup.fleet.person import MAX_PASSWORD, Person
from mailsetup.i18n import _
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.text import has_control
from mailsetup.vault import Vault

TIMEOUT = 60.0
"""Seconds for a command: a password manager may ask its owner to unlock it."""


@dataclass(frozen=True, slots=True)
class NoPassword:
    """Why there is none; ``reason`` is a sentence that holds nothing secret."""

    reason: str


async def password_of(person: Person, vault: Vault) -> Secret | NoPassword:
    """The password of a person. What a command printed is never part of a reason."""
    if person.password is not None:
        return person.password
    if person.password_command:
        return await _from_command(person.password_command, person.address)
    kept = await asyncio.to_thread(vault.load, person.address)
    return kept or NoPassword(_("There is no password for this mailbox in the table."))


def command_words(line: str, address: EmailAddress) -> list[str] | None:
    """The command as words, with ``{address}``, ``{local}`` and ``{domain}`` filled in; None where
    quotation marks do not match. No shell looks at it, so an address can be no command.
    """
    try:
        words = shlex.split(line, posix=os.name != "nt")
    except ValueError:
        return None
    values = {
        "{address}": address.ascii,
        "{local}": address.local,
        "{domain}": address.domain,
    }
    filled = []
    for word in words:
        for name, value in values.items():
            word = word.replace(name, value)
        filled.append(word)
    return filled or None


async def _from_command(line: str, address: EmailAddress) -> Secret | NoPassword:
    words = command_words(line, address)
    if words is None:
        return NoPassword(_("The command for the password cannot be read."))
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            # A password manager's complaints may name what it holds.
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return NoPassword(_("The command for the password cannot be started."))
    try:
        async with asyncio.timeout(TIMEOUT):
            assert process.stdout is not None  # noqa: S101 - it was asked for above
            said = await process.stdout.read(4 * MAX_PASSWORD)
            status = await process.wait()
    except TimeoutError:
        return NoPassword(_("The command for the password did not end in time."))
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    try:
        first = said.decode().split("\n", 1)[0].rstrip("\r")
    except UnicodeDecodeError:
        first = ""
    if status != 0 or not first:
        return NoPassword(_("The command for the password gave none."))
    if len(first) > MAX_PASSWORD or has_control(first):
        return NoPassword(_("The password is too long or holds control characters."))
    return Secret(first)
