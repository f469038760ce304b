"""Setting up a program from the window: what is done here, what is offered, what is taken back."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType

import pytest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from mailsetup.apply.result import ProfileApplied, Undone
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant
from mailsetup.gui.bridge import Bridge, JobEnd
from mailsetup.gui.pages.done import DonePage
from mailsetup.gui.print_thread import PrintThread, in_side_thread
from mailsetup.model.folders import Folders
from tests.support.gui.driver import Person, Scripted, folder_chooser
from tests.support.programs.installed import program
from tests.support.programs.thunderbird_profiles import (
    HERE,
    VERSION,
    install,
    installed_thunderbird,
    profiles,
    root_with,
)
from tests.support.samples.accounts import account
from tests.support.samples.check_results import report

MakePerson = Callable[[Assistant], Person]
SOMEBODY_ELSES = account("eva@otra.example")


def chooses_a_program(person: Person) -> None:
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.goes_on()
    person.is_on(Page.PROGRAM)


def done_page(person: Person) -> DonePage:
    person.is_on(Page.DONE)
    page = person.window.pages.view(Page.DONE)
    assert isinstance(page, DonePage)
    return page


@pytest.mark.thunderbird
def test_after_thunderbird_ran_only_the_account_can_be_removed(make_person: MakePerson) -> None:
    made = apply_new_profile(SOMEBODY_ELSES, installed_thunderbird())
    assert isinstance(made, ProfileApplied)
    prefs = made.profile / "prefs.js"
    answered = replace(report(healthy=True), folders=Folders(sent="Elementos enviados"))
    person = make_person(Scripted(reports=[answered]))
    chooses_a_program(person)
    person.bot.waitUntil(lambda: person.program.profile.count() == 2)
    person.clicks(person.program.choices["thunderbird"])
    done = done_page(person)
    assert b"/Elementos enviados" in prefs.read_bytes()
    state = person.window.state
    command = (str(made.profile / "no-such-program"),)
    state.setup = replace(state.setup, command=command)
    person.goes_on()
    assert "could not be started" in person.window.state.setup.problem
    state.setup = replace(state.setup, problem="")
    with prefs.open("ab") as file:
        file.write(b'user_pref("app.update.lastUpdateTime", 5);\n')
    assert done.undo.text() == "&Take it back"
    person.clicks(done.undo)
    person.bot.waitUntil(lambda: done.undo.text() == "&Take out this account only")
    assert "changed its settings since" in person.window.state.setup.problem
    person.clicks(done.undo)
    person.bot.waitUntil(lambda: isinstance(person.window.state.setup.applied, Undone))
    assert isinstance(person.window.state.setup.applied, Undone)
    assert person.window.state.setup.applied.only_ours
    assert person.window.state.setup.problem == ""
    left = prefs.read_bytes()
    assert b"lastUpdateTime" in left
    assert b"eva@otra.example" in left
    assert b"ana@bodegasdelebro.es" not in left


@pytest.mark.skipif(sys.platform != "linux", reason="a home as Linux has it")
def test_the_profile_that_opens_by_itself_is_chosen_and_marked_and_stubs_are_left_out(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin/thunderbird")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    ini = profiles("default", "other", "default-default", default="default")
    root = Path(os.environ["HOME"]) / ".thunderbird"
    used = {"default": None, "other": HERE, "default-default": HERE}
    root_with(root, VERSION + ini + install("x.default-default"), **used)
    chooses_a_program(person)
    shown = person.program.profile
    person.bot.waitUntil(lambda: shown.count() == 3)
    assert [shown.itemText(place) for place in range(3)] == [
        "Into the profile default-default (the one that opens by itself)",
        "Into the profile other",
        "Into a new profile of its own",
    ]
    assert shown.currentIndex() == 0
    person.clicks(person.program.choices["thunderbird"])
    done_page(person)
    assert person.window.state.setup.profile == root / "x.default-default"
    assert b"ana@bodegasdelebro.es" in (root / "x.default-default/prefs.js").read_bytes()


@pytest.mark.skipif(sys.platform != "linux", reason="Evolution and its home as Linux has them")
def test_evolution_gets_the_account_and_the_window_shows_it(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin/evolution")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    chooses_a_program(person)
    person.bot.waitUntil(lambda: bool(person.window.state.computer.installed.get("evolution")))
    person.clicks(person.program.choices["evolution"])
    done = done_page(person)
    assert done.title.text() == "Evolution is ready"
    sources = Path(os.environ["HOME"]) / ".config/evolution/sources"
    assert len(list(sources.glob("*.source"))) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="scripts in place of Outlook and reg.exe")
def test_outlook_is_offered_to_be_set_up_and_its_entries_are_taken_out_again(
    person: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    for name in ("outlook.exe", "reg.exe"):
        script = f'#!/bin/sh\n(printf "%s|" {name} "$@"; echo) >> "{log}"\n'
        program(tmp_path / "bin" / name, script.encode())
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    chooses_a_program(person)
    person.bot.waitUntil(lambda: bool(person.window.state.computer.installed))
    state = person.window.state
    state.computer = replace(state.computer, outlook=str(tmp_path / "bin/outlook.exe"))
    person.clicks(person.program.choices["outlook"])
    done = done_page(person)
    assert done.offers.isHidden(), "there is no file yet"
    person.window.services.dialogs.folder = folder_chooser(tmp_path / "files")
    person.clicks(done.save)
    person.bot.waitUntil(lambda: not done.offers.isHidden())

    def lines() -> list[list[str]]:
        return [line.split("|") for line in log.read_text().splitlines()] if log.exists() else []

    def offered(place: int) -> QPushButton:
        person.bot.waitUntil(lambda: len(shown()) == 2)
        return shown()[place]

    def shown() -> list[QPushButton]:
        return [one for one in done.offers.findChildren(QPushButton) if not one.isHidden()]

    person.clicks(offered(0))
    person.bot.waitUntil(lambda: len(lines()) == 1)
    assert lines()[0][1] == "/importprf"
    assert Path(lines()[0][2]).is_file()
    person.bot.waitUntil(lambda: not offered(0).isEnabled())
    person.clicks(offered(1))
    person.bot.waitUntil(lambda: offered(1).text() == "Take the entries out again")
    assert [line[1] for line in lines()[1:]] == ["add"] * 3
    person.clicks(offered(1))
    person.bot.waitUntil(lambda: offered(1).text() == "Do this for me")
    assert lines()[-1][:2] == ["reg.exe", "import"]
    program(tmp_path / "bin/reg.exe", b"#!/bin/sh\nexit 1\n")
    person.clicks(offered(1))
    person.bot.waitUntil(lambda: "did not work" in person.window.state.setup.problem)


def test_the_guide_for_any_program_is_saved_as_pdf_too(person: Person, tmp_path: Path) -> None:
    chooses_a_program(person)
    person.clicks(person.program.choices["other"])
    done = done_page(person)
    person.window.services.dialogs.folder = folder_chooser(tmp_path)
    person.clicks(done.save)
    person.bot.waitUntil(lambda: bool(person.window.state.setup.saved))
    (sheet,) = [path for path in person.window.state.setup.saved if path.suffix == ".pdf"]
    assert sheet.read_bytes().startswith(b"%PDF-")


def test_the_printed_guide_is_laid_out_in_another_thread(make_person: MakePerson) -> None:
    person = make_person(Scripted())
    chooses_a_program(person)
    person.bot.waitUntil(lambda: bool(person.window.state.computer.installed))
    card = person.program.choices["other"]
    here: set[str] = set()

    def watch(frame: FrameType, _event: str, _what: object) -> None:
        here.add(Path(frame.f_code.co_filename).name)

    # Of this thread alone, which is the window's.
    sys.setprofile(watch)
    try:
        person.clicks(card)
        assert "being made" in card.accessibleDescription()
        done = done_page(person)
    finally:
        sys.setprofile(None)
    assert "programs.py" in here
    assert here.isdisjoint({"laying.py", "pdf.py", "printed.py", "universal.py"})
    artifact = person.window.state.setup.artifact
    assert artifact is not None
    assert [file.content[:5] for file in artifact.files if file.name.endswith(".pdf")] == [b"%PDF-"]
    assert done.save.isVisibleTo(person.window)
    person.clicks(person.window.footer.back)
    person.is_on(Page.PROGRAM)
    assert "being made" not in card.accessibleDescription()


@pytest.fixture
def engine_waits() -> Iterator[Callable[[Person], threading.Event]]:
    """Lets nothing go on in a person's engine until the event is set."""
    gates: list[threading.Event] = []

    def hold(person: Person) -> threading.Event:
        gate = threading.Event()
        gates.append(gate)

        async def wait() -> bool:
            return gate.wait()

        person.window.services.bridge.start(wait, lambda _end: None)
        return gate

    yield hold
    for gate in gates:
        gate.set()


def test_a_page_shown_again_can_be_left_once_the_program_is_set_up(
    person: Person, engine_waits: Callable[[Person], threading.Event]
) -> None:
    chooses_a_program(person)
    gate = engine_waits(person)
    person.clicks(person.program.choices["gmail"])
    person.window.navigator.go_back()
    person.is_on(Page.RESULT)
    assert not person.window.footer.primary.isEnabled()
    gate.set()
    person.bot.waitUntil(person.window.footer.primary.isEnabled)
    assert person.window.flow.page is Page.RESULT


def test_a_program_in_progress_does_not_get_another_programs_guide(
    make_person: MakePerson, engine_waits: Callable[[Person], threading.Event]
) -> None:
    person = make_person(Scripted(reports=[report(healthy=False)]))
    person.begins_the_test("secreta")
    person.is_on(Page.RESULT)
    person.clicks(person.result.anyway)
    person.is_on(Page.PROGRAM)
    gate = engine_waits(person)
    person.clicks(person.program.choices["gmail"])
    person.window.navigator.go_back()
    person.clicks(person.result.anyway)
    person.is_on(Page.PROGRAM)
    assert "being made" in person.program.choices["gmail"].accessibleDescription()
    person.clicks(person.program.choices["other"])
    assert "being made" not in person.program.choices["other"].accessibleDescription()
    gate.set()
    done_page(person)
    artifact = person.window.state.setup.artifact
    assert person.window.state.program.program == "gmail"
    assert artifact is not None
    assert not [file for file in artifact.files if file.name.endswith(".pdf")]


def test_an_exception_during_layout_is_reported() -> None:
    def breaks() -> bytes:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        PrintThread(breaks).result()


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[Bridge]:
    made = Bridge()
    yield made
    made.close()
    assert not made.is_running


def test_the_engine_runs_while_pages_are_laid_out(bridge: Bridge, qtbot: QtBot) -> None:
    may_end, ends = threading.Event(), list[JobEnd[bytes]]()

    def slow() -> bytes:
        assert may_end.wait(20)
        return b"pages"

    async def lay_out() -> bytes:
        return await in_side_thread(PrintThread(slow).result)

    async def other() -> bytes:
        return b"other"

    bridge.start(lay_out, ends.append)
    bridge.start(other, ends.append)
    qtbot.waitUntil(lambda: ends == [b"other"])
    may_end.set()
    qtbot.waitUntil(lambda: ends == [b"other", b"pages"])


def test_closing_the_window_waits_for_pages_that_are_being_laid_out(bridge: Bridge) -> None:
    begun, may_end, done = threading.Event(), threading.Event(), threading.Event()

    def slow() -> bytes:
        begun.set()
        assert may_end.wait(20)
        done.set()
        return b"pages"

    async def lay_out() -> bytes:
        return await in_side_thread(PrintThread(slow).result)

    bridge.start(lay_out, lambda _end: None)
    assert begun.wait(20)
    soon = threading.Timer(0.05, may_end.set)
    soon.start()
    bridge.close()
    soon.join()
    assert done.is_set()
    assert not bridge.is_running
