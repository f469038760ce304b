"""How long the window was deaf: the processor time that its thread spent between two beats.

Wall-clock time would measure the other programs on the machine, too. A beat is an ordinary timer of
the event loop, so whatever keeps it waiting keeps the mouse and the keyboard waiting.
"""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

from mailsetup.assistant.flow import Page
from tests.gui.driver import Person

INTERVAL = 5
"""Milliseconds between two beats."""


class Heartbeat(QObject):
    """Beats from `start` to `stop`; ``longest`` has the longest gap of each step, in ms."""

    def __init__(self) -> None:
        super().__init__()
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL)
        self._timer.timeout.connect(self._beat)
        self._last = 0.0
        self._step = ""
        self.beats = 0
        self.longest: dict[str, float] = {}

    def start(self, step: str) -> None:
        """From now on, with what is going on."""
        self._last, self._step = time.thread_time(), step
        self._timer.start()

    def stop(self) -> None:
        """No more; what was not followed by a beat counts, too."""
        self._beat()
        self._timer.stop()

    @Slot()
    def _beat(self) -> None:
        now = time.thread_time()
        gap = (now - self._last) * 1000
        self.longest[self._step] = max(gap, self.longest.get(self._step, 0.0))
        self._last = now
        self.beats += 1


def whole_way(person: Person, heart: Heartbeat) -> None:
    """Through the demo from the address to a guide, and everything around it."""

    def step(words: str, act: Callable[[], object]) -> None:
        # The loop comes to rest, so that nothing of one step is counted for the next.
        person.bot.wait(40)
        if heart.beats:
            heart.stop()
        heart.start(words)
        # As an event of the loop, as every real click is: what is deleted "later" because of a call
        # from outside the loop stays until the test ends, and would be dressed with the rest.
        done: list[object] = []
        QTimer.singleShot(0, lambda: done.append(act()))
        person.bot.waitUntil(lambda: bool(done))

    def type_address() -> None:
        person.types(person.start.person.edit, "Ana")
        person.types(person.start.address.edit, "ana@demo.test")

    window = person.window
    step("typing the address", type_address)
    step("looking", person.goes_on)
    person.is_on(Page.FOUND)
    step("found", person.goes_on)
    person.is_on(Page.PASSWORD)
    step("typing the password", lambda: person.types(person.password.entry.edit, "hola-ana"))
    step("testing", person.goes_on)
    person.is_on(Page.RESULT)
    step("program", person.goes_on)
    person.is_on(Page.PROGRAM)
    person.bot.waitUntil(lambda: bool(window.session.installed))
    step("a guide", lambda: person.clicks(person.program.choices["gmail"]))
    person.is_on(Page.DONE)
    step("another language", lambda: window.languages.setCurrentIndex(0))
    step("about", window.show_about)
    step("larger text", lambda: person.clicks(window.larger))
    step("smaller text", lambda: person.clicks(window.smaller))
    step("more contrast", lambda: window.look.set_more_contrast(True))
    step("less contrast", lambda: window.look.set_more_contrast(False))
    step("the end", lambda: None)
    heart.stop()


_LOOPS = 150_000
_REFERENCE = 15.0
"""Milliseconds that so many loops take on the machine that the limits were set on."""


def slowness() -> float:
    """How much slower this machine is at the moment; 1 where it is not."""
    times = []
    for _ in range(5):
        started = time.thread_time()
        total = 0
        for number in range(_LOOPS):
            total += number * number % 7
        times.append((time.thread_time() - started) * 1000)
    return max(sorted(times)[2] / _REFERENCE, 1.0)
