"""How long the window did not react between two beats: computing, or blocked.

A beat is a timer of the event loop, so whatever delays it delays mouse and keyboard. Wall-clock
time alone would measure the other programs on the machine, too: the time that the thread waited for
a processor (reported by Linux) and for Python's global lock is subtracted. The rest was spent
sleeping, or waiting for files, locks or names. On other systems only the computing time counts.
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

_SCHEDSTAT = Path("/proc/thread-self/schedstat")
"""Nanoseconds on a processor, nanoseconds ready without one, turns (Linux: sched-stats.rst)."""

HAS_SCHEDULER_TIMES = _SCHEDSTAT.exists()
"""Whether a blocked thread can be distinguished from one that waits for a processor."""

_SHARE = 4
"""A thread that computes on a busy machine gets at least a processor divided by this."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Between two beats, in ms: how long the thread computed, and how long it was blocked."""

    busy: float
    still: float

    def whole(self, slower: float = 1.0) -> float:
        """How long the window did not react; only computing takes longer on a slower machine."""
        return self.busy / slower + self.still


class _Clock:
    """How long the thread that made it was ready, but had no processor, in ms."""

    def __init__(self) -> None:
        self._file = os.open(_SCHEDSTAT, os.O_RDONLY)

    def read(self) -> float:
        return int(os.pread(self._file, 80, 0).split()[1]) / 1e6

    def close(self) -> None:
        os.close(self._file)


class _Bystander(threading.Thread):
    """Runs every 2 ms; the delay is the time in which other threads held Python's global lock.

    Engine and, in the tests, all mail servers are threads of this process: while one of them
    computes, both the window and this thread wait. When the window is blocked by something else,
    this thread runs on time.
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
        """The total delay in ms, including the current one."""
        return self._late + max(time.perf_counter() * 1000 - self._due, 0.0)

    def end(self) -> None:
        """Stop the thread."""
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
        """Begin to measure a step."""
        if HAS_SCHEDULER_TIMES:
            self._clock, self._bystander = _Clock(), _Bystander()
            self._bystander.start()
        self._last, self._step = self._read(), step
        self._timer.start()

    def stop(self) -> None:
        """Stop; the time since the last beat counts, too."""
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
    """The computing time of all threads."""
    queued: float = 0.0
    late: float = 0.0
    """The delay of the bystander."""

    def gap_since(self, last: "_Reading") -> Gap:
        busy = self.busy - last.busy
        # The bystander also waits while the window computes. Where no other thread computed, none
        # held the lock: then the window was blocked while it held the lock.
        others = self.everybody - last.everybody - busy
        theirs = min(max(self.late - last.late - busy, 0.0), max(others, 0.0) * _SHARE)
        without = busy + self.queued - last.queued + theirs + INTERVAL
        return Gap(busy, max(self.wall - last.wall - without, 0.0))


class Walkthrough:
    """Steps through the window, measured by a heartbeat."""

    def __init__(self, person: Person, heart: Heartbeat) -> None:
        self.person, self.heart = person, heart

    def step(self, words: str, act: Callable[[], object], page: Page | None = None) -> None:
        """Do something, and wait for the page that it leads to."""
        # Let the event loop become idle, so that nothing of one step is counted for the next.
        self.person.bot.wait(40)
        self.heart.stop()
        self.heart.start(words)
        # As an event of the loop, like a real click: a deferred deletion that is requested outside
        # the loop would not happen until the test ends.
        done: list[object] = []
        QTimer.singleShot(0, lambda: done.append(act()))
        self.person.bot.waitUntil(lambda: bool(done))
        if page is not None:
            self.person.is_on(page)

    def end(self) -> None:
        """The last step is over."""
        self.person.bot.wait(40)
        self.heart.stop()


def whole_flow(person: Person, heart: Heartbeat) -> None:
    """The demo from the address to a guide, with language, appearance and About."""
    walk, window = Walkthrough(person, heart), person.window

    def type_address() -> None:
        person.types(person.start.person.edit, "Ana")
        person.types(person.start.address.edit, "ana@demo.test")

    walk.step("typing the address", type_address)
    walk.step("looking", person.goes_on, Page.FOUND)
    walk.step("typing the password", lambda: person.types(person.found.entry.edit, "hola-ana"))
    walk.step("testing", person.goes_on, Page.RESULT)
    walk.step("program", person.goes_on, Page.PROGRAM)
    person.bot.waitUntil(lambda: bool(window.state.computer.installed))
    walk.step("a guide", lambda: person.clicks(person.program.choices["gmail"]), Page.DONE)
    walk.step("back to the programs", window.navigator.go_back, Page.PROGRAM)
    on_paper = person.program.choices["other"]
    walk.step("a guide on paper", lambda: person.clicks(on_paper), Page.DONE)
    walk.step("another language", lambda: window.header.languages.setCurrentIndex(0))
    walk.step("about", window.navigator.show_about)
    walk.step("larger text", lambda: person.clicks(window.header.larger))
    walk.step("smaller text", lambda: person.clicks(window.header.smaller))
    walk.step("more contrast", lambda: window.appearance.set_more_contrast(True))
    walk.step("less contrast", lambda: window.appearance.set_more_contrast(False))
    walk.end()


def large_inputs(person: Person, heart: Heartbeat, folder: Path) -> None:
    """Large inputs: pasted text, servers by hand, a complaint, a table of 20,000 rows."""
    walk, window = Walkthrough(person, heart), person.window
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
    walk.step("10 MB as an address", lambda: paste(address, "x" * 10_000_000))
    walk.step("many addresses", lambda: paste(address, "ana@demo.test, " * 100_000))
    walk.step("one address", lambda: paste(address, "Ana <ana@demo.test>"))
    walk.step("by hand", lambda: person.clicks(person.start.manual), Page.MANUAL)
    host = person.manual.incoming.host.edit
    walk.step("typing a server", lambda: person.types(host, "imap.demo.test"))
    walk.step("a server that is none", lambda: paste(host, "x" * 1_000_000))
    walk.step("back to the beginning", lambda: back_to_welcome(window))
    walk.step("a complaint", lambda: person.clicks(person.welcome.trouble), Page.COMPLAINT)
    walk.step("back", window.navigator.go_back, Page.WELCOME)
    walk.step("technician", lambda: person.clicks(person.welcome.technician), Page.TECHNICIAN)
    technician = window.pages.view(Page.TECHNICIAN)
    assert isinstance(technician, TechnicianPage)
    technician.offline.setChecked(True)
    walk.step("tables", lambda: person.clicks(technician.table), Page.BATCH)
    batch = window.services.batch

    walk.step("a table of a town", lambda: choose(town))
    person.bot.waitUntil(lambda: not batch.state.reading, timeout=TIMEOUT)
    walk.step("another language there", lambda: window.header.languages.setCurrentIndex(1))
    walk.step("a table of a company", lambda: choose(company))
    person.bot.waitUntil(lambda: not batch.state.reading, timeout=TIMEOUT)
    walk.step("everybody's files", person.goes_on, Page.BATCH_DONE)
    walk.step("the log", lambda: window.navigator.open_overlay(OverlayPage.LOG))
    walk.step("the log closed", window.navigator.close_overlay)
    walk.end()


def back_to_welcome(window: Window) -> None:
    """Back, page by page."""
    while window.flow.page is not Page.WELCOME:
        window.navigator.go_back()


_TEXTS = 40
_REFERENCE = 13.0
"""Milliseconds that so many texts take on the machine that the limit was set on, while it has
nothing else to do."""


def slowness() -> float:
    """How much slower this machine is at the moment than the reference; at least 1.

    Measured by a layout, as the window makes it: other programs on the same processors compete for
    caches and memory, which slows a layout much more than a mere loop.
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
