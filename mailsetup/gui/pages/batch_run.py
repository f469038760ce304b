"""The run over a table: how far it is, and the results of the last people."""

import time
from collections import deque
from collections.abc import Mapping
from typing import Final, assert_never

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QProgressBar

from mailsetup.batch.events import BatchEvent, BatchStarted, DomainSearched, Paused, PersonDone
from mailsetup.batch.result import FAILED, PersonState, state_word
from mailsetup.gui.page import PageView
from mailsetup.gui.services import Services
from mailsetup.gui.theme import Type
from mailsetup.gui.widgets.basic import PlainLabel, announce
from mailsetup.gui.widgets.status_icon import StatusLight
from mailsetup.gui.widgets.step_list import ProgressStep, StepList
from mailsetup.i18n import _, ngettext
from mailsetup.model.text import plain

_SHOWN = 5
_FAILURES = 3
"""The last failures stay on the page."""
_PACE = 100
"""Milliseconds between two updates: hundreds of people a second are not shown one by one."""
_SPOKEN = 10
"""How often in a run the progress is announced to a screen reader."""

LIGHTS: Final[Mapping[PersonState, StatusLight]] = {
    PersonState.READY: StatusLight.OK,
    PersonState.WORKS: StatusLight.OK,
    PersonState.BROKEN: StatusLight.FAIL,
    PersonState.NOT_WRITTEN: StatusLight.FAIL,
    PersonState.NOT_TESTED: StatusLight.WARN,
    PersonState.NO_SETTINGS: StatusLight.WARN,
    PersonState.NEEDS_CONFIRMATION: StatusLight.WARN,
    PersonState.OPEN: StatusLight.UNKNOWN,
}


class BatchRunPage(PageView):
    """A bar, a number, and the last people."""

    def __init__(self, services: Services) -> None:
        super().__init__(services)
        self._lead = PlainLabel(role="muted")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.count = PlainLabel(size=Type.LARGE, bold=True)
        self.left = PlainLabel(role="muted")
        self.people = StepList()
        self.add_to_column(self._lead, self.bar, self.count, self.left, self.people)
        self._pace = QTimer(self, singleShot=True, interval=_PACE)
        self._pace.timeout.connect(self._update)
        self._reset()
        self.retranslate()

    def _reset(self) -> None:
        self._total = self._before = self._done = 0
        self._domains = self._searched = 0
        self._began = 0.0
        self._pause = ""
        self._last: deque[PersonDone] = deque(maxlen=_SHOWN)
        self._failures: deque[PersonDone] = deque(maxlen=_FAILURES)

    def enter(self) -> None:
        """Begin with an empty page."""
        self._reset()
        self.bar.setRange(0, 0)
        self._update()

    def start_jobs(self) -> None:
        """Set up the people of the table."""
        self.services.batch.run(self.on_event, self.moved.emit)

    def on_event(self, event: BatchEvent) -> None:
        """An event of the run."""
        match event:
            case BatchStarted(people=people, done_before=before, domains=domains):
                self._total, self._before, self._domains = people, before, domains
                self._done = before
                self._began = time.monotonic()
                self.bar.setRange(0, max(people, 1))
            case DomainSearched():
                self._searched += 1
            case PersonDone(state=state):
                self._done += 1
                self._pause = ""
                (self._failures if state in FAILED else self._last).append(event)
                step = max(1, self._total // _SPOKEN)
                if self._done % step == 0:
                    self._update()
                    announce(self, self.count.text())
            case Paused(hosting=hosting, seconds=seconds):
                self._pause = _("{hosting} asks for a slower pace: waiting {seconds} s").format(
                    hosting=plain(hosting, 80), seconds=f"{seconds:.0f}"
                )
            case _:
                assert_never(event)
        if not self._pace.isActive():
            self._pace.start()

    @Slot()
    def _update(self) -> None:
        self.bar.setValue(self._done)
        if not self._total:
            self.count.setText(_("Starting …"))
            self.left.setText("")
        elif self._searched < self._domains and self._done == self._before:
            self.count.setText(
                _("Servers: {done} of {total} domains").format(
                    done=self._searched, total=self._domains
                )
            )
            self.left.setText("")
        else:
            self.count.setText(
                _("{done} of {total} mailboxes").format(done=self._done, total=self._total)
            )
            self.left.setText(self._pause or self._time_left())
        self.people.show_steps(
            [
                ProgressStep(
                    f"{plain(one.address, 80)}: {plain(one.reason, 140) or state_word(one.state)}",
                    LIGHTS[one.state],
                )
                for one in (*reversed(self._failures), *reversed(self._last))
            ]
        )

    def _time_left(self) -> str:
        done = self._done - self._before
        elapsed = time.monotonic() - self._began
        if done < 3 or elapsed < 2:
            return ""
        seconds = elapsed / done * (self._total - self._done)
        if seconds < 60:
            return _("less than a minute left")
        minutes = round(seconds / 60)
        return ngettext("about {count} minute left", "about {count} minutes left", minutes).format(
            count=minutes
        )

    def retranslate(self) -> None:
        """Texts in the current language."""
        self.title.setText(_("Working through the table"))
        self._lead.setText(
            _("You may stop at any time, or switch the computer off: it goes on where it was.")
        )
        self.bar.setAccessibleName(_("How far it is"))
        self._update()
