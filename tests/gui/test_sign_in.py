"""Signing in in the browser from the window, with the real engine at a real provider."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.assistant.wizard_state import TechnicianChoice
from mailsetup.gui.pages.sign_in import SignInPage
from mailsetup.oauth.clients import settings_path
from mailsetup.vault import Vault
from tests.oauth.conftest import is_closed, options_of, port_of
from tests.support.gui.driver import Person
from tests.support.oauth.keyring import MemoryKeyring
from tests.support.oauth.person import Person as InBrowser
from tests.support.servers.hosting import SIGN_IN_CONFIG
from tests.support.servers.oauth_issuer import Issuer
from tests.support.servers.real_servers import RealServers

MakePerson = Callable[[Assistant], Person]
pytestmark = pytest.mark.servers
ADDRESS = "ana@acceso.test"


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def assistant(servers: RealServers, issuer: Issuer, keyring: MemoryKeyring) -> Assistant:
    return Assistant(options_of(servers), Vault(lambda: keyring), lambda: ())


def sign_in_page(person: Person) -> SignInPage:
    view = person.window.pages.view(Page.SIGN_IN)
    assert isinstance(view, SignInPage)
    return view


def at_the_sign_in(person: Person, address: str = ADDRESS) -> SignInPage:
    person.enters_address(address)
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.SIGN_IN)
    page = sign_in_page(person)
    person.bot.waitUntil(lambda: person.window.state.sign_in.method_known, timeout=20_000)
    return page


def opened_by(page: SignInPage, browser: InBrowser) -> None:
    """The page's browser is this one."""

    def open_url(url: str) -> bool:
        browser.open(url)
        return True

    page.open_url = open_url


def test_the_flow_from_an_address_to_a_proven_account(
    make_person: MakePerson, assistant: Assistant, servers: RealServers, issuer: Issuer
) -> None:
    person = make_person(assistant)
    page = at_the_sign_in(person)
    assert page.host.text() == "id.acceso.test"
    browser = InBrowser(servers)
    opened_by(page, browser)
    person.goes_on()
    person.is_on(Page.RESULT)
    browser.done()
    report = person.window.state.check.report
    assert report is not None
    assert report.round_trip is not None
    assert person.window.state.credentials.password == ""
    tokens = [token.access for token in issuer.tokens]
    assert tokens
    assert not any(token in line for token in tokens for line in _log(person))
    # Back from the result leads to where one signed in, not to a password.
    person.clicks(person.window.footer.back)
    person.is_on(Page.SIGN_IN)
    assert "You are signed in as ana@acceso.test" in page._lead.text()
    person.window.close()
    assert issuer.active_tokens == []


def _log(person: Person) -> tuple[str, ...]:
    lines: tuple[str, ...] = person.window.services.log.lines()
    return lines


def test_a_stored_sign_in_needs_no_browser(
    make_person: MakePerson, servers: RealServers, issuer: Issuer, keyring: MemoryKeyring
) -> None:
    def another() -> Person:
        return make_person(Assistant(options_of(servers), Vault(lambda: keyring), lambda: ()))

    first = another()
    page = at_the_sign_in(first)
    first.bot.waitUntil(page.keep.isEnabled, timeout=10_000)
    first.clicks(page.keep)
    browser = InBrowser(servers)
    opened_by(page, browser)
    first.goes_on()
    first.is_on(Page.RESULT)
    browser.done()
    first.window.close()
    assert keyring.entries
    assert issuer.active_tokens
    second = another()
    page = at_the_sign_in(second)
    page.open_url = lambda _url: pytest.fail("no browser is needed")
    second.bot.waitUntil(lambda: second.window.state.sign_in.is_usable, timeout=10_000)
    second.goes_on()
    second.is_on(Page.RESULT)
    report = second.window.state.check.report
    assert report is not None
    assert report.round_trip is not None


@pytest.mark.parametrize("end", ["cancel", "escape", "back", "close"])
def test_cancelling_the_wait_stays_on_the_page_and_closes_the_port(
    make_person: MakePerson, assistant: Assistant, end: str
) -> None:
    person = make_person(assistant)
    page = at_the_sign_in(person)
    opened: list[str] = []

    def open_url(url: str) -> bool:
        opened.append(url)
        return True

    page.open_url = open_url
    person.goes_on()
    person.bot.waitUntil(lambda: bool(opened), timeout=20_000)
    assert not person.window.footer.primary.isEnabled()
    assert not is_closed(port_of(opened[0]))
    match end:
        case "cancel":
            person.clicks(person.window.footer.cancel)
        case "escape":
            person.presses_escape()
        case "back":
            person.clicks(person.window.footer.back)
        case _:
            person.window.close()
    person.bot.waitUntil(lambda: is_closed(port_of(opened[0])), timeout=5_000)
    assert person.window.flow.page is Page.SIGN_IN
    if end != "close":
        assert person.window.footer.primary.isEnabled()


def test_a_browser_that_does_not_open_is_reported_with_a_link_to_copy(
    make_person: MakePerson, assistant: Assistant
) -> None:
    person = make_person(assistant)
    page = at_the_sign_in(person)
    page.open_url = lambda _url: False
    person.goes_on()
    person.bot.waitUntil(lambda: len(page.doing.steps) == 2, timeout=20_000)
    assert "did not open" in page.doing.steps[1].text
    assert page.copy_link.isVisibleTo(person.window)


def test_a_denied_sign_in_is_reported_and_can_be_repeated(
    make_person: MakePerson, assistant: Assistant, servers: RealServers
) -> None:
    person = make_person(assistant)
    page = at_the_sign_in(person)
    refusing = InBrowser(servers, allow=False)
    opened_by(page, refusing)
    person.goes_on()
    person.bot.waitUntil(lambda: "did not give leave" in page._notice_text.text(), timeout=20_000)
    refusing.done()
    assert person.window.footer.primary.text() == "Sign in again"
    browser = InBrowser(servers)
    opened_by(page, browser)
    person.goes_on()
    person.is_on(Page.RESULT)
    browser.done()


def test_another_account_is_noticed_before_the_test(
    make_person: MakePerson, assistant: Assistant, servers: RealServers
) -> None:
    person = make_person(assistant)
    page = at_the_sign_in(person)
    browser = InBrowser(servers, "luis@acceso.test")
    opened_by(page, browser)
    person.goes_on()
    person.bot.waitUntil(lambda: "luis@acceso.test" in page._notice_text.text(), timeout=20_000)
    browser.done()
    assert person.window.flow.page is Page.SIGN_IN
    assert person.window.footer.primary.text() == "Sign in again"
    # Without agreement the servers refuse, and the flow returns to this page.
    person.clicks(page.same_mailbox)
    person.is_on(Page.RESULT)
    assert "You signed in as luis@acceso.test" in person.result.sentence.text()
    assert person.window.footer.primary.text() == "Sign in in the browser"
    person.goes_on()
    person.is_on(Page.SIGN_IN)


def test_a_code_for_another_device_is_shown_and_used(
    make_person: MakePerson, assistant: Assistant, issuer: Issuer
) -> None:
    person = make_person(assistant)
    page = at_the_sign_in(person)
    person.clicks(page.by_code)
    person.bot.waitUntil(lambda: page._code is not None, timeout=20_000)
    assert page._code is not None
    assert page._code.page == "https://id.acceso.test/codigo"
    issuer.decide(page._code.code, ADDRESS)
    person.is_on(Page.RESULT)
    assert person.window.state.check.report is not None


def test_servers_of_another_company_have_to_be_agreed_to_first(
    make_person: MakePerson, assistant: Assistant, servers: RealServers
) -> None:
    config = SIGN_IN_CONFIG.replace("mail.acceso.test", "mail.hoster.test")
    servers.web.serve("autoconfig.acceso.test", "/mail/config-v1.1.xml", config)
    try:
        person = make_person(assistant)
        page = at_the_sign_in(person)
    finally:
        servers.web.serve("autoconfig.acceso.test", "/mail/config-v1.1.xml", SIGN_IN_CONFIG)
    assert "hoster.test" in page._reason.text()
    assert not person.window.footer.primary.isEnabled()
    person.clicks(page.agree)
    assert person.window.footer.primary.isEnabled()


# Where this program is not known ----------------------------------------------------------------


def gmail(person: Person, tmp_path: Path, *ways: str) -> None:
    """An account at a provider that lets in whom it knows, from a settings file."""
    server = {"security": "tls", "authentication": list(ways)}
    path = tmp_path / "gmail.json"
    incoming = {"protocol": "imap", "host": "imap.gmail.com", "port": 993, **server}
    outgoing = {"protocol": "smtp", "host": "smtp.gmail.com", "port": 465, **server}
    path.write_text(json.dumps({"incoming": [incoming], "outgoing": [outgoing]}))
    person.window.state.technician = TechnicianChoice(settings_file=path)
    person.enters_address("ana@gmail.com")
    person.is_on(Page.FOUND)
    person.goes_on()


def test_without_a_client_id_an_app_password_is_asked_for(
    make_person: MakePerson, assistant: Assistant, tmp_path: Path
) -> None:
    person = make_person(assistant)
    gmail(person, tmp_path, "OAuth2", "password-cleartext")
    person.is_on(Page.PASSWORD)
    assert person.password._no_sign_in.text().startswith("Google only lets programs in")
    assert "app password" in person.password._no_sign_in.text()


def test_without_client_id_and_passwords_the_rest_can_be_checked(
    make_person: MakePerson, assistant: Assistant, tmp_path: Path
) -> None:
    person = make_person(assistant)
    gmail(person, tmp_path, "OAuth2")
    person.is_on(Page.SIGN_IN)
    page = sign_in_page(person)
    person.bot.waitUntil(lambda: person.window.state.sign_in.method_known, timeout=20_000)
    assert "Passwords do not work" in page._notice_text.text()
    assert person.window.footer.primary.text() == "Try out the rest"


def test_with_a_technicians_id_the_sign_in_comes_before_the_password(
    make_person: MakePerson, assistant: Assistant, tmp_path: Path
) -> None:
    path = settings_path()
    path.parent.mkdir(parents=True)
    path.write_text('[[client]]\nprovider = "google"\nclient_id = "mi-id"\n')
    person = make_person(assistant)
    gmail(person, tmp_path, "OAuth2", "password-cleartext")
    person.is_on(Page.SIGN_IN)
    page = sign_in_page(person)
    opened: list[str] = []

    def open_url(url: str) -> bool:
        opened.append(url)
        return True

    page.open_url = open_url
    person.bot.waitUntil(lambda: person.window.footer.primary.isEnabled(), timeout=20_000)
    assert page.host.text() == "accounts.google.com"
    person.goes_on()
    person.bot.waitUntil(lambda: bool(opened), timeout=20_000)
    assert opened[0].startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert "client_id=mi-id" in opened[0]
    assert page.with_password.isVisibleTo(person.window)
    person.clicks(page.with_password)
    person.is_on(Page.PASSWORD)
    person.bot.waitUntil(lambda: is_closed(port_of(opened[0])), timeout=5_000)
