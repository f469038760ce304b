"""Autodiscover documents: the request, and what each response means."""

import pytest

from mailsetup.formats.autodiscover import (
    AutodiscoverAnswer,
    AutodiscoverFailure,
    AutodiscoverFault,
    ExchangeOnly,
    RedirectAddress,
    RedirectUrl,
    read,
    request,
)
from mailsetup.formats.xmltree import XmlFault
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import AccountSettings, Authentication, SocketType
from tests.support.network.scripted_network import address
from tests.support.samples.autodiscover import (
    protocol,
    redirect_address,
    redirect_url,
    response,
    settings_response,
)

ANA = address()


def test_the_request_is_xml_for_any_address() -> None:
    who = EmailAddress.parse("a&<b@bodega.es")
    text = request(who if isinstance(who, EmailAddress) else EmailAddress("a&<b", "bodega.es"))
    assert b"<EMailAddress>a&amp;&lt;b@bodega.es</EMailAddress>" in text


def test_servers_with_security_and_user_names() -> None:
    answer = read(settings_response(), ANA)
    assert isinstance(answer, AccountSettings)
    imap, pop = answer.incoming
    (smtp,) = answer.outgoing
    assert (imap.host, imap.port, imap.security) == ("mail.bodega.es", 993, SocketType.TLS)
    assert imap.username == "ana"
    assert pop.username == "ana@bodega.es"
    assert (smtp.port, smtp.security) == (587, SocketType.STARTTLS)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", (993, SocketType.TLS)),
        ("<Port>143</Port>", (143, SocketType.STARTTLS)),
        ("<Port>143</Port><Encryption>TLS</Encryption>", (143, SocketType.STARTTLS)),
        ("<Port>993</Port><Encryption>TLS</Encryption>", (993, SocketType.TLS)),
        ("<Port>9993</Port><Encryption>SSL</Encryption>", (9993, SocketType.TLS)),
        ("<Port>9143</Port><Encryption>TLS</Encryption>", (9143, SocketType.STARTTLS)),
        ("<SSL>off</SSL><Encryption>Auto</Encryption>", (993, SocketType.TLS)),
        ("<Encryption>TLS</Encryption>", (143, SocketType.STARTTLS)),
        ("<SSL>off</SSL>", None),
        ("<SSL>on</SSL><Encryption>None</Encryption>", None),
        ("<Port>0</Port>", None),
        ("<Port>x</Port>", None),
    ],
)
def test_what_ssl_and_encryption_mean(more: str, expected: tuple[int, SocketType] | None) -> None:
    answer = read(response(protocol("IMAP", "mail.bodega.es", more)), ANA)
    if expected is None:
        assert answer == AutodiscoverFailure(AutodiscoverFault.NO_SERVER)
    else:
        assert isinstance(answer, AccountSettings)
        assert (answer.incoming[0].port, answer.incoming[0].security) == expected


def test_windows_authentication_comes_before_a_password() -> None:
    answer = read(response(protocol("IMAP", "mail.bodega.es", "<SPA>on</SPA>")), ANA)
    assert isinstance(answer, AccountSettings)
    assert answer.incoming[0].authentication[0] is Authentication.NTLM


def test_exchange_and_its_hosts() -> None:
    answer = read(
        response(
            protocol("EXCH", "3f2@bodega.es")
            + "<Protocol><Type>EXPR</Type><Server>owa.bodega.es</Server></Protocol>"
            + '<Protocol Type="mapiHttp"><MailStore><ExternalUrl>'
            "https://mapi.bodega.es/mapi</ExternalUrl></MailStore></Protocol>"
        ),
        ANA,
    )
    assert answer == ExchangeOnly(("owa.bodega.es", "mapi.bodega.es"))


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        (redirect_url("https://x.example/y"), RedirectUrl("https://x.example/y")),
        (redirect_url("http://x.example/y"), AutodiscoverFailure(AutodiscoverFault.ERROR)),
        (redirect_url("https://127.0.0.1/y"), AutodiscoverFailure(AutodiscoverFault.ERROR)),
        (redirect_address("a@x.example"), RedirectAddress(EmailAddress("a", "x.example"))),
        (redirect_address("no-domain"), AutodiscoverFailure(AutodiscoverFault.ERROR)),
        (response(""), AutodiscoverFailure(AutodiscoverFault.NO_SERVER)),
        (response(protocol("IMAP", "localhost")), AutodiscoverFailure(AutodiscoverFault.NO_SERVER)),
        (
            b"<Autodiscover><Response><Error><ErrorCode>600</ErrorCode></Error></Response>"
            b"</Autodiscover>",
            AutodiscoverFailure(AutodiscoverFault.ERROR),
        ),
        (b"<clientConfig/>", AutodiscoverFailure(AutodiscoverFault.OTHER_DOCUMENT)),
        (b"<!DOCTYPE html><html>", AutodiscoverFailure(XmlFault.HTML)),
        (
            b'<!DOCTYPE a [<!ENTITY b "c">]><Autodiscover/>',
            AutodiscoverFailure(XmlFault.FORBIDDEN),
        ),
        (b"", AutodiscoverFailure(XmlFault.NOT_XML)),
    ],
)
def test_other_responses(document: bytes, answer: AutodiscoverAnswer) -> None:
    assert read(document, ANA) == answer
