"""How long the window was deaf between two beats: what its thread computed, and stood still.

A beat is an ordinary timer of the event loop, so whatever keeps it waiting keeps the mouse and the
keyboard waiting. Wall-clock time alone would measure the other programs on the machine, too: what
the thread waited for a processor is taken off, as the system tells it, and what it waited for
Python while another thread computed. What is left was spent asleep, on files, locks or names.
Where the system does not tell, only what the thread computed counts.
"""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QLineEdit, QVBoxLayout, QWidget

from mailsetup.assistant.flow import Page
from mailsetup.gui.page import OverlayPage
from mailsetup.gui.pages.batch_table import BatchTablePage
from mailsetup.gui.pages.technician import TechnicianPage
from mailsetup.gui.window import Window
from tests.support.gui.driver import TIMEOUT, Person

INTERVAL = 5
"""Milliseconds between two beats."""

_OF_THE_SCHEDULER = Path("/proc/thread-self/schedstat")
"""Nanoseconds on a processor, nanoseconds ready without one, turns (Linux: sched-stats.rst)."""

TELLS_STANDING_STILL = _OF_THE_SCHEDULER.exists()
"""Whether a thread that waits for something can be told from one that others keep from running."""

_SHARE = 4
"""Whoever computes on a busy machine gets at least this part of a processor."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two beats, in ms: how long the thread computed, and how long it stood still."""

    busy: float
    still: float

    def whole(self, slower: float = 1.0) -> float:
        """How long nobody was listened to; only computing takes longer on a slower machine."""
        return self.busy / slower + self.still


class _Clock:
    """How long the thread that made it was ready, but had no processor, in ms."""

    def __init__(self) -> None:
        self._file = os.open(_OF_THE_SCHEDULER, os.O_RDONLY)

    def read(self) -> float:
        return int(os.pread(self._file, 80, 0).split()[1]) / 1e6

    def close(self) -> None:
        os.close(self._file)


class _Bystander(threading.Thread):
    """Wants Python for a moment every 2 ms; how much too late it gets it, others had it.

    Only one thread at a time runs Python. The engine and, in the tests, all the mail servers run
    beside the window: while one of them computes, the window stands still, as this thread does.
    When the window waits for something else, this thread gets on.
    """

    _PAUSE = 2.0

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._late, self._due, self._over = 0.0, time.perf_counter() * 1000 + self._PAUSE, False

    def run(self) -> None:
        clock = _Clock()
        queued = clock.read()
        while not self._over:
            time.sleep(self._PAUSE / 1000)
            before, queued = queued, clock.read()
            now = time.perf_counter() * 1000
            self._late += max(now - self._due - (queued - before), 0.0)
            self._due = now + self._PAUSE
        clock.close()

    @property
    def late(self) -> float:
        """All in all, in ms, with what it waits for at this moment."""
        return self._late + max(time.perf_counter() * 1000 - self._due, 0.0)

    def end(self) -> None:
        """No more."""
        self._over = True
        self.join()


class Heartbeat(QObject):
    """Beats from `start` to `stop`; ``longest`` has the longest gap of each step, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._beat)
        self._clock: _Clock | None = None
        self._bystander: _Bystander | None = None
        self._last = _Reading()
        self._step = ""
        self.beats = 0
        self.longest: dict[str, Gap] = {}

    def start(self, step: str) -> None:
        """From now on, with what is going on."""
        if TELLS_STANDING_STILL:
            self._clock, self._bystander = _Clock(), _Bystander()
            self._bystander.start()
        self._last, self._step = self._read(), step
        self._timer.start()

    def stop(self) -> None:
        """No more; what was not followed by a beat counts, too."""
        if self._timer.isActive():
            self._beat()
        self._timer.stop()
        if self._clock is not None:
            self._clock.close()
        if self._bystander is not None:
            self._bystander.end()
        self._clock = self._bystander = None

    def _read(self) -> "_Reading":
        busy, everybody = time.thread_time() * 1000, time.process_time() * 1000
        if self._clock is None or self._bystander is None:
            return _Reading(busy, busy, everybody)
        wall = time.perf_counter() * 1000
        return _Reading(wall, busy, everybody, self._clock.read(), self._bystander.late)

    @Slot()
    def _beat(self) -> None:
        now = self._read()
        gap = now.gap_since(self._last)
        self.longest[self._step] = max(gap, self.longest.get(self._step, gap), key=Gap.whole)
        self._last = now
        self.beats += 1


@dataclass(frozen=True, slots=True)
class _Reading:
    """All clocks at one moment, in ms."""

    wall: float = 0.0
    busy: float = 0.0
    everybody: float = 0.0
    """What all threads together computed."""
    queued: float = 0.0
    late: float = 0.0
    """How much too late the bystander was."""

    def gap_since(self, last: "_Reading") -> Gap:
        busy = self.busy - last.busy
        # The bystander waits while the window computes, too. And where nobody else computed, nobody
        # else had Python: then the window stood still with Python in its hands.
        others = self.everybody - last.everybody - busy
        theirs = min(max(self.late - last.late - busy, 0.0), max(others, 0.0) * _SHARE)
        without = busy + self.queued - last.queued + theirs + INTERVAL
        return Gap(busy, max(self.wall - last.wall - without, 0.0))


class Way:
    """A way through the window, step by step, listened to all the time."""

    def __init__(self, person: Person, heart: Heartbeat) -> None:
        self.person, self.heart = person, heart

    def step(self, words: str, act: Callable[[], object], page: Page | None = None) -> None:
        """Do something, and wait for the page that it leads to."""
        # The loop comes to rest, so that nothing of one step is counted for the next.
        self.person.bot.wait(40)
        self.heart.stop()
        self.heart.start(words)
        # As an event of the loop, as every real click is: what is deleted "later" because of a call
        # from outside the loop stays until the test ends, and would be dressed with the rest.
        done: list[object] = []
        QTimer.singleShot(0, lambda: done.append(act()))
        self.person.bot.waitUntil(lambda: bool(done))
        if page is not None:
            self.person.is_on(page)

    def end(self) -> None:
        """The last step is over."""
        self.person.bot.wait(40)
        self.heart.stop()


def whole_way(person: Person, heart: Heartbeat) -> None:
    """Through the demo from the address to a guide, and everything around it."""
    way, window = Way(person, heart), person.window

    def type_address() -> None:
        person.types(person.start.person.edit, "Ana")
        person.types(person.start.address.edit, "ana@demo.test")

    way.step("typing the address", type_address)
    way.step("looking", person.goes_on, Page.FOUND)
    way.step("typing the password", lambda: person.types(person.found.entry.edit, "hola-ana"))
    way.step("testing", person.goes_on, Page.RESULT)
    way.step("program", person.goes_on, Page.PROGRAM)
    person.bot.waitUntil(lambda: bool(window.state.computer.installed))
    way.step("a guide", lambda: person.clicks(person.program.choices["gmail"]), Page.DONE)
    way.step("back to the programs", window.navigator.go_back, Page.PROGRAM)
    on_paper = person.program.choices["other"]
    way.step("a guide on paper", lambda: person.clicks(on_paper), Page.DONE)
    way.step("another language", lambda: window.header.languages.setCurrentIndex(0))
    way.step("about", window.navigator.show_about)
    way.step("larger text", lambda: person.clicks(window.header.larger))
    way.step("smaller text", lambda: person.clicks(window.header.smaller))
    way.step("more contrast", lambda: window.appearance.set_more_contrast(True))
    way.step("less contrast", lambda: window.appearance.set_more_contrast(False))
    way.end()


def ways_beside(person: Person, heart: Heartbeat, folder: Path) -> None:
    """What some people do: paste nonsense, complain, enter servers, drop a table of a town."""
    way, window = Way(person, heart), person.window
    clipboard = QGuiApplication.clipboard()

    def paste(edit: QLineEdit, text: str) -> None:
        clipboard.setText(text)
        edit.setFocus()
        edit.clear()
        QTest.keyClick(edit, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)

    def table(rows: int, *others: str) -> Path:
        path = folder / f"people-{rows}.csv"
        lines = (f"Person {number};p{number}@gmail.com" for number in range(rows))
        path.write_text("\n".join(("nombre;correo", *lines, *others)), encoding="utf-8")
        return path

    def choose(path: Path) -> None:
        window.services.dialogs.file = lambda _parent, _title: str(path)
        view = window.pages.view(Page.BATCH)
        assert isinstance(view, BatchTablePage)
        view.choose.click()

    town, company = table(19_000, *["Nobody;no-address"] * 1000), table(40)
    for number in range(5000):
        window.services.log.note(f"line {number}")
    address = person.start.address.edit
    way.step("10 MB as an address", lambda: paste(address, "x" * 10_000_000))
    way.step("many addresses", lambda: paste(address, "ana@demo.test, " * 100_000))
    way.step("one address", lambda: paste(address, "Ana <ana@demo.test>"))
    way.step("by hand", lambda: person.clicks(person.start.manual), Page.MANUAL)
    host = person.manual.incoming.host.edit
    way.step("typing a server", lambda: person.types(host, "imap.demo.test"))
    way.step("a server that is none", lambda: paste(host, "x" * 1_000_000))
    way.step("back to the beginning", lambda: back_to_welcome(window))
    way.step("a complaint", lambda: person.clicks(person.welcome.trouble), Page.COMPLAINT)
    way.step("back", window.navigator.go_back, Page.WELCOME)
    way.step("technician", lambda: person.clicks(person.welcome.technician), Page.TECHNICIAN)
    technician = window.pages.view(Page.TECHNICIAN)
    assert isinstance(technician, TechnicianPage)
    technician.offline.setChecked(True)
    way.step("tables", lambda: person.clicks(technician.table), Page.BATCH)
    batch = window.services.batch

    way.step("a table of a town", lambda: choose(town))
    person.bot.waitUntil(lambda: not batch.state.reading, timeout=TIMEOUT)
    way.step("another language there", lambda: window.header.languages.setCurrentIndex(1))
    way.step("a table of a company", lambda: choose(company))
    person.bot.waitUntil(lambda: not batch.state.reading, timeout=TIMEOUT)
    way.step("everybody's files", person.goes_on, Page.BATCH_DONE)
    way.step("the log", lambda: window.navigator.open_overlay(OverlayPage.LOG))
    way.step("the log closed", window.navigator.close_overlay)
    way.end()


def back_to_welcome(window: Window) -> None:
    """Back, page by page."""
    while window.flow.page is not Page.WELCOME:
        window.navigator.go_back()


_TEXTS = 40
_REFERENCE = 13.0
"""Milliseconds that so many texts take on the machine that the limit was set on, while it has
nothing else to do."""


def slowness() -> float:
    """How much slower this machine is at the moment; 1 where it is not.

    Told by work of the window's kind: another program on the same processors takes away caches and
    memory, which a mere loop would hardly feel and a layout feels twice over.
    """
    times = []
    for _ in range(5):
        started = time.thread_time()
        page = QWidget()
        page.setStyleSheet("QLabel { padding: 3px; border-radius: 4px; font-weight: 600; }")
        column = QVBoxLayout(page)
        for number in range(_TEXTS):
            label = QLabel(f"{number} " + "words that have to be wrapped " * 4)
            label.setWordWrap(True)
            column.addWidget(label)
        page.resize(400, page.heightForWidth(400))
        page.grab()
        page.deleteLater()
        times.append((time.thread_time() - started) * 1000)
    return max(sorted(times)[2] / _REFERENCE, 1.0)
