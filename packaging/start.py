#!/usr/bin/env python3
"""Two commands from a fresh clone, with nothing but Python 3.11 or later.

    python3 packaging/start.py --demo    opens the program on its built-in mail world
    python3 packaging/start.py test      passes every test

Only the standard library. It makes ``.venv``, installs from the locked lists in
``packaging/requirements`` and hands over; where everything is there, it hands over at once.
``start.py screenshots`` renders every page of the window. Any other words go to the program:
``packaging/start.py check ana@company.com``.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - must also be read by an old Python, to say so
    sys.exit(f"mailsetup needs Python 3.11 or later; this is {sys.version.split()[0]}.")

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
NEWEST_PYTHON = (3, 14)  # the newest that the locked Qt has packages for

# The locked lists fit every system. After a change of pyproject.toml both are made anew with uv:
#   uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
#     --no-emit-index-url --no-emit-find-links --extra demo \
#     -o packaging/requirements/run.txt pyproject.toml packaging/requirements/build.in
# and the same with "--extra demo --extra test" for test.txt. uv keeps the versions that stand
# there already; --upgrade-package NAME takes a newer one.
LOCKS = ROOT / "packaging" / "requirements"

# What has to be there -> Debian packages that bring it. Qt's own list, measured on a bare system.
QT = {
    "libEGL.so.1": ("libegl1",),
    "libGL.so.1": ("libgl1",),
    "libdbus-1.so.3": ("libdbus-1-3",),
    "libfontconfig.so.1": ("libfontconfig1",),
    "libglib-2.0.so.0": ("libglib2.0-0",),
    "libxkbcommon.so.0": ("libxkbcommon0",),
    "libbrotlidec.so.1": ("libbrotli1",),
}
QT_ON_A_SCREEN = {
    "libxcb-cursor.so.0": ("libxcb-cursor0",),
    "libxcb-icccm.so.4": ("libxcb-icccm4",),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1",),
    "libxcb-shape.so.0": ("libxcb-shape0",),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0",),
}
# The real servers and programs that the tests start; without them their tests are skipped.
SERVERS = {
    "dovecot": ("dovecot-core",),
    "/usr/lib/dovecot/imap": ("dovecot-imapd",),
    "/usr/lib/dovecot/pop3": ("dovecot-pop3d",),
    "/usr/lib/dovecot/lmtp": ("dovecot-lmtpd",),
    "/usr/lib/dovecot/managesieve": ("dovecot-managesieved", "dovecot-sieve"),
    "postfix": ("postfix",),
    "knotd": ("knot",),
    "knotc": ("knot",),
    "nginx": ("nginx-light",),
    "thunderbird": ("thunderbird",),
    "xvfb-run": ("xvfb",),
    "xauth": ("xauth",),
}
# Services that a newly installed package would start with the computer from now on.
SERVICES = {
    "dovecot-core": ("dovecot.service", "dovecot.socket"),
    "postfix": ("postfix.service",),
    "knot": ("knot.service",),
    "nginx-light": ("nginx.service",),
}
VENV_MODULE = {"ensurepip": ("python{}.{}-venv".format(*sys.version_info[:2]),)}
POLICY = "/usr/sbin/policy-rc.d"


class Stop(Exception):  # noqa: N818 - not an error of ours: the end of the road, with a sentence
    """Nothing more can be done here; the text tells the person what to do."""


class Computer(Protocol):
    """What this script asks of the computer, so that its tests can hand in another one."""

    def has(self, item: str) -> bool:
        """Whether a library (``lib….so…``), a file, Python's ensurepip or a program is there."""
        ...

    def is_administrator(self) -> bool:
        """Whether this process may install system packages itself."""
        ...

    def run(self, words: Sequence[str], *, quiet: bool = False) -> int:
        """Run a program without a shell and give its exit status; ``quiet`` shows nothing."""
        ...


def main(arguments: list[str]) -> int:
    """Prepare what is missing and hand over to the program or to the tests."""
    try:
        prepare(arguments, os.environ)
        return hand_over(command(arguments), environment(arguments, os.environ), arguments)
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def prepare(arguments: list[str], variables: Mapping[str, str]) -> None:
    """See that everything is there. Takes a few milliseconds when it has been there before."""
    testing = arguments[:1] == ["test"]
    stamp = VENV / ("stamp-test" if testing else "stamp-run")
    fits = PYTHON.exists() and read(stamp) == fingerprint(testing)
    required, optional = system_needs(arguments, variables, sys.platform)
    seen_before = set(read(VENV / "stamp-system").splitlines())
    if fits and seen_before.issuperset([*required, *optional]):
        return
    computer = ThisComputer()
    if not fits:
        if not os.access(ROOT, os.W_OK):
            raise Stop(f"This folder cannot be written to: {ROOT}. Copy it somewhere else.")
        if sys.platform.startswith("linux") and not is_usable(computer):
            required = {**required, **VENV_MODULE}
    prepare_system(required, optional, computer)
    try:
        if not fits:
            prepare_venv(testing, computer)
            for name in ("test", "run") if testing else ("run",):
                # Whatever the tests need includes all that the program needs.
                (VENV / f"stamp-{name}").write_text(fingerprint(name == "test"), encoding="utf-8")
        if os.access(VENV, os.W_OK):
            here = {item for item in (*required, *optional) if computer.has(item)}
            (VENV / "stamp-system").write_text(
                "\n".join(sorted(seen_before | here)), encoding="utf-8"
            )
    except OSError as error:
        raise Stop(f"Writing to {VENV} failed: {error.strerror}.") from error


def fingerprint(testing: bool, root: Path = ROOT) -> str:
    """Changes whenever the parts have to be installed anew, also when the folder has moved."""
    import hashlib

    digest = hashlib.sha256(f"{sys.version}\n{root}\n".encode())
    for path in (root / "pyproject.toml", root / lock_file(testing).relative_to(ROOT)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def lock_file(testing: bool) -> Path:
    """The locked list to install from."""
    return LOCKS / ("test.txt" if testing else "run.txt")


def read(path: Path) -> str:
    """A file's text; empty where there is none."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def command(arguments: list[str]) -> list[str]:
    """What is run in the end."""
    if arguments[:1] == ["test"]:
        rest = arguments[1:]
        workers = [] if any(word.startswith("-n") for word in rest) else ["-n", "2"]
        return [str(PYTHON), "-m", "pytest", *workers, *rest]
    if arguments[:1] == ["screenshots"]:
        return [str(PYTHON), "-P", "-m", "mailsetup.gui.screenshots", *arguments[1:]]
    # -P: a folder that happens to be called like one of our modules is not taken for it.
    return [str(PYTHON), "-P", "-m", "mailsetup", *arguments]


def environment(arguments: list[str], variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of what is run: tests and screenshots need no screen."""
    result = dict(variables)
    if arguments[:1] in (["test"], ["screenshots"]):
        result.setdefault("QT_QPA_PLATFORM", "offscreen")
    return result


def hand_over(words: list[str], variables: dict[str, str], arguments: list[str]) -> int:
    """Become the program; on Windows, where a process cannot, wait for it."""
    if arguments[:1] == ["test"]:
        os.chdir(ROOT)
    if sys.platform == "win32":
        import subprocess

        return subprocess.call(words, env=variables)
    sys.stdout.flush()
    return os.execve(words[0], words, variables)  # noqa: S606 - the program itself, no shell


# The virtual environment ------------------------------------------------------------------------


def is_usable(computer: Computer, python: Path = PYTHON) -> bool:
    """Whether ``.venv`` is whole: made by this version of Python, and able to install."""
    if not python.exists():
        return False
    code = "import sys, pip; sys.exit(sys.version_info[:2] != ({}, {}))"
    return computer.run([str(python), "-c", code.format(*sys.version_info[:2])], quiet=True) == 0


def prepare_venv(testing: bool, computer: Computer) -> None:
    """Make ``.venv`` and install the locked list and the program itself."""
    say(
        "Preparing mailsetup in .venv. The first time it downloads about 120 MB, "
        "mostly Qt; this takes a minute or two ..."
    )
    if not is_usable(computer):
        make_venv()
    for name in ("run", "test"):
        # From here until the end nothing is whole.
        (VENV / f"stamp-{name}").unlink(missing_ok=True)
    for step in install_steps(testing):
        if computer.run(step) != 0:
            raise Stop(installing_failed(sys.version_info[:2]))


def make_venv() -> None:
    """Make the virtual environment, also over what an interrupted attempt left behind."""
    import subprocess
    import venv

    try:
        venv.create(VENV, clear=True, with_pip=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        raise Stop(
            "Python could not make its virtual environment: its module “ensurepip” is missing "
            "or broken. Reinstall Python (on Debian and Ubuntu: the package python3-venv) "
            "and start again."
        ) from error


def install_steps(testing: bool) -> list[list[str]]:
    """How pip is called: nothing that is not on the list, nothing that is not as it was."""
    pip = [str(PYTHON), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
    return [
        [*pip, "--require-hashes", "--no-deps", "-r", str(lock_file(testing))],
        [*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
    ]


def installing_failed(version: tuple[int, int]) -> str:
    """What to do when pip gave up."""
    if version > NEWEST_PYTHON:
        return (
            "Python {}.{} is newer than what mailsetup's parts were made for. "
            "Start again with Python 3.11 to {}.{}."
        ).format(*version, *NEWEST_PYTHON)
    return (
        "The parts could not be installed; what pip said stands above. "
        "Check the internet connection and start again: it goes on where it stopped."
    )


# What Python cannot bring along -----------------------------------------------------------------


def system_needs(
    arguments: list[str], variables: Mapping[str, str], platform: str
) -> tuple[dict[str, tuple[str, ...]], dict[str, tuple[str, ...]]]:
    """What has to be installed, and what may be missing, each with its Debian packages."""
    if not platform.startswith("linux"):
        return {}, {}
    if arguments[:1] == ["test"]:
        return QT, {**QT_ON_A_SCREEN, **SERVERS}
    if arguments[:1] == ["screenshots"]:
        return QT, {}
    opens_the_window = not arguments or arguments[0].startswith("-")
    if not opens_the_window:
        return {}, {}
    if variables.get("QT_QPA_PLATFORM", "") in ("offscreen", "minimal", "vnc"):
        return QT, {}
    if variables.get("DISPLAY") or variables.get("WAYLAND_DISPLAY"):
        return {**QT, **QT_ON_A_SCREEN}, {}
    return {}, {}


def prepare_system(
    required: Mapping[str, tuple[str, ...]],
    optional: Mapping[str, tuple[str, ...]],
    computer: Computer,
) -> None:
    """Install missing system packages where that is allowed, otherwise say the one line.

    Raises Stop when something required stays missing. Without the optional ones it goes on.
    """
    absent = missing(required, computer)
    absent_too = missing(optional, computer)
    if not absent and not absent_too:
        return
    if computer.has("apt-get"):
        prefix = administrator_prefix(computer)
        if prefix is not None:
            for items, needed in ((absent, required), (absent_too, optional)):
                if items:
                    apt_install(packages(items, needed), prefix, computer)
            absent = missing(required, computer)
            absent_too = missing(optional, computer)
    if absent:
        raise Stop(
            "Something is missing on this computer: {}.\n{}".format(
                ", ".join(absent),
                advice(absent, {**required, **optional}, computer),
            )
        )
    if not computer.has("apt-get"):
        # Files that only Debian keeps there say nothing about another system.
        absent_too = [item for item in absent_too if not item.startswith("/")]
    if absent_too:
        say(
            "Not installed: {}. The tests that need them are skipped.\n{}".format(
                ", ".join(absent_too), advice(absent_too, optional, computer)
            )
        )


def missing(items: Iterable[str], computer: Computer) -> list[str]:
    """Those that are not on this computer."""
    return [item for item in items if not computer.has(item)]


def packages(items: Iterable[str], needed: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The Debian packages that bring these items, each once."""
    return sorted({package for item in items for package in needed[item]})


def advice(items: Sequence[str], needed: Mapping[str, tuple[str, ...]], computer: Computer) -> str:
    """The one line to paste, or in words where we do not know the system's own."""
    sudo = "" if computer.is_administrator() else "sudo "
    if computer.has("apt-get"):
        line = "apt-get install --no-install-recommends " + " ".join(packages(items, needed))
    elif computer.has("dnf") and all(".so." in item for item in items):
        # dnf finds a package by the library in it.
        line = "dnf install " + " ".join(f"'{item}()(64bit)'" for item in items)
    else:
        return "Install it with your system's package manager and start again."
    return f"Run this line and start again:\n  {sudo}{line}"


def administrator_prefix(computer: Computer) -> list[str] | None:
    """How to run something as root without being asked for a password; None where one cannot."""
    if computer.is_administrator():
        return []
    if computer.has("sudo") and computer.run(["sudo", "-n", "true"], quiet=True) == 0:
        return ["sudo", "-n"]
    return None


def apt_install(names: Sequence[str], prefix: Sequence[str], computer: Computer) -> None:
    """Install without starting any service, now or with the computer, and without removing any.

    Debian starts a freshly installed server at once, unless ``policy-rc.d`` says no. The tests
    start their own, and a person's computer must not suddenly run a mail server.
    """
    say("Installing system packages: " + " ".join(names))
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    install = [
        *apt,
        *("install", "-y", "--no-install-recommends", "--no-remove"),
        *("-o", "DPkg::Lock::Timeout=60", "-o", "Dpkg::Use-Pty=0"),
        *names,
    ]
    refuse = f"printf '#!/bin/sh\\nexit 101\\n' >{POLICY} && chmod 755 {POLICY}"
    ours = not computer.has(POLICY)
    try:
        if ours and computer.run([*prefix, "sh", "-c", refuse]) != 0:
            return
        # The package lists are old or absent in many a container, but mostly they will do.
        if computer.run(install, quiet=True) != 0:
            computer.run([*apt, "update"])
            computer.run(install)
        units = [unit for name in names for unit in SERVICES.get(name, ())]
        if units and computer.has("systemctl"):
            computer.run([*prefix, "systemctl", "disable", *units], quiet=True)
    finally:
        if ours:
            computer.run([*prefix, "rm", "-f", POLICY])


class ThisComputer:
    """The one that the script runs on."""

    def has(self, item: str) -> bool:
        """Whether the dynamic linker, the disk, Python or PATH knows it."""
        if ".so." in item:
            import ctypes

            try:
                ctypes.CDLL(item)
            except OSError:
                return False
            return True
        if item.startswith("/"):
            return Path(item).exists()
        if item == "ensurepip":
            import importlib.util

            importlib.invalidate_caches()
            return importlib.util.find_spec("ensurepip") is not None
        import shutil

        # Servers stand where only administrators look.
        return shutil.which(item, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin") is not None

    def is_administrator(self) -> bool:
        """Whether this is root; elsewhere than on POSIX nothing is installed for the system."""
        return sys.platform != "win32" and os.geteuid() == 0

    def run(self, words: Sequence[str], *, quiet: bool = False) -> int:
        """Run a program; what it prints goes to standard error, as our own words do."""
        import subprocess

        try:
            return subprocess.run(
                words,
                stdin=subprocess.DEVNULL if quiet else None,
                stdout=subprocess.DEVNULL if quiet else sys.stderr,
                stderr=subprocess.DEVNULL if quiet else None,
                check=False,
            ).returncode
        except OSError:
            return 127


def say(text: str) -> None:
    """What takes long is told before it starts."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
