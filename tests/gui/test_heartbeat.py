"""No freeze: nothing that the window does keeps its event loop busy for more than 50 ms."""

from collections.abc import Callable

from mailsetup.assistant.flow import Page
from mailsetup.assistant.service import Assistant, RunOptions
from mailsetup.demo.world import DemoWorld
from tests.gui.driver import Person
from tests.gui.heartbeat import Heartbeat, slowness, whole_way

MakePerson = Callable[[Assistant], Person]

MOST = 50.0
"""Milliseconds of the window's own processor time between two beats; the bench holds them."""

BUSY = 2.0
"""How much longer the same work may take here, where other tests fight for the same processors."""

_WALKS = 3
"""A gap that is there once and not the next time was the machine's, not ours."""


def test_the_whole_way_with_the_real_engine_never_keeps_the_window_waiting(
    somebody: MakePerson,
) -> None:
    least: dict[str, float] = {}
    with DemoWorld() as world:
        person = somebody(Assistant(RunOptions(network=world.options)))
        for _walk in range(_WALKS):
            heart = Heartbeat()
            whole_way(person, heart)
            person.window.close_aside()
            person.clicks(person.window.primary)
            person.is_on(Page.WELCOME)
            person.clicks(person.welcome.set_up)
            assert heart.beats > 20
            least = {step: min(gap, least.get(step, gap)) for step, gap in heart.longest.items()}
            limit = MOST * BUSY * slowness()
            if max(least.values()) < limit:
                break
    assert {step: gap for step, gap in least.items() if gap >= limit} == {}


def test_a_window_that_is_kept_waiting_would_be_noticed(somebody: MakePerson) -> None:
    person = somebody(Assistant())
    heart = Heartbeat()
    heart.start("busy")
    sum(number * number for number in range(3_000_000))
    heart.stop()
    assert heart.longest["busy"] > MOST
    person.window.close()
