"""How long the window does not react, step by step: ``python -m tests.bench.bench_window``.

In a fresh process, on the demo's servers, so that first-time costs are in it. Prints for each
step the longest time that the event loop was without a beat: what its thread computed, and how long
it stood still.
"""

import os
import resource
import tempfile
from pathlib import Path
from typing import cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from mailsetup.assistant.run_options import RunOptions
from mailsetup.assistant.service import Assistant
from mailsetup.demo.mail_system import DemoMailSystem
from mailsetup.gui.app import make_application
from mailsetup.gui.window import Window
from tests.support.gui.driver import Person
from tests.support.gui.heartbeat import Heartbeat, large_inputs, slowness, whole_flow

LIMIT = 50.0


class _Bot:
    """The two methods of pytest-qt that `Person` uses."""

    @staticmethod
    def wait(milliseconds: int) -> None:
        QTest.qWait(milliseconds)

    @staticmethod
    def waitUntil(condition: object, timeout: int = 20_000) -> None:  # noqa: N802 - pytest-qt's name
        if not callable(condition):
            raise TypeError
        for _ in range(timeout // 10):
            if condition():
                return
            QTest.qWait(10)
        raise TimeoutError


def main() -> None:
    """Go through the window once and print one line for each step."""
    make_application()
    with DemoMailSystem() as mail_system:
        window = Window(lambda: Assistant(RunOptions(network=mail_system.options)))
        window.show()
        person = Person(cast(QtBot, _Bot()), window)
        QTest.qWait(1000)
        person.clicks(person.welcome.set_up)
        heart = Heartbeat()
        whole_flow(person, heart)
        window.navigator.close_overlay()
        person.clicks(window.footer.primary)
        person.clicks(person.welcome.set_up)
        with tempfile.TemporaryDirectory() as folder:
            large_inputs(person, heart, Path(folder))
        window.close()
    for step, gap in heart.longest.items():
        over = "" if gap.whole() < LIMIT else "over the limit"
        print(f"{step:<24} {gap.busy:6.1f} ms + {gap.still:5.1f} ms  {over}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"this machine is {slowness():.1f} times slower than the reference; peak {peak} MiB")
    print("(with the demo's servers and the engine in the same process)")


if __name__ == "__main__":
    main()
