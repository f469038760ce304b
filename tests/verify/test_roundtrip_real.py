"""What a message on its way shows of sizes and folders, at real servers where they can."""

import asyncio
import re

import pytest

from mailsetup.model.dialogue import LoggedIn
from mailsetup.model.secret import Secret
from mailsetup.net.network import open_network
from mailsetup.verify.login import log_in, open_as
from mailsetup.verify.smtp import SmtpSession
from tests.support.fault_table import TALKER, account, check, options
from tests.support.servers.real_servers import RealServers
from tests.support.servers.talkers import listening, server_context, smtp_talker

pytestmark = pytest.mark.servers

MIB = 1024 * 1024
PASSWORD = "correcto-17"


@pytest.mark.parametrize("announced", ["SIZE", "SIZE 50000000"])
async def test_the_limit_that_a_server_keeps_for_itself_is_found_by_asking(
    servers: RealServers, announced: str
) -> None:
    limit, said = 3 * MIB, list[str]()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 ready\r\n")
        while line := (await reader.readline()).decode():
            said.append(line)
            size = re.search(r"SIZE=(\d+)", line)
            if line.startswith("EHLO"):
                reply = f"250-talker\r\n250-{announced}\r\n250 AUTH PLAIN"
            elif line.startswith("AUTH"):
                reply = "235 2.7.0 in"
            elif size is not None and int(size[1]) > limit:
                reply = "552 5.3.4 Message size exceeds fixed limit"
            else:
                reply = "354 go on" if line.startswith("DATA") else "250 2.0.0 ok"
            writer.write(f"{reply}\r\n".encode())

    context = server_context(servers.certificates.ca, TALKER)
    async with listening(talk, context) as place:
        wanted = account(outgoing=TALKER)
        routes = {(TALKER, 465): place}
        report = await check(options(servers, routes), wanted, PASSWORD, attachment_mib=5)
    assert report.root_cause is not None
    assert report.root_cause.id == "hosting.size.too-small"
    assert 2.7 <= float(str(report.root_cause.facts["limit_mib"])) <= 3.0
    assert 2.0 <= float(str(report.root_cause.facts["files_mib"])) <= 2.2
    assert not any(line.startswith("DATA") for line in said)


async def test_a_server_that_refuses_only_in_the_end_keeps_its_limit_to_itself(
    servers: RealServers,
) -> None:
    answers = {".": "552 5.3.4 Message too big\r\n", "EHLO": "250-talker\r\n250 AUTH PLAIN\r\n"}
    async with smtp_talker(servers.certificates.ca, TALKER, answers=answers) as place:
        wanted = account(outgoing=TALKER)
        report = await check(options(servers, {(TALKER, 465): place}), wanted, PASSWORD)
    assert report.root_cause is not None
    assert report.root_cause.id == "hosting.size.too-small"
    assert "limit_mib" not in report.root_cause.facts


async def test_the_real_servers_own_word_is_the_limit(servers: RealServers) -> None:
    async with open_network(options(servers)) as net:
        session = await open_as(SmtpSession, account().outgoing, net)
        assert isinstance(session, SmtpSession)
        async with session:
            assert isinstance(await log_in(session, Secret(PASSWORD), net), LoggedIn)
            assert session.size_limit == 12_000_000
            found = await session.largest("ana@faults.test", 40_000_000)
    assert found is not None
    assert 11_000_000 <= found <= 12_000_000


async def test_an_address_with_letters_beyond_ascii_is_written_to_as_it_is(
    servers: RealServers,
) -> None:
    # Dovecot's LMTP does not take such an address; its IMAP does.
    address, taken = "eñe@bodega.test", list[bytes]()

    def deliver(raw: bytes) -> None:
        taken.append(raw)
        servers.mailboxes.put(address, raw)

    hello = "250-talker\r\n250-SMTPUTF8\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
    async with smtp_talker(
        servers.certificates.ca, TALKER, answers={"EHLO": hello}, deliver=deliver
    ) as place:
        wanted = account("eñe", "imap.bodega.test", TALKER, "bodega.test")
        password = servers.accounts[address]
        report = await check(options(servers, {(TALKER, 465): place}), wanted, password)
    assert report.root_cause is None
    assert report.round_trip is not None
    assert report.round_trip.cleaned_up
    assert "To: eñe@bodega.test\r\n".encode() in taken[0]


async def test_a_message_is_found_in_the_last_of_very_many_folders(servers: RealServers) -> None:
    address = "muchas@bodega.test"
    servers.add_account(address, PASSWORD)
    names = [f"a{number:02}" for number in range(90)] + ["zeta"]
    servers.mailboxes.make_folders(address, *names)
    servers.mailboxes.write_sieve(address, 'require "fileinto";\nfileinto "zeta";\n')
    wanted = account("muchas", "imap.bodega.test", TALKER, "bodega.test")
    async with smtp_talker(
        servers.certificates.ca, TALKER, deliver=lambda raw: servers.mailboxes.deliver(address, raw)
    ) as place:
        report = await check(options(servers, {(TALKER, 465): place}), wanted, PASSWORD)
    assert report.round_trip is not None
    assert report.round_trip.folder == "zeta"
    assert report.round_trip.cleaned_up
    assert servers.mailboxes.messages(address, "zeta") == []
