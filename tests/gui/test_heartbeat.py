"""No freeze: nothing that the window does keeps its event loop busy for more than 50 ms."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from mailsetup.assistant.flow import Page
from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.demo.mail_system import DemoMailSystem
from tests.support.gui.driver import Person, Scripted
from tests.support.gui.heartbeat import (
    TELLS_STANDING_STILL,
    Heartbeat,
    Way,
    back_to_welcome,
    slowness,
    ways_beside,
    whole_way,
)

MakePerson = Callable[[Assistant], Person]

MOST = 50.0
"""Milliseconds between two beats that the window computed or stood still."""

_WALKS = 4
"""A gap that is there once and not the next time was the machine's, not ours."""


@pytest.fixture(autouse=True)
def _only_this_test_is_looked_through() -> Iterator[None]:
    """What hundreds of tests left would be looked through for knots, which stops every thread."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@dataclass
class Listener:
    """Keeps for each step the quietest of several walks, in milliseconds of the reference."""

    least: dict[str, float] = field(default_factory=dict)

    def walk(self, go: Callable[[Heartbeat], None]) -> bool:
        """One walk more; True while some step has never been quick enough."""
        heart, before = Heartbeat(), slowness()
        go(heart)
        assert heart.beats > 20
        slower = max(before, slowness())
        for step, gap in heart.longest.items():
            whole = gap.whole(slower)
            self.least[step] = min(whole, self.least.get(step, whole))
        return bool(self.late)

    @property
    def late(self) -> dict[str, float]:
        """The steps that kept the window waiting."""
        return {step: gap for step, gap in self.least.items() if gap >= MOST}


def test_the_whole_way_with_the_real_engine_never_keeps_the_window_waiting(
    somebody: MakePerson,
) -> None:
    with DemoMailSystem() as world:
        person, listener = somebody(Assistant(RunOptions(network=world.options))), Listener()
        for _walk in range(_WALKS):
            if not listener.walk(lambda heart: whole_way(person, heart)):
                break
            person.window.navigator.close_overlay()
            person.clicks(person.window.footer.primary)
            person.is_on(Page.WELCOME)
            person.clicks(person.welcome.set_up)
    assert listener.late == {}


def test_nonsense_a_log_and_a_table_of_a_town_never_keep_the_window_waiting(
    somebody: MakePerson, tmp_path: Path
) -> None:
    person, listener = somebody(Scripted()), Listener()
    for walk in range(_WALKS):
        folder = tmp_path / str(walk)
        folder.mkdir()
        if not listener.walk(partial(ways_beside, person, folder=folder)):
            break
        back_to_welcome(person.window)
        person.clicks(person.welcome.set_up)
    assert listener.late == {}


def computes() -> None:
    started = time.thread_time()
    while time.thread_time() - started < 2 * MOST / 1000:
        pass


def sleeps() -> None:
    time.sleep(2 * MOST / 1000)


def waits_for_a_thread() -> None:
    thread = threading.Thread(target=sleeps)
    thread.start()
    thread.join()


@pytest.mark.parametrize("holds_up", [computes, sleeps, waits_for_a_thread])
def test_a_window_that_is_kept_waiting_would_be_noticed(
    somebody: MakePerson, holds_up: Callable[[], None]
) -> None:
    if holds_up is not computes and not TELLS_STANDING_STILL:
        pytest.skip("this system does not say how long a thread waited for a processor")
    person, heart = somebody(Scripted()), Heartbeat()
    way = Way(person, heart)
    way.step("held up", holds_up)
    way.step("idle", lambda: None)
    way.end()
    assert heart.longest["held up"].whole() > MOST
    assert heart.longest["idle"].whole() < heart.longest["held up"].whole()
