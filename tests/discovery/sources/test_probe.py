"""Probing common names of mail servers."""

import asyncio

import pytest

from mailsetup.discovery.sources.probe import Probe
from mailsetup.model.settings import Authentication, Protocol, SocketType
from mailsetup.model.source_result import NotFound
from mailsetup.net.connection_pool import PooledConnection
from mailsetup.net.dial import ConnectFault
from tests.support.network.scripted_network import (
    NEVER,
    Script,
    ScriptedNetwork,
    address,
    imap,
    mx,
    run,
    smtp,
)
from tests.support.network.sources import found_by, result_of


def test_the_choice_follows_the_fixed_order() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["imap.bodega.es", 143] = imap()
    scripted.mail["mail.bodega.es", 993] = imap()
    scripted.mail["imap.bodega.es", 993] = imap(connect_delay=0.05)
    scripted.mail["smtp.bodega.es", 587] = smtp()
    scripted.mail["mail.bodega.es", 465] = smtp(connect_delay=0.05)
    outcome = found_by(Probe(), scripted)
    assert outcome.settings.incoming[0].host == "imap.bodega.es"
    assert outcome.settings.incoming[0].port == 993
    assert outcome.settings.outgoing[0].host == "mail.bodega.es"
    assert not outcome.vouched


def test_authentication_mechanisms_are_read() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["imap.bodega.es", 993] = Script(
        b"* OK [CAPABILITY IMAP4rev1 AUTH=XOAUTH2 AUTH=SCRAM-SHA-256 LOGINDISABLED] hi\r\n"
    )
    scripted.mail["smtp.bodega.es", 465] = smtp()
    settings = found_by(Probe(), scripted).settings
    assert settings.incoming[0].authentication == (
        Authentication.PASSWORD_ENCRYPTED,
        Authentication.OAUTH2,
    )
    assert settings.outgoing[0].authentication == (Authentication.PASSWORD_CLEARTEXT,)


def test_a_failed_starttls_excludes_a_candidate() -> None:
    scripted = ScriptedNetwork()
    refusing = imap()
    refusing.answers = {**refusing.answers, b"A1 STARTTLS": b"a1 NO not today\r\n"}
    scripted.mail["imap.bodega.es", 143] = refusing
    no_starttls = smtp()
    no_starttls.answers = {**no_starttls.answers, b"STARTTLS": b"502 no\r\n"}
    scripted.mail["smtp.bodega.es", 587] = no_starttls
    assert isinstance(result_of(Probe(), scripted), NotFound)


def test_capabilities_from_before_tls_are_not_used() -> None:
    scripted = ScriptedNetwork()
    lying = Script(
        b"* OK [CAPABILITY IMAP4rev1 AUTH=GSSAPI STARTTLS] hi\r\n",
        imap().answers,
    )
    scripted.mail["imap.bodega.es", 143] = lying
    settings = found_by(Probe(), scripted).settings
    assert settings.incoming[0].authentication == (Authentication.PASSWORD_CLEARTEXT,)


@pytest.mark.parametrize(
    "greeting",
    [
        b"220 I am an SMTP server\r\n",
        b"* PREAUTH welcome\r\n",
        b"* BYE too busy\r\n",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"x" * 100_000,
    ],
)
def test_another_service_on_the_port_is_not_a_candidate(greeting: bytes) -> None:
    scripted = ScriptedNetwork()
    scripted.mail["imap.bodega.es", 993] = Script(greeting)
    assert isinstance(result_of(Probe(), scripted), NotFound)


def test_a_submission_port_without_auth_is_not_a_candidate() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["smtp.bodega.es", 465] = Script(
        b"220 hi\r\n", {b"EHLO": b"250-mail\r\n250 SIZE 1000\r\n"}
    )
    assert isinstance(result_of(Probe(), scripted), NotFound)


def test_pop3_alone_is_found() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["pop.bodega.es", 995] = Script(
        b"+OK hi\r\n", {b"CAPA": b"+OK\r\nUSER\r\nSASL SCRAM-SHA-1\r\n.\r\n"}
    )
    scripted.mail["smtp.bodega.es", 465] = smtp()
    (server,) = found_by(Probe(), scripted).settings.incoming
    assert server.protocol is Protocol.POP3
    assert server.authentication == (
        Authentication.PASSWORD_CLEARTEXT,
        Authentication.PASSWORD_ENCRYPTED,
    )


def test_pop3_with_starttls_is_found() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["pop.bodega.es", 110] = Script(
        b"+OK hi\r\n", {b"STLS": b"+OK begin\r\n", b"CAPA": b"+OK\r\nUSER\r\n.\r\n"}
    )
    scripted.mail["smtp.bodega.es", 465] = smtp()
    (server,) = found_by(Probe(), scripted).settings.incoming
    assert (server.port, server.security) == (110, SocketType.STARTTLS)


def test_no_credentials_are_sent_and_every_connection_is_closed() -> None:
    scripted = ScriptedNetwork()
    scripts = [imap(), imap(delay=NEVER), smtp(), smtp()]
    scripted.mail["imap.bodega.es", 993] = scripts[0]
    scripted.mail["mail.bodega.es", 993] = scripts[1]
    scripted.mail["smtp.bodega.es", 465] = scripts[2]
    scripted.mail["smtp.bodega.es", 587] = scripts[3]
    found_by(Probe(), scripted)
    said = b"".join(line for script in scripts for line in script.received).upper()
    for word in (b"LOGIN", b"AUTHENTICATE", b"AUTH ", b"USER", b"PASS", b"MAIL FROM"):
        assert word not in said
    # The two best are passed to the login; nothing else stays open.
    assert [script.closed for script in scripts] == [0, 1, 0, 1]
    scripted.pool.close()
    assert [script.closed for script in scripts] == [1, 1, 1, 1]


def test_an_unresponsive_host_delays_nothing() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["imap.bodega.es", 993] = ConnectFault.TIMEOUT
    scripted.mail["mail.bodega.es", 993] = imap()
    scripted.mail["smtp.bodega.es", 465] = smtp()

    async def timed() -> float:
        await Probe().discover(address(), scripted.network())
        return asyncio.get_running_loop().time()

    assert run(timed()) <= 0.11


def test_the_connections_of_the_best_stay_open_with_their_capabilities() -> None:
    scripted = ScriptedNetwork()
    scripted.mail["imap.bodega.es", 993] = imap()
    scripted.mail["mail.bodega.es", 465] = smtp()

    async def kept() -> tuple[PooledConnection | None, PooledConnection | None]:
        await Probe().discover(address(), scripted.network())
        return scripted.pool.get("imap.bodega.es", 993), scripted.pool.get("mail.bodega.es", 465)

    incoming, outgoing = run(kept())
    assert incoming is not None
    assert incoming.words == ("IMAP4REV1", "AUTH=PLAIN")
    assert incoming.connection.is_secure
    assert outgoing is not None
    assert outgoing.words == ("AUTH PLAIN LOGIN",)


def test_exchangers_are_probed_if_common_names_fail() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("vps7.bodega.es", "srv12.hoster.com")
    scripted.mail["vps7.bodega.es", 993] = imap()
    scripted.mail["srv12.hoster.com", 465] = smtp()
    settings = found_by(Probe(), scripted).settings
    assert settings.hosts == ("vps7.bodega.es", "srv12.hoster.com")


def test_exchangers_are_not_probed_if_common_names_answer() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("srv12.hoster.com")
    scripted.mail["imap.bodega.es", 993] = imap(connect_delay=0.2)
    scripted.mail["smtp.bodega.es", 465] = smtp(connect_delay=0.2)
    found_by(Probe(), scripted)
    assert not any(host == "srv12.hoster.com" for host, _ in scripted.asked_hosts)


def test_a_filter_is_not_probed() -> None:
    scripted = ScriptedNetwork()
    scripted.dns["bodega.es", "MX"] = mx("mx1.pphosted.com")
    assert isinstance(result_of(Probe(), scripted), NotFound)
    assert not any("pphosted" in host for host, _ in scripted.asked_hosts)


def test_no_name_exists() -> None:
    assert result_of(Probe(), ScriptedNetwork()) == NotFound("bodega.es", "no-such-host")
