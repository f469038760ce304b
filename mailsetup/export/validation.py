"""The validation before every export: a valid account may be written into any file format.

Formats differ in their escapes, and some have none (a .prf). So that no exporter has to handle line
breaks, control characters or text that reverses its direction, such an account is refused here,
with a sentence.
"""

from mailsetup.export.exporter import ExportFailure
from mailsetup.i18n import _
from mailsetup.model.address import MAX_ADDRESS, MAX_LOCAL
from mailsetup.model.hostname import parse_host, parse_port, to_a_label
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType
from mailsetup.model.text import has_control

MAX_PERSON = 200
"""Characters; longer texts are no names."""
MAX_USERNAME = 320

# Zero-width joiners have a meaning in Persian and Indic names and change no direction.
_JOINERS = dict.fromkeys((0x200C, 0x200D))


def validate(account: Account) -> ExportFailure | None:
    """Why the account must not be written into any file, or None when it may."""
    reason = (
        _address_fault(account)
        or _person_fault(account.person)
        or _server_fault(account.incoming)
        or _server_fault(account.outgoing)
        or _side_fault(account)
    )
    return ExportFailure(reason) if reason else None


def _address_fault(account: Account) -> str:
    local, domain = account.address.local, account.address.domain
    if is_unsafe(local) or is_unsafe(domain):
        return _("The address holds characters that cannot be written. Type it again.")
    if not 0 < len(local.encode()) <= MAX_LOCAL or len(account.address.ascii) > MAX_ADDRESS:
        return _("The address is empty or too long. Type it again.")
    if to_a_label(domain) != domain:
        return _("The part of the address behind the @ is not a domain. Type it again.")
    return ""


def _person_fault(person: str) -> str:
    if len(person) > MAX_PERSON:
        return _("The name is too long. Use at most {limit} characters.").format(limit=MAX_PERSON)
    if is_unsafe(person.translate(_JOINERS)):
        return _("The name holds characters that cannot be written. Type it again.")
    return ""


def _server_fault(server: ServerSettings) -> str:
    if is_unsafe(server.host) or parse_host(server.host, typed=True) != server.host:
        return _("The name of a server is not valid. Look for the settings again.")
    if parse_port(server.port) != server.port:
        return _("The port of {host} is not a number from 1 to 65535.").format(host=server.host)
    if server.security is SocketType.NONE:
        return _("{host} would be used without encryption. We do not set that up.").format(
            host=server.host
        )
    if not server.authentication:
        return _("It is not known how to sign in at {host}.").format(host=server.host)
    if is_unsafe(server.username) or len(server.username) > MAX_USERNAME:
        return _("The user name for {host} holds characters that cannot be written.").format(
            host=server.host
        )
    needs_name = server.authentication != (Authentication.NONE,)
    if needs_name and not server.username.strip():
        return _("The user name for {host} is missing.").format(host=server.host)
    return ""


def _side_fault(account: Account) -> str:
    if account.incoming.protocol is Protocol.SMTP or account.outgoing.protocol is not Protocol.SMTP:
        return _("The servers for receiving and sending are mixed up. Look for the settings again.")
    return ""


def is_unsafe(text: str) -> bool:
    """Whether the text contains what no format can express: controls, surrogates, noncharacters."""
    # A noncharacter is not printable either.
    return not text.isprintable() and (
        has_control(text) or any(_is_noncharacter(ord(char)) for char in text)
    )


def _is_noncharacter(code: int) -> bool:
    """Code points that are never characters (Unicode, section 23.7); XML forbids some of them."""
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
