"""Accounts for the tests of exports."""

from typing import TypedDict

from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    Account,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)


class ServerChanges(TypedDict, total=False):
    """Values of a server that a test changes."""

    host: str
    port: int
    security: SocketType
    username: str
    authentication: tuple[Authentication, ...]


def account(
    address: str = "ana@bodega.example",
    *,
    person: str = "Ana Núñez",
    protocol: Protocol = Protocol.IMAP,
    security: SocketType = SocketType.TLS,
    username: str = "",
    authentication: tuple[Authentication, ...] = (Authentication.PASSWORD_CLEARTEXT,),
    incoming_host: str = "mail.bodega.example",
    outgoing_host: str = "smtp.bodega.example",
) -> Account:
    """An account; by default as at most hostings."""
    parsed = EmailAddress.parse(address)
    assert isinstance(parsed, EmailAddress)
    tls = security is SocketType.TLS
    ports = {Protocol.IMAP: (143, 993), Protocol.POP3: (110, 995), Protocol.SMTP: (587, 465)}
    return Account(
        address=parsed,
        incoming=ServerSettings(
            protocol,
            incoming_host,
            ports[protocol][tls],
            security,
            username or address,
            authentication,
        ),
        outgoing=ServerSettings(
            Protocol.SMTP,
            outgoing_host,
            ports[Protocol.SMTP][tls],
            security,
            username or address,
            authentication,
        ),
        person=person,
    )


OAUTH2 = account(
    "ana@gmail.com",
    authentication=(Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT),
    incoming_host="imap.gmail.com",
    outgoing_host="smtp.gmail.com",
)
ORDINARY = {
    "imap-tls": account(),
    "imap-starttls": account(security=SocketType.STARTTLS),
    "pop3-tls": account(protocol=Protocol.POP3),
    "pop3-starttls": account(protocol=Protocol.POP3, security=SocketType.STARTTLS),
    "other-user": account(username="w0138f2e-ana"),
    "no-name": account(person=""),
    "international": account("ana@bodegas-peñín.example", person="Žofie Ώ 文"),
    "oauth2": OAUTH2,
}
