"""What holds for every test: no screen, no home of anybody's, English texts."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_ACCESSIBILITY", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest

from mailsetup import i18n

pytest_plugins = ["tests.servers.fixtures"]


@pytest.fixture(autouse=True)
def _nobodys_home(
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


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    i18n.set_language("en")
    yield
    i18n.set_language("en")


@pytest.fixture
def home() -> Path:
    """The home folder that the program under test sees."""
    return Path(os.environ["HOME"])


# The table of faults ------------------------------------------------------------------------


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Which findings this test provokes travels with its result, also from other processes."""
    for mark in item.iter_markers("fault"):
        item.user_properties += [("fault", identity) for identity in mark.args]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Each fault that was provoked: was the right link of the chain named?"""
    seen: dict[str, list[bool]] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.getreports(outcome):
            for name, identity in report.user_properties:
                if name == "fault":
                    seen.setdefault(str(identity), []).append(outcome == "passed")
    if not seen:
        return
    terminalreporter.section("fault → first broken link")
    for identity, results in sorted(seen.items()):
        link = identity.partition(".")[0] or "none"
        verdict = "right" if all(results) else "WRONG"
        terminalreporter.write_line(
            f"{identity or 'nothing is broken':<42} {link:<8} {verdict}  ({len(results)})"
        )
