"""Settings to publish, and readers of the published documents, for the tests only."""

from dataclasses import replace

import dns.rdatatype
import dns.zone

from mailsetup.export.publish.options import PublishOptions
from mailsetup.export.publish.publication import Publication, publication
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
    Service,
    ServiceKind,
    SocketType,
)

DOMAIN = "bodega.example"
ANA = EmailAddress("ana", DOMAIN)
MX = ("mx1.bodega.example", "mx2.bodega.example")
OPTIONS = PublishOptions(address=ANA, mail_exchangers=MX)


def server(
    protocol: Protocol = Protocol.IMAP,
    port: int = 993,
    security: SocketType = SocketType.TLS,
    *,
    host: str = "mail.bodega.example",
    username: str = "ana@bodega.example",
    authentication: tuple[Authentication, ...] = (Authentication.PASSWORD_CLEARTEXT,),
) -> ServerSettings:
    """A server; by default as at most hostings."""
    return ServerSettings(protocol, host, port, security, username, authentication)


IMAP = server()
POP3 = server(Protocol.POP3, 995)
SMTP = server(Protocol.SMTP, 465)
IMAP_STARTTLS = server(port=143, security=SocketType.STARTTLS)
SMTP_STARTTLS = server(Protocol.SMTP, 587, SocketType.STARTTLS)

SIMPLE = AccountSettings((IMAP,), (SMTP,), provider="La Bodega")
FULL = AccountSettings(
    (IMAP, IMAP_STARTTLS, POP3),
    (SMTP, SMTP_STARTTLS),
    provider="La Bodega & Söhne <3",
    services=(
        Service(ServiceKind.CALDAV, "ana@bodega.example", "https://dav.bodega.example/cal/"),
        Service(ServiceKind.CARDDAV, "ana@bodega.example", "https://dav.bodega.example:8443/card"),
        Service(ServiceKind.JMAP, "ana@bodega.example", "https://bodega.example/.well-known/jmap"),
        Service(
            ServiceKind.MANAGESIEVE,
            "ana@bodega.example",
            host="mail.bodega.example",
            port=4190,
            security=SocketType.STARTTLS,
        ),
    ),
)
WINDOW = AccountSettings(
    (replace(IMAP, authentication=(Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)),),
    (replace(SMTP, authentication=(Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)),),
    oauth2=OAuth2Endpoints(
        "https://id.bodega.example",
        "https://id.bodega.example/auth",
        "https://id.bodega.example/token",
        ("imap", "smtp"),
    ),
)


def published(
    settings: AccountSettings = SIMPLE, options: PublishOptions = OPTIONS, domain: str = DOMAIN
) -> Publication:
    """The publication, which must not fail."""
    made = publication(domain, settings, options)
    assert isinstance(made, Publication), made
    return made


def content(made: Publication, name: str) -> bytes:
    """A file that must be there."""
    found = made.content(name)
    assert found is not None, name
    return found


def zone_records(made: Publication, origin: str = ".") -> set[tuple[str, str, str]]:
    """(owner, type, data) of every record, as dnspython reads the fragment in a zone above it."""
    text = content(made, "records.zone").decode("ascii")
    zone = dns.zone.from_text(text, origin=origin, relativize=False, check_origin=False)
    return {
        (str(name), dns.rdatatype.to_text(rdataset.rdtype), str(rdata))
        for name, rdataset in zone.iterate_rdatasets()
        for rdata in rdataset
    }
