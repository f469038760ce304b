"""Service labels of SRV records: mail (RFC 6186, RFC 8314) and other services."""

from collections.abc import Mapping
from typing import Final

from mailsetup.model.settings import Protocol, ServiceKind, SocketType

MAIL: Final[Mapping[tuple[Protocol, SocketType], str]] = {
    (Protocol.IMAP, SocketType.TLS): "_imaps",
    (Protocol.IMAP, SocketType.STARTTLS): "_imap",
    (Protocol.POP3, SocketType.TLS): "_pop3s",
    (Protocol.POP3, SocketType.STARTTLS): "_pop3",
    (Protocol.SMTP, SocketType.TLS): "_submissions",
    (Protocol.SMTP, SocketType.STARTTLS): "_submission",
}
"""Implicit TLS first within each protocol (RFC 8314 section 3)."""
SERVICES: Final[Mapping[ServiceKind, str]] = {
    ServiceKind.JMAP: "_jmap",
    ServiceKind.MANAGESIEVE: "_sieve",
    ServiceKind.CALDAV: "_caldavs",
    ServiceKind.CARDDAV: "_carddavs",
}
"""RFC 8620, 5804 and 6764; only labels that imply TLS."""
