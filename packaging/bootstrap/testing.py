"""``start.py test``: all tests, those that need only Python packages, or those on Windows."""

import os
import platform
import runpy
import signal
import subprocess
import time
from collections.abc import Callable

from bootstrap.layout import PYTHON, ROOT, SCRIPT, Purpose
from bootstrap.progress import duration, say
from bootstrap.system_packages import which
from mailsetup.i18n import _

WORKERS = 3
"""For two cores: half of the tests' time is spent waiting for servers and programs."""

UNIT_TESTS = (
    "-m",
    "not servers and not thunderbird and not programs and not slow",
    "--ignore=tests/gui",
)

NO_TESTS_COLLECTED = 5
"""pytest's exit status; it is a failure of this command."""


def help_text() -> str:
    """The text of ``test --help``."""
    return _(
        "usage: python3 packaging/start.py test [unit|windows] [pytest's own arguments]\n"
        "\n"
        "  test                 every test: real Dovecot, Postfix, Knot, nginx and Thunderbird on\n"
        "                       loopback, and the window. About 8 minutes on two idle cores; the\n"
        "                       first start installs some 600 packages on Debian or Ubuntu: 3 GB.\n"
        "                       Without root the servers run in a user namespace.\n"
        "  test unit            the tests that need no servers, no other programs and no window:\n"
        "                       under a minute, and only Python packages are installed (560 MB)\n"
        "  test windows         tests on a Windows Python under Wine: about 8 minutes;\n"
        "                       --quick runs the most important ones, in about 3 minutes\n"
        "  test -k NAME         only the tests whose names match\n"
        "  test tests/batch     only the tests of one folder\n"
        "  test -n0 -x --pdb    in one process, up to the first failure, into the debugger\n"
        "\n"
        "The exit status is pytest's: 0 where everything passed."
    )


def run(words: list[str], prepare: Callable[[Purpose], None]) -> int:
    """Prepare, run pytest in the checkout, and print one line about the result."""
    if words[:1] == ["windows"]:
        return _run_on_windows(words[1:], prepare)
    unit = words[:1] == ["unit"]
    rest = words[1:] if unit else words
    purpose = Purpose.UNIT_TESTS if unit else Purpose.TESTS
    say(_announcement(unit, rest))
    prepare(purpose)
    started = time.monotonic()
    words = command(rest, unit=unit)
    if not unit:
        words = with_servers(words)
    process = subprocess.Popen(words, cwd=ROOT, env=environment())
    # Ctrl-C is for pytest, which stops its servers and prints the results so far.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = process.wait()
    say(_verdict(status, time.monotonic() - started))
    return 128 - status if status < 0 else status


def _run_on_windows(words: list[str], prepare: Callable[[Purpose], None]) -> int:
    """The tests on a Windows Python under Wine; 0 where there can be no Wine."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        say(_("Skipped: these tests need Wine, so Linux on an Intel or AMD processor."))
        return 0
    prepare(Purpose.WINDOWS_TESTS)
    if which("wine") is None:
        say(_("Skipped: Wine is not installed, and only on Debian and Ubuntu this installs it."))
        return 0
    say(_("The tests on a Windows Python under Wine; the first time it is prepared: 1 GB."))
    path = f"{ROOT / 'packaging'}{os.pathsep}{ROOT}"
    command = [str(PYTHON), "-P", "-m", "windows.suite", *words]
    started = time.monotonic()
    status = subprocess.call(command, cwd=ROOT, env={**environment(), "PYTHONPATH": path})
    say(_verdict(status, time.monotonic() - started))
    return status


def _announcement(unit: bool, rest: list[str]) -> str:
    if unit:
        return _("The unit tests: no servers, no other programs; under a minute once prepared.")
    if rest:
        return _("The tests that were asked for, against real servers where they need them.")
    return _(
        "Every test, against real servers and programs: about 8 minutes on two idle cores once "
        "prepared. “{script} test unit” takes under a minute."
    ).format(script=f"python3 {SCRIPT.relative_to(ROOT)}")


def _verdict(status: int, seconds: float) -> str:
    took = duration(seconds)
    if status == 0:
        return _("All tests passed, in {duration}.").format(duration=took)
    if status == NO_TESTS_COLLECTED:
        return _("There is no test that matches. Nothing was run.")
    if status in (2, -2, 130):
        return _("Stopped after {duration}. Not all tests were run.").format(duration=took)
    return _("Some tests failed (see above), after {duration}.").format(duration=took)


def command(rest: list[str], *, unit: bool) -> list[str]:
    """The command that runs pytest."""
    workers = [] if any(word.startswith("-n") for word in rest) else ["-n", str(WORKERS)]
    chosen = list(UNIT_TESTS) if unit else []
    progress = ["-p", "tests.support.progress"]
    return [str(PYTHON), "-m", "pytest", *progress, *workers, *chosen, *rest]


def with_servers(words: list[str]) -> list[str]:
    """The command as root of a user namespace, so that an ordinary user can run the servers."""
    # By its path: other packages may be called ``tests``.
    rootless = runpy.run_path(str(ROOT / "tests" / "support" / "rootless.py"))
    found = rootless["command"](words)
    if not isinstance(found, rootless["NamespaceFailure"]):
        return list(found)
    say(
        _("The tests that need real servers will be skipped: {reason}.").format(reason=found.reason)
    )
    if found.line:
        say(_("This line allows them: {line}").format(line=found.line))
    return words


def environment() -> dict[str, str]:
    """Variables of the tests: no screen is used, and bytecode is written."""
    variables = {**os.environ}
    variables.setdefault("QT_QPA_PLATFORM", "offscreen")
    variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables
