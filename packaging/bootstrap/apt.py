"""Installs Debian packages, with progress, without questions and without starting services."""

import contextlib
import io
import os
import re
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Final

from bootstrap.layout import SetupError
from bootstrap.progress import Progress, say
from bootstrap.system_packages import which
from mailsetup.i18n import _

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian runs this program, if it exists, before it starts a newly installed service."""

DPKG_UPDATES = Path("/var/lib/dpkg/updates")
"""dpkg's journal: an interrupted run leaves files in it."""

_POLICY_MARK = "# written by mailsetup while it installs packages"
_POLICY_TEXT = f"#!/bin/sh\n{_POLICY_MARK}\nexit 101\n"
# The tests start their own servers. The system's are not started, also not by a restart.
_SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "dovecot-core": ("dovecot.service", "dovecot.socket"),
    "postfix": ("postfix.service",),
    "nginx-light": ("nginx.service",),
    "knot": ("knot.service",),
}
_OPTIONS = (
    "-y",
    "-q",
    "--no-install-recommends",
    # Another installation may be running: a new system updates itself at its first start.
    "-oDPkg::Lock::Timeout=600",
    "-oDpkg::Use-Pty=0",
    "-oDpkg::Options::=--force-confdef",
    "-oDpkg::Options::=--force-confold",
    "-oAPT::Keep-Downloaded-Packages=false",
)
_WAITING = b"Waiting for cache lock"
_UNREACHABLE = re.compile(
    r"Failed to fetch|Could not resolve|Temporary failure resolving|Could not connect"
)
_NEEDED = re.compile(r"Need to get ([\d.,]+ [kMG]?B)")
_ON_DISK = re.compile(r"After this operation, ([\d.,]+ [kMG]?B) of additional disk space")
_UNKNOWN = re.compile(r"E: (?:Unable to locate package |Package ')([a-z0-9][a-z0-9.+-]*)")


@dataclass(frozen=True, slots=True)
class Size:
    """The size of an installation as apt-get prints it (``61.2 MB``)."""

    download: str
    on_disk: str


def environment() -> dict[str, str]:
    """The environment of apt-get and dpkg: no questions, messages in English."""
    return {
        **os.environ,
        "DEBIAN_FRONTEND": "noninteractive",
        "NEEDRESTART_SUSPEND": "1",
        "LC_ALL": "C",
        "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin",
    }


def needs_repair() -> bool:
    """Whether an interrupted installation left packages unpacked but not configured."""
    dpkg = which("dpkg")
    if dpkg is None:
        return False
    if any(DPKG_UPDATES.glob("[0-9]*")):
        return True
    audit = subprocess.run([dpkg, "--audit"], capture_output=True, check=False, env=environment())
    return bool(audit.stdout.strip())


def size(packages: Sequence[str]) -> Size | None:
    """The sizes to download and on the disk; None where the package lists do not know them yet."""
    text = _simulated(packages)
    needed, on_disk = _NEEDED.search(text), _ON_DISK.search(text)
    return Size(needed[1], on_disk[1]) if needed and on_disk else None


def unknown(packages: Sequence[str]) -> list[str]:
    """The packages that are not in this system's lists."""
    named = set(_UNKNOWN.findall(_simulated(packages)))
    return [package for package in packages if package in named]


def _simulated(packages: Sequence[str]) -> str:
    """The output of a simulated installation, which takes no lock."""
    done = subprocess.run(
        [
            which("apt-get") or "apt-get", "install", "--assume-no", "--no-install-recommends",
            "-oDebug::NoLocking=1", *packages,
        ],
        capture_output=True, text=True, errors="replace", check=False, env=environment(),
    )  # fmt: skip
    return done.stdout + done.stderr


def install(packages: Sequence[str], optional: Sequence[str] = ()) -> None:
    """Install packages as root. Raises SetupError with what went wrong, KeyboardInterrupt.

    ``optional`` packages are left out where the system's lists do not know them. A broken state
    of dpkg is repaired first.
    """
    with _no_service_starts(), _termination_interrupts():
        if needs_repair():
            _run(
                _("Completing an interrupted installation"),
                [
                    which("dpkg") or "dpkg",
                    "--force-confdef",
                    "--force-confold",
                    "--configure",
                    "-a",
                ],
            )
            _run(_("Repairing dependencies"), [_apt(), "install", "--fix-broken", *_OPTIONS])
        # Old lists have old versions, without security updates. Where they cannot
        # be updated, the known versions may suffice.
        with contextlib.suppress(SetupError):
            _run(_("Reading the package lists"), [_apt(), "update", "-q"])
        absent = unknown(packages)
        if absent:
            say(_("Not known to this system: {packages}").format(packages=", ".join(absent)))
        if missing := [package for package in absent if package not in optional]:
            raise SetupError(
                _(
                    "These packages are not in your system's package lists: {packages}. "
                    "Check /etc/apt/sources.list and the internet connection, and start again."
                ).format(packages=", ".join(missing))
            )
        wanted = [package for package in packages if package not in absent]
        if wanted:
            title = _("Installing system packages ({count})").format(count=len(wanted))
            _run(title, [_apt(), "install", *_OPTIONS, *wanted])
            _keep_services_off(wanted)


def _apt() -> str:
    return which("apt-get") or "apt-get"


def _run(title: str, command: list[str]) -> None:
    """Run apt-get or dpkg with progress. Raises SetupError with the end of its output."""
    reading, writing = os.pipe()
    if Path(command[0]).name == "apt-get":
        command = [command[0], f"-oAPT::Status-Fd={writing}", *command[1:]]
    with (
        tempfile.TemporaryFile() as log,
        os.fdopen(reading, "rb", buffering=0) as status,
        Progress(title) as progress,
    ):
        # In a session of its own, so that Ctrl-C does not reach it twice.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            pass_fds=(writing,), start_new_session=True, env=environment(),
        )  # fmt: skip
        os.close(writing)
        try:
            _follow(process, status, log, progress)
        except BaseException:
            _stop(process)
            raise
        if process.returncode != 0:
            log.seek(0)
            raise SetupError(_failure(title, log.read().decode("utf-8", "replace")))


def _follow(
    process: subprocess.Popen[bytes], status: io.FileIO, log: IO[bytes], progress: Progress
) -> None:
    """Show APT's progress until it ends, without waiting for processes that it started."""
    pending = b""
    while True:
        ended = process.poll() is not None
        readable, _w, _x = select.select([status], [], [], 0 if ended else 0.5)
        data = status.read(65536) if readable else b""
        if ended and not data:
            return
        *lines, pending = (pending + (data or b"")).split(b"\n")
        for line in lines:
            _show(progress, line.decode("utf-8", "replace"))
        if not readable and _WAITING in os.pread(log.fileno(), 65536, 0)[-400:]:
            progress.update(_("another installation is running; waiting until it ends"))
        if readable and not data:
            time.sleep(0.05)


def _show(progress: Progress, line: str) -> None:
    """Show one line of APT's status protocol: ``kind:subject:percent:words``."""
    kind, _separator, rest = line.partition(":")
    subject, _separator, rest = rest.partition(":")
    percent, _separator, words = rest.partition(":")
    if kind not in ("dlstatus", "pmstatus"):
        return
    with contextlib.suppress(ValueError):
        # Downloading and unpacking each take roughly half of the time.
        share = float(percent) / 200 + (0.5 if kind == "pmstatus" else 0.0)
        progress.update(words.strip() if kind == "dlstatus" else subject, share)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Terminate apt-get and dpkg; the next start completes what is half-configured."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    try:
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failure(title: str, log: str) -> str:
    """One sentence; for an unknown cause with the tool's output."""
    if _UNREACHABLE.search(log):
        return _(
            "The system packages could not be downloaded. Check the internet connection and start "
            "again: what is there already is kept."
        )
    if "No space left on device" in log or "enough free space" in log:
        return _("The disk is full. Make room and start again: what is there already is kept.")
    errors = [line for line in log.splitlines() if line.startswith(("E: ", "dpkg: error"))]
    words = "\n".join(f"  {line}" for line in errors[:5])
    return _("{step}: that did not succeed.\n{words}\nRemove the cause and start again.").format(
        step=title, words=words or "  " + (log.strip().splitlines() or ["?"])[-1]
    )


@contextlib.contextmanager
def _no_service_starts() -> Iterator[None]:
    """Keep Debian from starting the services of packages installed inside the block."""
    try:
        is_foreign = _POLICY_MARK not in POLICY.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        is_foreign = False
    if is_foreign:
        yield
        return
    # A file with the mark is left from a killed start: it is replaced and removed.
    try:
        POLICY.write_text(_POLICY_TEXT, encoding="ascii")
        POLICY.chmod(0o755)
    except OSError as error:
        # Root of a container only, for instance.
        raise SetupError(
            _(
                "System packages cannot be installed here: {file} cannot be written ({reason}). "
                "Start this as the computer's administrator."
            ).format(file=POLICY, reason=error.strerror)
        ) from None
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _keep_services_off(packages: Sequence[str]) -> None:
    """Disable the services of packages that were installed for the tests."""
    systemctl = which("systemctl")
    services = [name for package in packages for name in _SERVICES.get(package, ())]
    if systemctl is not None and services:
        subprocess.run(
            [systemctl, "disable", *services], capture_output=True, check=False, env=environment()
        )


@contextlib.contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Handle SIGTERM and SIGHUP as Ctrl-C inside the block."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signals = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
