"""A real browser signs in: Chromium, the provider, our landing page, and Dovecot in one go."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup import i18n
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.signin.flow import SignIn, SignInWay
from mailsetup.model.settings import Account, AccountSettings
from mailsetup.model.sign_in import SignInFailure, SignInFault
from tests.oauth.conftest import ADDRESS, is_closed, port_of
from tests.support.oauth.chromium import Chromium, chromium
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import RealServers

pytestmark = pytest.mark.servers


@pytest.fixture(scope="module")
def browser(servers: RealServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    servers.start_sign_in()
    folder: Path = tmp_path_factory.mktemp("chromium")
    with chromium(servers, folder) as running:
        yield running


class Signing:
    """What a person does in Chromium, beside the program that waits for it."""

    def __init__(self, browser: Chromium, servers: RealServers, *, button: str = "allow") -> None:
        self._browser = browser
        self._password = servers.accounts[ADDRESS]
        self._button = button
        self._thread: threading.Thread | None = None
        self.url = ""
        self.offered = ""
        self.heading = ""

    def open(self, url: str) -> None:
        self.url = url
        self._thread = threading.Thread(target=self._sign_in, daemon=True)
        self._thread.start()

    def _sign_in(self) -> None:
        self._browser.open(self.url)
        self.offered = self._browser.value("user")
        self._browser.type("password", self._password)
        self._browser.press(self._button)
        self.heading = self._browser.heading

    async def done(self) -> None:
        assert self._thread is not None
        await asyncio.to_thread(self._thread.join, 60)


async def test_chromium_signs_in_and_the_account_is_proven(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    way: SignInWay,
    browser: Chromium,
) -> None:
    i18n.set_language("es")
    signing = Signing(browser, servers)
    async with asyncio.timeout(60):
        made = await assistant.sign_ins.sign_in(way, signing.open)
    await signing.done()
    assert isinstance(made, SignIn), made
    assert signing.offered == ADDRESS
    assert signing.heading == "Ya puedes cerrar esta página"
    assert browser.address.startswith(f"http://127.0.0.1:{port_of(signing.url)}/")
    assert is_closed(port_of(signing.url))
    report = await assistant.check(
        CheckRequest(account=account[0], secret=made.token, sign_in=made, wait=30)
    )
    assert report.round_trip is not None
    assert report.round_trip.attachment_intact
    await assistant.sign_ins.end()
    assert issuer.active_tokens == []


async def test_chromium_says_no(
    servers: RealServers, issuer: Issuer, assistant: Assistant, way: SignInWay, browser: Chromium
) -> None:
    signing = Signing(browser, servers, button="deny")
    async with asyncio.timeout(60):
        made = await assistant.sign_ins.sign_in(way, signing.open)
    await signing.done()
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.DENIED
    assert signing.heading == "You did not give leave"
    assert is_closed(port_of(signing.url))
