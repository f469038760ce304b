"""Reading the rules of real mailboxes from Dovecot's Pigeonhole."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mailsetup.diagnosis.sieve.rule_findings import rule_findings, rule_folders
from mailsetup.model.address import EmailAddress
from mailsetup.model.dialogue import DialogueFailure, DialogueFault, Stage
from mailsetup.model.finding import Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.connection import Connection
from mailsetup.net.dial import ConnectFault
from mailsetup.net.network import Network, open_network
from mailsetup.verify.managesieve.active_rules import NotOffered, RulesOutcome, read_active_rules
from mailsetup.verify.managesieve.session import ActiveRules, ManageSieveSession
from tests.support.servers.real_servers import RealServers

if sys.platform != "win32":
    import pwd

pytestmark = pytest.mark.servers

HOST = "imap.bodega.test"
AWAY = """\
require ["copy", "vacation", "date", "relational"];
# rule:[Copia a casa]
redirect :copy "casa@lejos.test";
# rule:[Vacaciones]
if currentdate :value "ge" "date" "2020-01-01"
{
\tvacation :days 7 :subject "Fuera" text:
Estoy de vacaciones. ¡Hasta pronto!
..
.
;
}
"""


@pytest.fixture
async def net(servers: RealServers) -> AsyncIterator[Network]:
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as network:
        yield network


def imap(username: str, host: str = HOST) -> ServerSettings:
    return ServerSettings(Protocol.IMAP, host, 993, SocketType.TLS, username)


async def read_rules(
    server: ServerSettings, secret: Secret, net: Network, patience: float = 10.0
) -> RulesOutcome:
    """As where the mailbox has just accepted this user."""
    accepted: asyncio.Future[tuple[str, Secret]] = asyncio.get_running_loop().create_future()
    accepted.set_result((server.username, secret))
    return await read_active_rules(server, net, accepted=accepted, patience=patience)


def with_script(servers: RealServers, address: str, script: str) -> Secret:
    """A mailbox more, with a script that is in force, as Dovecot lays scripts down."""
    password = "regla-ñ"
    servers.add_account(address, password)
    home = servers.mailboxes.maildir(address).parent
    (home / "sieve").mkdir(parents=True)
    (home / "sieve" / "mis reglas.sieve").write_text(script, encoding="utf-8")
    (home / "sieve" / "otras.sieve").write_text("discard;\n")
    (home / ".dovecot.sieve").symlink_to("sieve/mis reglas.sieve")
    owner = pwd.getpwnam("mail")
    for each in (home, *home.rglob("*")):
        os.chown(each, owner.pw_uid, owner.pw_gid, follow_symlinks=False)
    return Secret(password)


async def test_the_rule_of_an_account_is_read_over_starttls(
    servers: RealServers, net: Network
) -> None:
    address = "sieve-clientes@bodega.test"
    script = 'require "fileinto";\nfileinto "Clientes";\n'
    outcome = await read_rules(imap(address), with_script(servers, address, script), net)
    assert isinstance(outcome, ActiveRules), outcome
    assert outcome.text.replace("\r\n", "\n") == script
    assert rule_findings(outcome.text, EmailAddress("sieve-clientes", "bodega.test")) == ()


async def test_a_rule_that_was_laid_down_by_hand_is_not_told_by_pigeonhole(
    servers: RealServers, net: Network
) -> None:
    # The active script is a file there, not the link that Pigeonhole lists scripts by.
    address = "sieve-a-mano@bodega.test"
    secret = with_script(servers, address, "discard;\n")
    active = servers.mailboxes.maildir(address).parent / ".dovecot.sieve"
    text = active.read_bytes()
    active.unlink()
    active.write_bytes(text)
    outcome = await read_rules(imap(address), secret, net)
    assert outcome == ActiveRules()


async def test_the_active_script_of_several_is_read_and_understood(
    servers: RealServers, net: Network
) -> None:
    address = "sieve-fuera@bodega.test"
    outcome = await read_rules(imap(address), with_script(servers, address, AWAY), net)
    assert isinstance(outcome, ActiveRules), outcome
    assert outcome.name == "mis reglas"
    assert outcome.text.replace("\r\n", "\n") == AWAY
    findings = rule_findings(outcome.text, EmailAddress("sieve-fuera", "bodega.test"))
    assert {finding.id: finding.status for finding in findings} == {
        "account.filter.forwards": Status.WARN,
        "account.vacation.active": Status.WARN,
    }


ALL_OF_IT = """\
require ["fileinto", "copy", "vacation"];
# rule:[Basura]
if header :contains "x-spam-flag" "yes"
{
\tdiscard;
\tstop;
}
# rule:[Clientes]
if address :domain :is "from" "cliente.test"
{
\tfileinto "Clientes";
}
# rule:[A casa]
redirect "casa@lejos.test";
# rule:[A mí]
redirect :copy "sieve-todo@bodega.test";
vacation :days 7 "Fuera";
"""


async def test_forwarding_deleting_filing_and_answering_are_all_told(
    servers: RealServers, net: Network
) -> None:
    address = "sieve-todo@bodega.test"
    owner = EmailAddress("sieve-todo", "bodega.test")
    secret = with_script(servers, address, ALL_OF_IT)
    folder = servers.mailboxes.maildir(address).parent
    before = sorted(path.name for path in folder.rglob("*.sieve"))
    outcome = await read_rules(imap(address), secret, net)
    assert isinstance(outcome, ActiveRules), outcome
    findings = {finding.id: finding for finding in rule_findings(outcome.text, owner)}
    assert {key: finding.status for key, finding in findings.items()} == {
        "account.filter.forwards": Status.FAIL,
        "account.filter.discards": Status.WARN,
        "account.vacation.active": Status.WARN,
    }
    forwards = findings[FindingId.ACCOUNT_FILTER_FORWARDS]
    assert forwards.facts["target"] == ("casa@lejos.test", "sieve-todo@bodega.test")
    assert forwards.evidence["loop"] is True
    assert findings[FindingId.ACCOUNT_FILTER_DISCARDS].facts["rule"] == ("Basura",)
    assert rule_folders(outcome.text, owner) == ("Clientes",)
    # Nothing was stored, renamed, or put in force.
    assert sorted(path.name for path in folder.rglob("*.sieve")) == before
    assert (folder / ".dovecot.sieve").readlink() == Path("sieve/mis reglas.sieve")


async def test_a_long_script_is_read_whole_and_a_much_too_long_one_is_not(
    servers: RealServers, net: Network
) -> None:
    line = 'if header :is "subject" "x" { stop; }\n'
    long = with_script(servers, "sieve-largo@bodega.test", line * 12_000 + "discard;\n")
    outcome = await read_rules(imap("sieve-largo@bodega.test"), long, net)
    assert isinstance(outcome, ActiveRules), outcome
    findings = rule_findings(outcome.text, EmailAddress("sieve-largo", "bodega.test"))
    assert [finding.id for finding in findings] == ["account.filter.discards"]
    huge = with_script(servers, "sieve-enorme@bodega.test", line * 30_000)
    refused = await read_rules(imap("sieve-enorme@bodega.test"), huge, net)
    assert isinstance(refused, DialogueFailure)
    assert (refused.stage, refused.error) == (Stage.MAILBOX, DialogueFault.PROTOCOL_ERROR)


@pytest.mark.parametrize(
    "mechanism", ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]
)
async def test_each_mechanism_opens_the_rules(
    servers: RealServers, net: Network, mechanism: str
) -> None:
    address = "reglas@bodega.test"
    connection = await net.connect(HOST, 4190, implicit_tls=False)
    assert isinstance(connection, Connection), connection
    async with ManageSieveSession(connection, imap(address)) as session:
        await session.read_greeting()
        # What counts is said under TLS only; before, this server offers nothing at all.
        assert session.capabilities["SASL"] == ""
        await session.start_tls()
        assert session.tls_version.startswith("TLSv1")
        assert mechanism in session.capabilities["SASL"].lower().split()
        session.capabilities["SASL"] = mechanism.upper()
        secret = Secret(servers.accounts[address])
        assert await session.log_in(address, secret) == mechanism.upper()
        assert await session.active_script() == b"reglas"


async def test_without_rules_there_is_no_script(servers: RealServers, net: Network) -> None:
    address = "ana@onlysrv.test"
    outcome = await read_rules(imap(address), Secret(servers.accounts[address]), net)
    assert outcome == ActiveRules()


async def test_a_wrong_password_is_tried_once_and_told(servers: RealServers, net: Network) -> None:
    address = "reglas@bodega.test"
    before = servers.log("dovecot-mail").count("Password mismatch")
    outcome = await read_rules(imap(address), Secret("equivocada"), net)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error) == (Stage.LOGIN, DialogueFault.AUTH_WRONG)
    assert outcome.server.port == 4190
    assert servers.log("dovecot-mail").count("Password mismatch") <= before + 1


async def test_a_server_without_managesieve_does_not_answer_there(
    servers: RealServers, net: Network
) -> None:
    address = "ana@bodega.test"
    host = "sinreglas.bodega.test"
    servers.extra_dovecot(host)
    outcome = await read_rules(imap(address, host), Secret(servers.accounts[address]), net)
    assert outcome == NotOffered(ConnectFault.REFUSED)


async def test_a_certificate_for_another_name_gets_no_password(
    servers: RealServers, net: Network
) -> None:
    address = "ana@wrongcert.test"
    server = imap(address, "mail.wrongcert.test")
    before = servers.logins(service="managesieve")
    outcome = await read_rules(server, Secret(servers.accounts[address]), net)
    assert isinstance(outcome, DialogueFailure)
    assert (outcome.stage, outcome.error) == (Stage.TLS, DialogueFault.CERTIFICATE_WRONG_NAME)
    assert servers.logins(service="managesieve") == before
