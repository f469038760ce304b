"""The demo's mail system, used by the real assistant."""

import gc
import io
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.assistant.account_choice import alternatives_to, choose_account
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.run_options import RunOptions, UnconfirmedError
from mailsetup.assistant.service import Assistant
from mailsetup.cli.demo import walk
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import DiscoveryStatus
from mailsetup.model.finding import Link
from mailsetup.model.secret import Secret


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoMailSystem]:
    with DemoMailSystem() as mail_system:
        yield mail_system


EXPECTED = {
    "ana@demo.test": None,
    "luis@vinos.test": None,
    "pepe@lejos.test": None,
    "eva@demo.test": "account.login.refused",
    "llena@demo.test": "account.quota.full",
    "marta@otronombre.test": "hosting.tls.certificate-wrong-name",
    "sara@sincifrar.test": "hosting.starttls.missing",
}


@pytest.mark.parametrize("address", EXPECTED)
async def test_each_address_shows_its_story(demo: DemoMailSystem, address: str) -> None:
    person = next(account for account in demo.accounts if account.address == address)
    assistant = Assistant(RunOptions(network=demo.options))
    parsed = EmailAddress.parse(address)
    assert isinstance(parsed, EmailAddress)
    discovery = await assistant.discover(parsed)
    assert discovery.settings is not None
    assert (discovery.outcome is DiscoveryStatus.NEEDS_CONFIRMATION) == (
        address == "pepe@lejos.test"
    )
    account = choose_account(discovery.settings, parsed)
    assert account is not None
    request = CheckRequest(
        account,
        Secret(person.password),
        alternatives=alternatives_to(account, discovery.settings),
        discovery=discovery,
        agreed=discovery.confirm,
        wait=15.0,
    )
    report = await assistant.check(request)
    root = report.root_cause
    assert (root.id if root else None) == EXPECTED[address]
    if EXPECTED[address] is None:
        assert report.round_trip is not None
        assert report.round_trip.cleaned_up


async def test_a_domain_without_mail_is_explained(demo: DemoMailSystem) -> None:
    assistant = Assistant(RunOptions(network=demo.options))
    address = EmailAddress("nadie", "sincorreo.test")
    assert (await assistant.discover(address)).outcome is DiscoveryStatus.NOT_FOUND
    verdict = await assistant.explain_absence(address)
    assert verdict.first_broken is Link.DNS
    assert verdict.findings[0].id == "dns.mx.missing"


async def test_no_password_is_sent_to_a_company_without_agreement(demo: DemoMailSystem) -> None:
    assistant = Assistant(RunOptions(network=demo.options))
    address = EmailAddress("pepe", "lejos.test")
    discovery = await assistant.discover(address)
    assert discovery.settings is not None
    account = choose_account(discovery.settings, address)
    assert account is not None
    with pytest.raises(UnconfirmedError):
        await assistant.check(CheckRequest(account, Secret("x"), discovery=discovery))
    typed = replace(
        account,
        incoming=replace(account.incoming, host="imap.demo.test"),
        outgoing=replace(account.outgoing, host="smtp.demo.test"),
    )
    others = alternatives_to(typed, discovery.settings)
    with pytest.raises(UnconfirmedError):
        await assistant.check(
            CheckRequest(typed, Secret("x"), discovery=discovery, alternatives=others)
        )


def test_the_terminal_demo_shows_every_address(demo: DemoMailSystem) -> None:
    out = io.StringIO()
    assert walk(demo, out) == 0
    text = out.getvalue()
    for account in demo.accounts:
        assert account.address in text
        said = text.replace(account.story, "")
        assert not re.search(rf"\b{re.escape(account.password)}\b", said)
    assert text.count("✔ Everything works\n") >= 3
    assert "Nothing left this computer" in text


def test_stopping_leaves_no_thread_and_no_file() -> None:
    before = threading.active_count()
    folders = []
    for _ in range(3):
        with DemoMailSystem() as mail_system:
            folders += [path.parent for path in mail_system.options.ca_files]
            assert all(folder.is_dir() for folder in folders[-1:])
    assert threading.active_count() == before
    assert not any(Path(folder).exists() for folder in folders)


def test_an_idle_connection_survives_garbage_collection(demo: DemoMailSystem) -> None:
    address = demo.options.routes["imap.demo.test", 993]
    (authority,) = demo.options.ca_files
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection(address, timeout=10) as bare,
        context.wrap_socket(bare, server_hostname="imap.demo.test") as connection,
        connection.makefile("rb") as lines,
    ):
        assert lines.readline().startswith(b"* OK")
        # The server answers, and then waits for the next command.
        time.sleep(0.2)
        gc.collect()
        connection.sendall(b"a NOOP\r\n")
        assert lines.readline().startswith(b"a OK")
