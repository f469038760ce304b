"""A pytest plug-in: how many tests are done, how many failed, and how long it still takes.

One changing line on a terminal, a line every half minute elsewhere. Loaded by ``start.py test``
with ``-p tests.support.progress``; works with and without pytest-xdist.
"""

import sys
import time

import pytest

SECONDS_BETWEEN_LINES = 30.0
SECONDS_BETWEEN_UPDATES = 0.2


class TestProgress:
    """Counts finished tests, in the process that the user started."""

    __test__ = False

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter
        self._is_terminal = sys.stderr.isatty()
        self._total = self._done = self._failed = 0
        self._began = self._shown = time.monotonic()
        self._width = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without pytest-xdist the number of tests is known here."""
        self._begin(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: object, ids: list[str]) -> None:
        """With pytest-xdist each worker collects all of them."""
        self._begin(len(ids))

    def _begin(self, total: int) -> None:
        if total > self._total:
            self._total = total
            self._began = time.monotonic()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a finished phase of a test; a failure is named immediately."""
        if report.failed:
            self._failed += 1
            self._line(f"FAILED {report.nodeid}")
        if report.when == "teardown":
            self._done += 1
            self._show(report.nodeid)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """No letters of pytest: the changing line replaces them."""
        if hasattr(report, "wasxfail") or (report.passed and report.when != "call"):
            return None
        if report.failed and report.when != "call":
            return "error", "", "ERROR"
        return report.outcome, "", report.outcome.upper()

    def pytest_sessionfinish(self) -> None:
        """Remove the changing line before the summary."""
        self._erase()

    def _show(self, name: str) -> None:
        now = time.monotonic()
        between = SECONDS_BETWEEN_UPDATES if self._is_terminal else SECONDS_BETWEEN_LINES
        if now - self._shown < between:
            return
        self._shown = now
        text = f"{self._done} of {self._total} tests, {self._failed} failed, {self._left(now)}"
        if self._is_terminal:
            width = self._reporter._tw.fullwidth - 1
            line = f"{text}, {name.partition('::')[0]}"[:width]
            sys.stderr.write("\r" + line.ljust(self._width))
            sys.stderr.flush()
            self._width = len(line)
        else:
            self._line(text)

    def _left(self, now: float) -> str:
        seconds = (now - self._began) / max(self._done, 1) * max(self._total - self._done, 0)
        if seconds < 60:
            return "less than a minute left"
        return f"about {round(seconds / 60)} min left"

    def _line(self, text: str) -> None:
        self._erase()
        self._reporter.ensure_newline()
        self._reporter.write_line(text)

    def _erase(self) -> None:
        if self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            sys.stderr.flush()
            self._width = 0


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Not in workers, and not where pytest is verbose."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and not hasattr(config, "workerinput") and config.option.verbose <= 0:
        config.option.console_output_style = "classic"
        config.pluginmanager.register(TestProgress(reporter), "tests-progress")
