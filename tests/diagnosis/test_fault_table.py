"""Faults of servers and accounts in a whole check: each one names the right link."""

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from mailsetup.assistant.check.run import run_check
from mailsetup.assistant.events import ignore
from mailsetup.model.address import EmailAddress
from mailsetup.model.finding import Status
from mailsetup.model.secret import AccessToken
from mailsetup.model.settings import Account, Authentication, Protocol, ServerSettings, SocketType
from mailsetup.net.network import open_network
from tests.support.fault_table import TALKER, account, check, fault, named, options, requested
from tests.support.servers.real_servers import RealServers
from tests.support.servers.talkers import (
    Talk,
    imap_talker,
    listening,
    pop3_talker,
    server_context,
    smtp_talker,
)

pytestmark = pytest.mark.servers

# The real servers ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("identity", "local", "more"),
    [
        fault("account.send.limit-reached", "limite", {}),
        fault("account.send.sender-not-allowed", "ajena", {}),
        fault("hosting.message.rejected", "rechazada", {}),
        fault("hosting.server.temporary", "gris", {}),
        fault("hosting.message.not-arrived", "aplazada", {"wait": 2.0}),
        fault("account.mailbox.missing", "nadie", {}),
        fault("account.mail.in-spam", "spam", {}),
        fault("account.quota.nearly-full", "casillena", {}),
        fault("hosting.size.too-small", "ana", {"attachment_mib": 12}),
        fault("", "ana", {}),
    ],
)
async def test_faults_provoked_at_real_servers(
    servers: RealServers, identity: str, local: str, more: dict[str, object]
) -> None:
    wanted = account(local)
    report = await check(options(servers), wanted, servers.accounts[wanted.address.ascii], **more)
    assert named(report) == identity


@pytest.mark.fault("account.login.locked")
async def test_suspended_account_is_not_a_wrong_password(servers: RealServers) -> None:
    wanted = account("cerrada")
    report = await check(options(servers), wanted, servers.accounts["cerrada@faults.test"])
    assert named(report) == "account.login.locked"


@pytest.mark.parametrize(
    ("identity", "script", "status"),
    [
        fault("account.filter.discards", "discard;", Status.FAIL),
        fault("account.filter.forwards", 'redirect "eva@hoster.test";', Status.FAIL),
        fault(
            "account.vacation.active", 'require "vacation";\nvacation "Estoy fuera.";', Status.WARN
        ),
        fault(
            "account.mail.in-other-folder",
            'require ["fileinto", "mailbox"];\nfileinto :create "Clientes";',
            Status.WARN,
        ),
    ],
)
async def test_faults_caused_by_mailbox_rules(
    servers: RealServers, identity: str, script: str, status: Status
) -> None:
    local = identity.rpartition(".")[2]
    servers.add_account(f"{local}@bodega.test", "correcto-reglas")
    servers.mailboxes.write_sieve(f"{local}@bodega.test", script)
    address = EmailAddress(local, "bodega.test")
    wanted = Account(
        address,
        ServerSettings(
            Protocol.IMAP, "imap.bodega.test", 993, SocketType.TLS, f"{local}@bodega.test"
        ),
        ServerSettings(Protocol.SMTP, TALKER, 465, SocketType.TLS, f"{local}@bodega.test"),
    )
    async with smtp_talker(
        servers.certificates.ca,
        TALKER,
        deliver=lambda raw: servers.mailboxes.deliver(address.ascii, raw),
    ) as place:
        routes = {(TALKER, 465): place}
        report = await check(options(servers, routes), wanted, "correcto-reglas", wait=3.0)
    assert named(report) == identity
    assert next(one for one in report.findings if one.id == identity).status is status


@pytest.mark.fault("hosting.tls.certificate-unknown-issuer")
async def test_certificate_of_unknown_authority(servers: RealServers) -> None:
    network = replace(options(servers), ca_files=())
    report = await check(network, account(), "correcto-17")
    assert named(report) == "hosting.tls.certificate-unknown-issuer"


@pytest.mark.fault("account.login.username-form")
async def test_login_works_with_local_part_as_username(servers: RealServers) -> None:
    address = EmailAddress("pepe", "bodega.test")
    wanted = Account(
        address,
        ServerSettings(Protocol.IMAP, "imap.bodega.test", 993, SocketType.TLS, address.ascii),
        ServerSettings(Protocol.SMTP, "smtp.bodega.test", 465, SocketType.TLS, address.ascii),
    )
    report = await check(
        options(servers), wanted, "correcto-14", other_usernames=("pepe",), send=False
    )
    assert named(report) == "account.login.username-form"


# Responses that the real servers cannot be made to send ----------------------------------------


async def silence(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Read everything and never send anything."""
    await reader.read()


async def only_old_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A fatal alert "protocol version" (RFC 5246, 7.2): OpenSSL no longer supports TLS 1.1."""
    await reader.read(4096)
    writer.write(bytes.fromhex("15 03 01 00 02 02 46"))
    await writer.drain()
    await reader.read()


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        fault("account.login.refused", "{tag} NO [AUTHENTICATIONFAILED] Invalid credentials"),
        fault(
            "account.login.app-password-needed",
            "{tag} NO [ALERT] Application-specific password required",
        ),
        fault(
            "account.login.web-login-needed",
            "{tag} NO [WEBALERT https://example.org/] Web login required.",
        ),
        fault("account.login.expired", "{tag} NO [EXPIRED] Your password has expired"),
        fault("account.login.rate-limited", "{tag} NO Too many bad auth attempts"),
        fault("account.login.locked", "{tag} NO [CONTACTADMIN] Account suspended"),
        fault("account.imap.disabled", "{tag} NO [ALERT] IMAP access is disabled for your domain."),
        fault("hosting.server.temporary", "{tag} NO [UNAVAILABLE] Try again later"),
        fault("account.login.too-many-connections", "{tag} NO [LIMIT] Too many connections"),
        fault("account.login.not-permitted", "{tag} BAD User is authenticated but not connected."),
    ],
)
async def test_login_responses_of_the_imap_server(
    servers: RealServers, identity: str, answer: str
) -> None:
    responses = {"AUTHENTICATE": answer + "\r\n", "LOGIN": answer + "\r\n"}
    async with imap_talker(servers.certificates.ca, TALKER, answers=responses) as place:
        wanted = account(incoming=TALKER)
        report = await check(options(servers, {(TALKER, 993): place}), wanted, "correcto-17")
    assert named(report) == identity


@pytest.mark.parametrize(
    ("identity", "status"),
    [
        fault("account.login.sign-in-refused", "invalid_token"),
        fault("account.login.scope-missing", "insufficient_scope"),
    ],
)
async def test_refused_token(servers: RealServers, identity: str, status: str) -> None:
    why = base64.b64encode(json.dumps({"status": status, "scope": "mail"}).encode()).decode()
    responses = {
        "CAPABILITY": "* CAPABILITY IMAP4rev1 SASL-IR AUTH=OAUTHBEARER\r\n{tag} OK done\r\n",
        "AUTHENTICATE": f"+ {why}\r\n",
    }
    # The client's response (RFC 7628 section 3.2.3) is no command, so it gets the refusal.
    refusal = "m2 NO [AUTHENTICATIONFAILED]\r\n"
    hello = {"EHLO": "250-talker\r\n250 AUTH OAUTHBEARER\r\n"}
    async with (
        imap_talker(
            servers.certificates.ca,
            TALKER,
            answers=responses,
            otherwise=refusal,
        ) as place,
        smtp_talker(servers.certificates.ca, TALKER, answers=hello) as outgoing,
    ):
        wanted = account(incoming=TALKER, outgoing=TALKER)
        incoming = replace(wanted.incoming, authentication=(Authentication.OAUTH2,))
        request = requested(replace(wanted, incoming=incoming), "")
        request = replace(request, secret=AccessToken("prueba-de-acceso"))
        # The assistant sends no token to a server that the provider does not own.
        async with open_network(
            options(servers, {(TALKER, 993): place, (TALKER, 465): outgoing})
        ) as net:
            report = await run_check(request, net, ignore, tuple)
    assert named(report) == identity


@pytest.mark.parametrize(
    ("identity", "greeting", "answers"),
    [
        fault(
            "account.smtp.disabled",
            "220 ready",
            {"AUTH": "535 5.7.139 SmtpClientAuthentication is disabled for the Tenant"},
        ),
        fault("hosting.server.blocks-us", "554 5.7.1 Your address is on our blocklist", {}),
        fault("hosting.server.temporary", "421 4.3.2 Service shutting down", {}),
        fault("account.quota.full", "220 ready", {"RCPT": "552 5.2.2 Mailbox full"}),
        fault(
            "hosting.size.too-small",
            "220 ready",
            {"MAIL": "552 5.3.4 Message size exceeds fixed limit"},
        ),
        fault("hosting.message.rejected", "220 ready", {".": "554 5.7.1 This looks like spam"}),
        fault(
            "hosting.login.no-common-mechanism",
            "220 ready",
            {"EHLO": "250-talker.test\r\n250 AUTH GSSAPI NTLM"},
        ),
    ],
)
async def test_responses_of_the_outgoing_server(
    servers: RealServers, identity: str, greeting: str, answers: dict[str, str]
) -> None:
    responses = {words: answer + "\r\n" for words, answer in answers.items()}
    async with smtp_talker(
        servers.certificates.ca, TALKER, greeting=greeting + "\r\n", answers=responses
    ) as place:
        wanted = account(outgoing=TALKER)
        report = await check(options(servers, {(TALKER, 465): place}), wanted, "correcto-17")
    assert named(report) == identity


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.SMTP])
@pytest.mark.fault("hosting.login.dropped")
async def test_connection_closed_at_login_is_not_an_unreachable_server(
    servers: RealServers, protocol: Protocol
) -> None:
    answers = {
        "EHLO": b"250-talker\r\n250 AUTH PLAIN\r\n",
        "M1": b"* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\nm1 OK done\r\n",
    }

    async def until_the_login(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n" if protocol is Protocol.SMTP else b"* OK ready\r\n")
        while line := await reader.readline():
            if b"AUTH" in line:
                return
            writer.write(answers[line.split()[0].decode().upper()])

    async with listening(until_the_login, server_context(servers.certificates.ca, TALKER)) as place:
        outgoing = protocol is Protocol.SMTP
        wanted = account(outgoing=TALKER) if outgoing else account(incoming=TALKER)
        routes = {(TALKER, 465 if outgoing else 993): place}
        report = await check(options(servers, routes), wanted, "correcto-17")
    assert named(report) == "hosting.login.dropped"


@pytest.mark.parametrize(
    ("identity", "answer"),
    [
        fault("account.pop3.disabled", "-ERR POP3 access is not enabled for this account"),
        fault("account.mailbox.in-use", "-ERR [IN-USE] maildrop already locked"),
        fault("account.login.refused", "-ERR [AUTH] Authentication failed"),
    ],
)
async def test_login_responses_of_the_pop3_server(
    servers: RealServers, identity: str, answer: str
) -> None:
    responses = {"AUTH": answer + "\r\n", "PASS": answer + "\r\n", "USER": "+OK\r\n"}
    async with pop3_talker(servers.certificates.ca, TALKER, answers=responses) as place:
        wanted = account()
        incoming = replace(wanted.incoming, protocol=Protocol.POP3, host=TALKER, port=995)
        report = await check(
            options(servers, {(TALKER, 995): place}),
            replace(wanted, incoming=incoming),
            "correcto-17",
        )
    assert named(report) == identity


@pytest.mark.parametrize(
    ("identity", "talk"),
    [
        fault("hosting.server.unreachable", silence),
        fault("hosting.tls.too-old", only_old_tls),
    ],
)
async def test_server_without_greeting_or_with_old_tls(
    servers: RealServers, identity: str, talk: Talk
) -> None:
    async with listening(talk) as place:
        wanted = account(incoming=TALKER)
        report = await check(options(servers, {(TALKER, 993): place}), wanted, "correcto-17")
    assert named(report) == identity


def _without_attachment(raw: bytes) -> bytes:
    head, _separator, rest = raw.partition(b"\r\n\r\n")
    boundary = rest.split(b"\r\n", 1)[0]
    first = rest.split(boundary)[1]
    return head + b"\r\n\r\n" + boundary + first + boundary + b"--\r\n"


def _with_other_bytes(raw: bytes) -> bytes:
    head, separator, body = raw.rpartition(b"base64")
    lines = body.split(b"\r\n")
    place = next(i for i, line in enumerate(lines) if len(line) > 60)
    lines[place] = b"A" * len(lines[place])
    return head + separator + b"\r\n".join(lines)


@pytest.mark.parametrize(
    ("identity", "spoil"),
    [
        fault("hosting.attachment.removed", _without_attachment),
        fault("hosting.attachment.altered", _with_other_bytes),
    ],
)
async def test_attachment_changed_in_transit(
    servers: RealServers, identity: str, spoil: Callable[[bytes], bytes]
) -> None:
    async with smtp_talker(
        servers.certificates.ca,
        TALKER,
        deliver=lambda raw: servers.mailboxes.put("ana@faults.test", spoil(raw)),
    ) as place:
        wanted = account(outgoing=TALKER)
        report = await check(options(servers, {(TALKER, 465): place}), wanted, "correcto-17")
    assert named(report) == identity


@pytest.mark.fault("account.filter.loops")
async def test_forwarding_loop(servers: RealServers) -> None:
    # What Pigeonhole adds to a message that it redirects.
    mark = b"X-Sieve-Redirected-From: ana@faults.test\r\n"
    async with smtp_talker(
        servers.certificates.ca,
        TALKER,
        deliver=lambda raw: servers.mailboxes.put("ana@faults.test", mark + raw),
    ) as place:
        wanted = account(outgoing=TALKER)
        report = await check(options(servers, {(TALKER, 465): place}), wanted, "correcto-17")
    assert named(report) == "account.filter.loops"


@pytest.mark.fault("hosting.server.wrong-security")
async def test_starttls_port_used_with_implicit_tls(servers: RealServers) -> None:
    wanted = account()
    report = await check(
        options(servers),
        replace(wanted, incoming=replace(wanted.incoming, port=143)),
        "correcto-17",
    )
    assert named(report) == "hosting.server.wrong-security"
    assert report.root_cause is not None
    assert report.root_cause.facts["other"] == "STARTTLS"


@pytest.mark.fault("hosting.address.unsupported")
async def test_internationalised_address_without_smtputf8(servers: RealServers) -> None:
    # Postfix supports SMTPUTF8, and this scripted server does not announce it.
    async with smtp_talker(servers.certificates.ca, TALKER) as place:
        wanted = account("eñe", outgoing=TALKER, username="ana@faults.test")
        report = await check(options(servers, {(TALKER, 465): place}), wanted, "correcto-17")
    assert named(report) == "hosting.address.unsupported"


@pytest.mark.fault("account.login.oauth-needed")
async def test_password_is_not_sent_where_oauth_is_needed(servers: RealServers) -> None:
    wanted = account()
    incoming = replace(wanted.incoming, authentication=(Authentication.OAUTH2,))
    report = await check(options(servers), replace(wanted, incoming=incoming), "correcto-17")
    assert named(report) == "account.login.oauth-needed"


async def test_password_quoted_by_the_server_is_redacted(
    servers: RealServers,
) -> None:
    answers = {".": "554 5.7.1 correcto-17 is what you said\r\n"}
    async with smtp_talker(servers.certificates.ca, TALKER, answers=answers) as place:
        wanted = account(outgoing=TALKER)
        report = await check(options(servers, {(TALKER, 465): place}), wanted, "correcto-17")
    assert named(report) == "hosting.message.rejected"
    assert "correcto-17" not in repr(report.findings)
    assert report.root_cause is not None
    assert "time" in report.root_cause.evidence
