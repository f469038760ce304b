"""Sign-in with a real browser: Chromium, the provider, the loopback redirect and Dovecot."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup import i18n
from mailsetup.assistant.check.request import CheckRequest
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.signin.flow import SignIn, SignInMethod
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


class ChromiumPerson:
    """A person who signs in with Chromium, in a thread."""

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


async def test_sign_in_with_chromium_proves_the_account(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    account: tuple[Account, AccountSettings],
    method: SignInMethod,
    browser: Chromium,
) -> None:
    i18n.set_language("es")
    person = ChromiumPerson(browser, servers)
    async with asyncio.timeout(60):
        made = await assistant.sign_ins.sign_in(method, person.open)
    await person.done()
    assert isinstance(made, SignIn), made
    assert person.offered == ADDRESS
    assert person.heading == "Ya puedes cerrar esta página"
    assert browser.address.startswith(f"http://127.0.0.1:{port_of(person.url)}/")
    assert is_closed(port_of(person.url))
    report = await assistant.check(
        CheckRequest(account=account[0], secret=made.token, sign_in=made, wait=30)
    )
    assert report.round_trip is not None
    assert report.round_trip.attachment_intact
    await assistant.sign_ins.end()
    assert issuer.active_tokens == []


async def test_denied_sign_in_with_chromium_is_reported(
    servers: RealServers,
    issuer: Issuer,
    assistant: Assistant,
    method: SignInMethod,
    browser: Chromium,
) -> None:
    person = ChromiumPerson(browser, servers, button="deny")
    async with asyncio.timeout(60):
        made = await assistant.sign_ins.sign_in(method, person.open)
    await person.done()
    assert isinstance(made, SignInFailure)
    assert made.fault is SignInFault.DENIED
    assert person.heading == "You did not give leave"
    assert is_closed(port_of(person.url))
