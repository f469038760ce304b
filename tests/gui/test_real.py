"""The whole window with the real engine: on the demo servers, and on real servers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.model.finding import Link
from mailsetup.model.network_options import NetworkOptions
from tests.support.gui.driver import Person
from tests.support.servers.real_servers import RealServers

MakePerson = Callable[[Assistant], Person]


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoMailSystem]:
    with DemoMailSystem() as servers:
        yield servers


def at_the_demo(make_person: MakePerson, demo: DemoMailSystem) -> Person:
    return make_person(Assistant(RunOptions(network=demo.options)))


def at_real_servers(make_person: MakePerson, servers: RealServers) -> Person:
    network = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    return make_person(Assistant(RunOptions(network=network)))


def test_the_demo_leads_from_an_address_to_everything_works(
    make_person: MakePerson, demo: DemoMailSystem
) -> None:
    person = at_the_demo(make_person, demo)
    person.enters_address("ana@demo.test")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "demo.test"
    person.enters_password("hola-ana")
    person.is_on(Page.RESULT)
    assert person.result.title.text() == "Everything works"
    assert all(person.result.chain.light(link) is StatusLight.OK for link in Link)


def test_the_demo_shows_a_wrong_password(make_person: MakePerson, demo: DemoMailSystem) -> None:
    person = at_the_demo(make_person, demo)
    person.enters_address("eva@demo.test")
    person.is_on(Page.FOUND)
    person.enters_password("mal")
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.FAIL
    person.goes_on()
    person.enters_password("hola-eva")
    person.is_on(Page.RESULT)
    assert person.result.title.text() == "Everything works"


def test_the_demo_explains_a_domain_without_mail(
    make_person: MakePerson, demo: DemoMailSystem
) -> None:
    person = at_the_demo(make_person, demo)
    person.enters_address("nadie@sincorreo.test")
    person.is_on(Page.MANUAL)
    assert "does not say where its mail goes" in person.manual._lead.text()


@pytest.mark.servers
@pytest.mark.thunderbird
def test_on_real_servers_the_window_leads_to_a_thunderbird_profile(
    make_person: MakePerson, servers: RealServers, home: Path
) -> None:
    person = at_real_servers(make_person, servers)
    person.enters_address("ana@bodega.test", "Ana Martínez")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "bodega.test"
    person.enters_password(servers.accounts["ana@bodega.test"])
    person.is_on(Page.RESULT)
    assert person.result.title.text() == "Everything works"
    person.goes_on()
    person.is_on(Page.PROGRAM)
    person.bot.waitUntil(lambda: bool(person.window.state.computer.installed))
    assert person.program.applies("thunderbird")
    person.clicks(person.program.choices["thunderbird"])
    person.is_on(Page.DONE)
    profile = person.window.state.setup.profile
    assert profile is not None
    assert home in profile.parents
    prefs = (profile / "prefs.js").read_text()
    assert "imap.bodega.test" in prefs
    assert "Ana Martínez" in prefs
    assert servers.accounts["ana@bodega.test"] not in prefs


@pytest.mark.servers
def test_on_real_servers_a_foreign_hosting_is_asked_about_first(
    make_person: MakePerson, servers: RealServers
) -> None:
    person = at_real_servers(make_person, servers)
    person.enters_address("ana@mxhosted.test")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "hoster.test"
    assert not person.window.footer.primary.isEnabled()
    person.found.agree.setChecked(True)
    person.goes_on()
    person.enters_password(servers.accounts["ana@mxhosted.test"])
    person.is_on(Page.RESULT)
    assert person.result.title.text() == "Everything works"


@pytest.mark.servers
def test_on_real_servers_a_full_mailbox_is_named(
    make_person: MakePerson, servers: RealServers
) -> None:
    person = at_real_servers(make_person, servers)
    person.enters_address("llena@bodega.test")
    person.is_on(Page.FOUND)
    person.enters_password(servers.accounts["llena@bodega.test"])
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.FAIL
    assert "mailbox is full" in person.result.sentence.text()
