"""Fixtures of every test: no screen, a temporary home, English texts."""

import os
import signal

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_ACCESSIBILITY", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup import i18n
from tests.support import fault_table

pytest_plugins = ["tests.support.servers.fixtures"]


@pytest.fixture(autouse=True)
def _temporary_home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for variable, folder in (
        ("XDG_CONFIG_HOME", ".config"),
        ("XDG_DATA_HOME", ".local/share"),
        ("XDG_CACHE_HOME", ".cache"),
    ):
        monkeypatch.setenv(variable, str(home / folder))
    # The user's keyring and mail programs would be reached over it.
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "disabled:")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.fixture
def home() -> Path:
    """The home folder that the program under test sees."""
    return Path(os.environ["HOME"])


@pytest.fixture(autouse=True, scope="session")
def _children_take_ctrl_c() -> Iterator[None]:
    """Let programs under test be interrupted, also where the tests ignore SIGINT.

    A shell script's ``command &``, nohup and some CI start programs with SIGINT ignored, and every
    child inherits that. A handler is not inherited: children start with the default. It does
    nothing, so that the tests themselves go on ignoring the signal.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, lambda _number, _frame: None)
    yield
    signal.signal(signal.SIGINT, before)


# The table of faults ------------------------------------------------------------------------


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Store the findings that this test provokes in its result, also from other processes."""
    fault_table.begin(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print each provoked fault, the link that checks named, and whether it was right.

    The whole table with ``-v``; otherwise those that are wrong, and how many are right.
    """
    good: dict[str, bool] = {}
    links: dict[str, dict[str, None]] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            # A file that could not be collected has none.
            properties = getattr(report, "user_properties", ())
            said = [value for name, value in properties if name == "named"]
            for name, identity in properties:
                if name == "fault":
                    good[identity] = good.get(identity, True) and outcome == "passed"
                    shown = links.setdefault(identity, {})
                    shown.update(dict.fromkeys(link for one, link in said if one == identity))
    if not good:
        return
    terminalreporter.section("fault → first broken link named")
    all_rows = terminalreporter.verbosity > 0
    right_rows = 0
    for identity in sorted(good):
        expected = {identity.partition(".")[0] or "none, a warning", "none, a warning"}
        right = good[identity] and set(links[identity]) <= expected
        link = " · ".join(links[identity]) or "not asked"
        name = identity or "(nothing is broken)"
        right_rows += right
        if all_rows or not right:
            terminalreporter.write_line(f"{name:<42} {link:<28} {'right' if right else 'WRONG'}")
    terminalreporter.write_line(f"{right_rows} of {len(good)} right")
