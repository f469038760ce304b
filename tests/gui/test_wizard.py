"""Every way through the window, with an assistant that answers as told."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel

from mailsetup.apply.result import ApplyOutcome, ProfileApplied, Undone
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.assistant.check.report import CheckReport
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.diagnosis.chain import Diagnosis, diagnose
from mailsetup.diagnosis.symptoms import answer
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.pages.done import DonePage
from mailsetup.gui.pages.testing import TestingPage
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.i18n import language
from mailsetup.model.address import EmailAddress
from mailsetup.model.discovery import Discovery
from mailsetup.model.finding import Finding, Link, Status
from mailsetup.model.finding_id import FindingId
from mailsetup.model.settings import Account, HostAlias
from mailsetup.model.source import Method
from mailsetup.model.symptom import Symptom
from mailsetup.vault import VaultState
from tests.support.gui.driver import Person, Scripted, folder_chooser, nothing_found
from tests.support.programs.thunderbird_profiles import installed_thunderbird
from tests.support.samples.check_results import discovery, report

MakePerson = Callable[[Assistant], Person]


def test_from_the_address_to_a_guide_everything_works(person: Person, tmp_path: Path) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "correo-iberico.es"
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.OK
    assert person.result.sentence.text() == "Your mail comes in and goes out."
    person.goes_on()
    person.is_on(Page.PROGRAM)
    person.clicks(person.program.choices["gmail"])
    person.is_on(Page.DONE)
    done = person.window.pages.view(Page.DONE)
    assert isinstance(done, DonePage)
    person.window.services.dialogs.folder = folder_chooser(tmp_path)
    person.clicks(done.save)
    person.bot.waitUntil(lambda: bool(person.window.state.setup.saved))
    assert all(path.exists() for path in person.window.state.setup.saved)
    person.goes_on()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.set_up)
    assert person.start.address.text == ""
    assert person.window.state.credentials.password == ""


def complains(person: Person, symptom: Symptom) -> None:
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.clicks(person.welcome.trouble)
    person.clicks(person.complaint.choices[symptom])
    person.is_on(Page.START)


def answered(symptom: Symptom, *findings: Finding) -> CheckReport:
    told = answer(symptom, findings, proven=not findings, saw_elsewhere=False)
    return replace(report(healthy=True), findings=findings, answer=told)


@pytest.mark.parametrize("symptom", [s for s in Symptom if not s.needs_second_mailbox])
def test_each_complaint_is_answered(somebody: MakePerson, symptom: Symptom) -> None:
    assistant = Scripted(reports=[answered(symptom)])
    person = somebody(assistant)
    complains(person, symptom)
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].symptom is symptom
    told = assistant.reports[0].answer
    assert told is not None
    assert person.result.sentence.text() == told.sentence


@pytest.mark.parametrize("symptom", [s for s in Symptom if s.needs_second_mailbox])
def test_what_only_others_see_asks_for_a_mailbox_elsewhere(
    somebody: MakePerson, symptom: Symptom
) -> None:
    spf = Finding(FindingId.DNS_SPF_MISSING, Status.WARN, {"domain": "bodegasdelebro.es"})
    assistant = Scripted(reports=[answered(symptom, spf)])
    person = somebody(assistant)
    complains(person, symptom)
    person.begins_the_test("secreta")
    person.is_on(Page.SECOND)
    person.types(person.second.address.edit, "otra@bodegasdelebro.es")
    person.types(person.second.password.edit, "otra-secreta")
    person.goes_on()
    person.is_on(Page.SECOND)
    assert person.second.address.fault.isVisibleTo(person.window)
    person.types(person.second.address.edit, "ana@gratis.example")
    person.goes_on()
    person.is_on(Page.RESULT)
    second = assistant.requests[0].second
    assert second is not None
    assert str(second.account.address) == "ana@gratis.example"
    told = assistant.reports[0].answer
    assert told is not None
    assert person.result.lead.text() == told.sentence
    assert person.result.title.text().startswith("To be mended")


def test_without_a_second_mailbox_less_is_seen_and_it_can_be_given_later(
    somebody: MakePerson,
) -> None:
    assistant = Scripted(reports=[answered(Symptom.SPAM)])
    person = somebody(assistant)
    complains(person, Symptom.SPAM)
    person.begins_the_test("secreta")
    person.is_on(Page.SECOND)
    person.clicks(person.second.without)
    person.is_on(Page.RESULT)
    assert assistant.requests[0].second is None
    assert person.result.title.text() == "Nothing broken was found"
    assert person.window.footer.primary.text() == "Repeat with a second mailbox"
    assert person.result.anyway.isVisibleTo(person.window)
    person.goes_on()
    person.is_on(Page.SECOND)
    person.types(person.second.address.edit, "ana@gratis.example")
    person.types(person.second.password.edit, "otra-secreta")
    person.clicks(person.second.blocklists)
    person.goes_on()
    person.is_on(Page.RESULT)
    assert [request.blocklists for request in assistant.requests] == [False, True]
    assert assistant.requests[1].second is not None
    assert assistant.requests[1].previous is assistant.reports[0]


@pytest.mark.parametrize("name", ["informe.pdf", "informe.html", "informe.txt"])
def test_the_report_is_saved_without_the_password(
    person: Person, tmp_path: Path, name: str
) -> None:
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    path = tmp_path / name
    person.window.services.dialogs.new_file = lambda _parent, _proposed: str(path)
    person.clicks(person.result.save_report)
    person.bot.waitUntil(path.exists, timeout=20_000)
    assert b"canario-secreto" not in path.read_bytes()
    person.bot.waitUntil(lambda: name in person.result._saved.text())


def test_a_report_that_cannot_be_saved_says_why(person: Person, tmp_path: Path) -> None:
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    (tmp_path / "no").write_text("a file where a folder should be")
    person.window.services.dialogs.new_file = lambda _parent, _proposed: str(
        tmp_path / "no" / "informe.pdf"
    )
    person.clicks(person.result.save_report)
    person.bot.waitUntil(lambda: person.result._saved.isVisibleTo(person.window))
    assert not person.result._saved.text().startswith("Saved")


def test_another_password_repeats_everything(somebody: MakePerson) -> None:
    assistant = Scripted(reports=[report(healthy=False), report(healthy=True)])
    person = somebody(assistant)
    person.begins_the_test("equivocada")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.enters_password("correcta")
    person.is_on(Page.RESULT)
    assert assistant.requests[1].previous is None


def test_enter_chooses_on_the_first_page(somebody: MakePerson) -> None:
    person = somebody(Scripted())
    person.window.navigator.go_back()
    person.is_on(Page.WELCOME)
    person.welcome.trouble.setFocus()
    person.presses_enter()
    person.is_on(Page.COMPLAINT)
    person.presses_escape()
    person.is_on(Page.WELCOME)


def test_the_keyboard_alone_leads_through(person: Person) -> None:
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    person.presses_enter()
    person.is_on(Page.FOUND)
    person.has_seen_the_page()
    person.presses_enter()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "secreta")
    person.presses_enter()
    person.is_on(Page.RESULT)
    person.presses_enter()
    person.is_on(Page.PROGRAM)


@pytest.mark.parametrize(
    "text", ["ana", "ana@", "a@b@c.es", "an a@b.es", "ana@b", "ana@[192.0.2.1]", "a@b.es, c@d.es"]
)
def test_what_is_no_address_is_explained_at_the_field_and_stays_there(
    person: Person, text: str
) -> None:
    person.enters_address(text)
    assert person.window.flow.page is Page.START
    assert person.start.address.fault.isVisibleTo(person.window)
    assert person.start.address.text == text
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    assert not person.start.address.fault.isVisibleTo(person.window)


def test_a_pasted_address_is_unwrapped(person: Person) -> None:
    person.enters_address("Ana <mailto:ana@bodegasdelebro.es>")
    person.is_on(Page.FOUND)
    assert person.window.state.owner.address_text == "ana@bodegasdelebro.es"


def test_an_international_domain_is_shown_in_both_forms(person: Person) -> None:
    person.types(person.start.address.edit, "ana@peñíscola.es")
    assert "xn--pescola-8ya9a.es" in person.start._form.text()


def test_a_foreign_company_needs_a_yes_first(somebody: MakePerson) -> None:
    assistant = Scripted(found=discovery(confirm=True))
    person = somebody(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert not person.window.footer.primary.isEnabled()
    person.has_seen_the_page()
    person.presses_enter()
    assert person.window.flow.page is Page.FOUND
    person.found.agree.setChecked(True)
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].agreed == ("correo-iberico.es",)


def test_a_yes_for_one_address_is_none_for_another(somebody: MakePerson) -> None:
    person = somebody(Scripted(found=discovery(confirm=True)))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.found.agree.setChecked(True)
    person.window.navigator.go_back()
    person.enters_address("eva@otrodominio.es")
    person.is_on(Page.FOUND)
    assert not person.found.agree.isChecked()
    assert not person.window.footer.primary.isEnabled()


def test_where_a_domain_leads_on_the_person_is_asked_before_anybody_there(
    somebody: MakePerson,
) -> None:
    assistant = Scripted(leads_on=("hoster.com",))
    person = somebody(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert person.found.domains.text() == "hoster.com"
    assert not person.window.footer.primary.isEnabled()
    person.found.agree.setChecked(True)
    person.goes_on()
    person.bot.waitUntil(lambda: person.window.state.servers.account is None, timeout=5000)
    person.bot.waitUntil(lambda: person.found.domains.text() != "hoster.com", timeout=5000)
    assert assistant.started == ["discover", "discover"]
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].agreed == ("hoster.com",)


@pytest.mark.parametrize(
    ("word", "said"), [("exchange", "Exchange"), ("bridge", "Bridge"), ("own-app", "its own app")]
)
def test_a_mailbox_that_no_usual_server_gives_out_is_told(
    somebody: MakePerson, word: str, said: str
) -> None:
    class Silent(Scripted):
        async def explain_absence(
            self, address: EmailAddress, discovery: Discovery | None = None
        ) -> Diagnosis:
            return diagnose((), ())

    person = somebody(Silent(found=replace(nothing_found(), warnings=(word,))))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    assert said in person.manual._lead.text()


def test_a_name_from_the_certificate_is_explained(somebody: MakePerson) -> None:
    made = discovery(confirm=True)
    assert made.settings is not None
    alias = HostAlias("mail.bodegasdelebro.es", "srv12.hoster.com")
    made = replace(made, settings=replace(made.settings, aliases=(alias,)))
    person = somebody(Scripted(found=made))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    assert "srv12.hoster.com" in person.found._aliases.text()
    assert person.found._aliases.isVisibleTo(person.window)


def test_a_refused_address_can_be_tried_once_as_the_short_name(somebody: MakePerson) -> None:
    assistant = Scripted(reports=[report(healthy=False)])
    person = somebody(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert "ana" in person.result.short_name.text()
    person.clicks(person.result.short_name)
    person.bot.waitUntil(lambda: len(assistant.requests) == 2, timeout=5000)
    again = assistant.requests[1]
    assert {again.account.incoming.username, again.account.outgoing.username} == {"ana"}
    assert again.one_login_at_a_time
    assert not assistant.requests[0].one_login_at_a_time
    person.is_on(Page.RESULT)
    assert not person.result.short_name.isVisibleTo(person.window)


def test_the_name_that_a_server_proves_is_one_click_away(somebody: MakePerson) -> None:
    broken = report(healthy=False)
    wrong = Finding(
        FindingId.HOSTING_TLS_CERTIFICATE_WRONG_NAME,
        Status.FAIL,
        {"host": broken.account.incoming.host, "names": ("x",), "fitting": "srv12.hoster.com"},
        {"proven_name": "srv12.hoster.com"},
    )
    assistant = Scripted(
        reports=[
            replace(broken, findings=(wrong,), first_broken=Link.HOSTING),
            report(healthy=True),
        ]
    )
    person = somebody(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.clicks(person.result.use_name)
    person.bot.waitUntil(lambda: len(assistant.requests) == 2, timeout=5000)
    account = assistant.requests[1].account
    assert account.incoming.host == "srv12.hoster.com"
    assert account.outgoing.host != "srv12.hoster.com" or broken.account.outgoing.host == (
        broken.account.incoming.host
    )


def test_with_nothing_found_the_servers_are_entered_by_hand(somebody: MakePerson) -> None:
    guess = "mail.bodegasdelebro.es"
    away = Finding(FindingId.HOSTING_SERVER_UNRESOLVABLE, Status.FAIL, {"host": guess})
    assistant = Scripted(found=nothing_found(), unreachable={guess: away})
    person = somebody(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    page = person.manual
    assert page.incoming.host.text == "mail.bodegasdelebro.es"
    person.bot.waitUntil(lambda: "does not exist" in page.incoming.reachability.text())
    person.types(page.incoming.host.edit, 'evil"host')
    person.types(page.incoming.port.edit, "0")
    person.goes_on()
    assert person.window.flow.page is Page.MANUAL
    assert page.incoming.host.fault.isVisibleTo(person.window)
    assert page.incoming.port.fault.isVisibleTo(person.window)
    person.types(page.incoming.host.edit, "imap.otro.es")
    person.types(page.incoming.port.edit, "993")
    person.goes_on()
    person.enters_password("secreta")
    person.is_on(Page.RESULT)
    assert assistant.requests[0].account.incoming.host == "imap.otro.es"
    assert assistant.requests[0].discovery is None


def test_the_standard_port_follows_the_encryption(somebody: MakePerson) -> None:
    person = somebody(Scripted(found=nothing_found()))
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.MANUAL)
    form = person.manual.outgoing
    assert form.port.text == "465"
    form.security.setCurrentIndex(1)
    assert form.port.text == "587"
    person.types(form.port.edit, "2525")
    form.security.setCurrentIndex(0)
    assert form.port.text == "2525"


def test_a_wrong_password_is_told_and_another_can_be_typed(somebody: MakePerson) -> None:
    assistant = Scripted(reports=[report(healthy=False), report(healthy=True)])
    person = somebody(assistant)
    person.begins_the_test("mala")
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.FAIL
    assert "does not accept" in person.result.sentence.text()
    person.clicks(person.result.other_servers)
    person.is_on(Page.MANUAL)
    person.window.navigator.go_back()
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    entry = person.password.entry
    assert "did not accept" in entry.field.fault.text()
    assert entry.edit.hasSelectedText()
    person.enters_password("buena")
    assert entry.field.fault.text() == ""
    person.is_on(Page.RESULT)
    assert person.result.chain.light(Link.ACCOUNT) is StatusLight.OK
    assert not person.result.message.isVisibleTo(person.window)
    assert [r.secret.reveal() for r in assistant.requests] == ["mala", "buena"]


def test_the_servers_can_be_changed_while_a_test_goes_on(somebody: MakePerson) -> None:
    assistant = Scripted(forever=frozenset({"check"}))
    person = somebody(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.TESTING)
    view = person.window.pages.view(Page.TESTING)
    assert isinstance(view, TestingPage)
    person.bot.waitUntil(lambda: "check" in assistant.started)
    person.clicks(view.servers)
    person.is_on(Page.MANUAL)
    person.bot.waitUntil(lambda: assistant.cancelled == ["check"])


def test_where_all_is_well_nothing_is_left_to_be_cancelled(somebody: MakePerson) -> None:
    person = somebody(Scripted(reports=[report(healthy=False), report(healthy=True)]))
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert person.window.footer.cancel.isVisible()
    person.goes_on()
    person.enters_password("secreta")
    person.bot.waitUntil(lambda: person.result.primary_text() == "Choose my program")
    assert not person.window.footer.cancel.isVisible()
    assert person.window.footer.primary.isVisible()


def test_escape_does_not_throw_away_a_success(person: Person) -> None:
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.presses_escape()
    assert person.window.flow.page is Page.RESULT
    assert person.window.state.check.report is not None


def test_the_message_for_others_holds_the_facts_and_no_password(somebody: MakePerson) -> None:
    refused = Finding(
        FindingId.HOSTING_MESSAGE_REJECTED,
        Status.FAIL,
        {"host": "smtp.correo-iberico.es"},
        {"server": "smtp.correo-iberico.es:465", "code": "554 5.7.1", "answer": "No"},
    )
    broken = replace(report(healthy=False), findings=(refused,), first_broken=Link.HOSTING)
    person = somebody(Scripted(reports=[broken]))
    person.begins_the_test("canario-secreto")
    person.is_on(Page.RESULT)
    box = person.result.message
    assert box.isVisibleTo(person.window)
    texts = [label.text() for label in box.findChildren(QLabel)]
    (shown,) = (text for text in texts if "554 5.7.1" in text)
    person.clicks(person.result.copy)
    message = QGuiApplication.clipboard().text()
    assert message == shown
    assert "ana@bodegasdelebro.es" in message
    assert "554 5.7.1" in message
    assert "canario-secreto" not in message


@pytest.mark.parametrize(("step", "page"), [("discover", Page.SEARCHING), ("check", Page.TESTING)])
@pytest.mark.parametrize("way", ["escape", "back"])
def test_work_that_never_ends_can_be_left_at_once(
    somebody: MakePerson, step: str, page: Page, way: str
) -> None:
    assistant = Scripted(forever=frozenset({step}))
    person = somebody(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    if step == "check":
        person.is_on(Page.FOUND)
        person.goes_on()
        person.enters_password("secreta")
    person.is_on(page)
    person.bot.waitUntil(lambda: step in assistant.started)
    if way == "escape":
        person.presses_escape()
    else:
        person.window.navigator.go_back()
    assert person.window.flow.page is (Page.START if step == "discover" else Page.PASSWORD)
    person.bot.waitUntil(lambda: assistant.cancelled == [step])
    assert person.start.address.text == "ana@bodegasdelebro.es"


def test_closing_the_window_during_a_test_ends_the_engine(somebody: MakePerson) -> None:
    assistant = Scripted(forever=frozenset({"check"}))
    person = somebody(assistant)
    person.begins_the_test("secreta")
    person.is_on(Page.TESTING)
    person.bot.waitUntil(lambda: "check" in assistant.started)
    person.window.close()
    assert assistant.cancelled == ["check"]
    assert not person.window.services.bridge.is_running


def test_going_back_keeps_what_was_typed(person: Person) -> None:
    person.enters_address("ana@bodegasdelebro.es", "Ana")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "secreta")
    person.goes_on()
    person.is_on(Page.RESULT)
    person.window.navigator.go_back()
    person.is_on(Page.PASSWORD)
    assert person.password.entry.text == "secreta"
    person.window.navigator.go_back()
    person.window.navigator.go_back()
    person.is_on(Page.START)
    assert person.start.person.text == "Ana"
    assert person.start.address.text == "ana@bodegasdelebro.es"


def test_the_language_can_be_switched_in_the_middle(person: Person) -> None:
    person.types(person.start.person.edit, "Ana")
    person.types(person.start.address.edit, "ana@bodegasdelebro.es")
    person.window.header.languages.setCurrentIndex(0)
    assert language() == "es"
    assert person.window.footer.primary.text() == "Buscar mi correo"
    assert person.start.address.text == "ana@bodegasdelebro.es"
    person.goes_on()
    person.is_on(Page.FOUND)
    assert person.found.title.text() == "Encontrado"
    person.window.header.languages.setCurrentIndex(1)
    assert person.found.title.text() == "Found"
    assert person.found.domains.text() == "correo-iberico.es"


def test_the_password_is_kept_only_when_ticked_and_when_it_works(somebody: MakePerson) -> None:
    keyring = VaultState(True, "Secret Service")
    assistant = Scripted(
        keyring=keyring, reports=[report(healthy=False), report(healthy=True), report(healthy=True)]
    )
    person = somebody(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.bot.waitUntil(person.password.keep.isEnabled)
    assert not person.password.keep.isChecked()
    person.password.keep.setChecked(True)
    person.enters_password("mala")
    person.is_on(Page.RESULT)
    assert assistant.kept == {}
    person.clicks(person.result.again)
    person.bot.waitUntil(lambda: bool(assistant.kept))
    assert list(assistant.kept) == ["ana@bodegasdelebro.es"]


@dataclass
class LateKeyring(Scripted):
    """Its keyring answers when it is told to."""

    may_answer: threading.Event = field(default_factory=threading.Event)

    def keyring_state(self) -> VaultState:
        self.may_answer.wait(20)
        return self.keyring


def test_a_keyring_that_answers_late_is_offered_with_what_was_found(somebody: MakePerson) -> None:
    found = discovery(confirm=False)
    assert found.settings is not None
    found = replace(found, settings=replace(found.settings, hints=()))
    assistant = LateKeyring(found=found, keyring=VaultState(True, "Secret Service"))
    person = somebody(assistant)
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.types(person.found.entry.edit, "secreta")
    assert not person.found.keep.isVisibleTo(person.window)
    assistant.may_answer.set()
    person.bot.waitUntil(lambda: person.found.keep.isVisibleTo(person.window))
    assert person.found.entry.text == "secreta"


def test_without_a_keyring_the_tick_is_off_and_says_why(person: Person) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.bot.waitUntil(lambda: person.window.state.computer.keyring_known)
    assert not person.password.keep.isEnabled()
    assert "no keyring" in person.password._keyring.text()


def test_blanks_of_a_pasted_app_password_can_be_removed(person: Person) -> None:
    person.enters_address("ana@bodegasdelebro.es")
    person.is_on(Page.FOUND)
    person.goes_on()
    person.is_on(Page.PASSWORD)
    person.types(person.password.entry.edit, "abcd efgh ijkl mnop")
    assert person.password.entry.remove_blanks.isVisibleTo(person.window)
    person.clicks(person.password.entry.remove_blanks)
    assert person.password.entry.text == "abcdefghijklmnop"


def test_a_defect_of_the_engine_is_told_and_nothing_is_lost(somebody: MakePerson) -> None:
    class Broken(Scripted):
        async def check(self, *_arguments: object, **_more: object) -> object:  # type: ignore[override]
            raise ZeroDivisionError

    person = somebody(Broken())
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    assert "ZeroDivisionError" in person.result.sentence.text()
    person.window.navigator.go_back()
    assert person.password.entry.text == "secreta"


def test_thousands_of_events_arrive_in_order_in_the_windows_thread(person: Person) -> None:
    from mailsetup.assistant.events import Event
    from mailsetup.model.search_events import SourceAsked

    seen: list[str] = []
    ends: list[JobEnd[str]] = []
    bridge: Bridge = person.window.services.bridge

    async def job(emit: Callable[[Event], None]) -> str:
        for number in range(5000):
            emit(SourceAsked(Method.PROBE, str(number)))
        return "done"

    def take(event: Event) -> None:
        assert isinstance(event, SourceAsked)
        seen.append(event.location)

    bridge.start_with_events(job, ends.append, take)
    person.bot.waitUntil(lambda: bool(ends), timeout=20_000)
    assert seen == [str(number) for number in range(5000)]
    assert ends == ["done"]


def somebody_elses() -> Account:
    mine = report(healthy=True).account
    name = "eva@otra.example"
    return replace(
        mine,
        address=EmailAddress("eva", "otra.example"),
        incoming=replace(mine.incoming, username=name),
        outgoing=replace(mine.outgoing, username=name),
    )


@pytest.mark.thunderbird
def test_an_account_joins_an_existing_profile_and_is_taken_back(person: Person) -> None:
    made = apply_new_profile(somebody_elses(), installed_thunderbird())
    assert isinstance(made, ProfileApplied)
    before = (made.profile / "prefs.js").read_bytes()
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PROGRAM)
    page = person.program
    person.bot.waitUntil(lambda: page.profile.count() == 2)
    assert page.profile.currentData() == str(made.profile)
    person.clicks(page.choices["thunderbird"])
    person.is_on(Page.DONE)
    applied = person.window.state.setup.applied
    assert isinstance(applied, ProfileApplied)
    assert applied.outcome is ApplyOutcome.ADDED
    after = (made.profile / "prefs.js").read_bytes()
    assert b"eva@otra.example" in after
    assert b"ana@bodegasdelebro.es" in after
    done = person.window.pages.view(Page.DONE)
    assert isinstance(done, DonePage)
    person.clicks(done.undo)
    person.bot.waitUntil(lambda: isinstance(person.window.state.setup.applied, Undone))
    assert (made.profile / "prefs.js").read_bytes() == before


@pytest.mark.thunderbird
def test_a_profile_of_its_own_can_be_chosen_beside_another(person: Person) -> None:
    made = apply_new_profile(somebody_elses(), installed_thunderbird())
    assert isinstance(made, ProfileApplied)
    before = (made.profile / "prefs.js").read_bytes()
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PROGRAM)
    page = person.program
    person.bot.waitUntil(lambda: page.profile.count() == 2)
    page.profile.setCurrentIndex(1)
    page.profile.activated.emit(1)
    person.clicks(page.choices["thunderbird"])
    person.is_on(Page.DONE)
    applied = person.window.state.setup.applied
    assert isinstance(applied, ProfileApplied)
    assert applied.outcome is ApplyOutcome.PROFILE
    assert (made.profile / "prefs.js").read_bytes() == before
