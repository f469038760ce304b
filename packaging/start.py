#!/usr/bin/env python3
"""Two commands from a fresh clone, with nothing but Python 3.11 or later.

    python3 packaging/start.py --demo    opens the program on its built-in mail world
    python3 packaging/start.py test      passes every test

Only the standard library. It makes ``.venv``, installs from the locked lists in
``packaging/requirements`` and hands over; where everything is there, it hands over at once. Any
other words go to the program: ``packaging/start.py check ana@company.com``.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - must also be read by an old Python, to say so
    sys.exit(f"mailsetup needs Python 3.11 or later; this is {sys.version.split()[0]}.")

import os
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = ROOT / "packaging" / "requirements"
WINDOWS = sys.platform == "win32"
WORKERS = 3
"""At two cores: half of the tests' time is waiting for real servers and programs."""
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

# Library that has to load -> Debian package. Qt's own list, measured on a bare system.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libbrotlidec.so.1": "libbrotli1",
}
QT_X11_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
# Program or file (a pattern, where its folder depends on the machine) -> Debian packages.
TEST_PROGRAMS = {
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
    "xvfb-run": ("xvfb", "xauth"),
    "chromium": ("chromium",),
    "chromedriver": ("chromium-driver",),
    "openssl": ("openssl",),
    "neomutt": ("neomutt",),
    "mbsync": ("isync",),
    "msmtp": ("msmtp",),
    "aerc": ("aerc",),
    "secret-tool": ("libsecret-tools",),
    "gnome-keyring-daemon": ("gnome-keyring",),
    "dbus-run-session": ("dbus",),
    "/usr/lib/*/libnss_wrapper.so": ("libnss-wrapper",),
    "claws-mail": ("claws-mail",),
    "xdotool": ("xdotool",),
    "zsh": ("zsh",),
    "fish": ("fish",),
    "mandoc": ("mandoc",),
    "gdbus": ("libglib2.0-bin",),
    "/usr/libexec/evolution-source-registry": ("evolution-data-server",),
    "/usr/lib/*/girepository-1.0/EDataServer-1.2.typelib": ("gir1.2-edataserver-1.2",),
    "/usr/lib/*/girepository-1.0/Camel-1.2.typelib": ("gir1.2-camel-1.2",),
    "/usr/lib/python3/dist-packages/gi": ("python3-gi",),
    "/usr/lib/*/sasl2/libplain.so": ("libsasl2-modules",),
    "xmllint": ("libxml2-utils",),
    "akonadi_imap_resource": ("kdepim-runtime", "akonadi-server"),
    "/usr/lib/*/qt*/plugins/sqldrivers/libqsqlite3.so": ("akonadi-backend-sqlite",),
}


class Stop(Exception):  # noqa: N818 - not an error of ours: the end of the road, with a sentence
    """Nothing more can be done here; the text tells the person what to do."""


def main(arguments: list[str]) -> int:
    """Prepare what is missing and hand over to the program or to the tests."""
    testing = arguments[:1] == ["test"]
    # A screen needs more of the system than the same program without one.
    on_screen = bool(os.environ.get("DISPLAY")) and not testing
    stamp = VENV / ("stamp-test" if testing else "stamp-screen" if on_screen else "stamp-run")
    wanted = fingerprint(testing)
    try:
        if read(stamp) != wanted or not PYTHON.exists():
            prepare_system(on_screen, testing)
            prepare_venv(testing)
            stamp.write_text(wanted, encoding="ascii")
        return hand_over(command(arguments), environment(arguments))
    except Stop as stop:
        print(stop, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130


def fingerprint(testing: bool) -> str:
    """Changes whenever something has to be installed anew."""
    import hashlib

    digest = hashlib.sha256(sys.version.encode())
    for path in (ROOT / "pyproject.toml", lock_file(testing), Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def lock_file(testing: bool) -> Path:
    """The locked list to install from."""
    return LOCKS / ("test.txt" if testing else "run.txt")


def read(path: Path) -> str:
    """A file's text; empty where there is none."""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def command(arguments: list[str]) -> list[str]:
    """What is run in the end."""
    if arguments[:1] == ["test"]:
        rest = arguments[1:]
        workers = [] if any(word.startswith("-n") for word in rest) else ["-n", str(WORKERS)]
        return [str(PYTHON), "-m", "pytest", *workers, *rest]
    if arguments[:1] == ["screenshots"]:
        return [str(PYTHON), "-m", "mailsetup.gui.screenshots", *arguments[1:]]
    return [str(PYTHON), "-m", "mailsetup", *arguments]


def environment(arguments: list[str]) -> dict[str, str]:
    """The environment of what is run: tests and screenshots need no screen."""
    variables = dict(os.environ)
    if arguments[:1] in (["test"], ["screenshots"]):
        variables.setdefault("QT_QPA_PLATFORM", "offscreen")
    if arguments[:1] == ["test"]:
        # The tests start the program some hundred times: it is compiled once, not each time.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
    return variables


def hand_over(words: list[str], variables: dict[str, str]) -> int:
    """Become the program; on Windows, where a process cannot, wait for it."""
    os.chdir(ROOT)
    if WINDOWS:
        import subprocess

        return subprocess.call(words, env=variables)
    sys.stdout.flush()
    return os.execve(words[0], words, variables)  # noqa: S606 - the program itself, no shell


# The virtual environment ------------------------------------------------------------------------


def prepare_venv(testing: bool) -> None:
    """Make ``.venv`` and install the locked list and the program itself."""
    import shutil
    import subprocess
    import venv

    if not os.access(ROOT, os.W_OK):
        raise Stop(f"This folder cannot be written to: {ROOT}. Copy it somewhere else.")
    say(f"Preparing mailsetup in {VENV} (only the first time) ...")
    works = (
        PYTHON.exists()
        and subprocess.call(
            [str(PYTHON), "-m", "pip", "-q", "--version"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        == 0
    )
    if not works:
        # Also what an interrupted attempt left behind.
        shutil.rmtree(VENV, ignore_errors=True)
        try:
            venv.create(VENV, with_pip=True)
        except (subprocess.CalledProcessError, ImportError):
            shutil.rmtree(VENV, ignore_errors=True)
            raise Stop(
                "Python's own tools are incomplete. Run this line and start again:\n"
                "  sudo apt-get install python3-venv"
            ) from None
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    steps = (
        [*pip, "--require-hashes", "--no-deps", "-r", str(lock_file(testing))],
        [*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT)],
    )
    for step in steps:
        if subprocess.call(step) != 0:
            raise Stop(
                "The parts could not be installed; what pip said stands above. "
                "Check the internet connection and start again."
            )


# What Python cannot bring along -----------------------------------------------------------------


def prepare_system(on_screen: bool, testing: bool) -> None:
    """Install missing system packages where that is allowed, otherwise say the one line."""
    if not sys.platform.startswith("linux"):
        return
    packages = missing_packages(on_screen, testing, loads, is_there)
    if not packages:
        return
    apt = which("apt-get")
    line = "sudo apt-get install --no-install-recommends " + " ".join(packages)
    if apt is None:
        raise Stop(
            "These libraries or programs are missing (Debian's names): {}. Install them "
            "with your system's package manager.".format(", ".join(packages))
        )
    prefix = root_prefix()
    if prefix is None:
        raise Stop("Something is missing. Run this line and start again:\n  " + line)
    say("Installing: " + " ".join(packages))
    if not apt_install(apt, prefix, packages):
        raise Stop("That could not be installed. Run this line and start again:\n  " + line)


def missing_packages(
    on_screen: bool,
    testing: bool,
    loads: Callable[[str], bool],
    is_there: Callable[[str], bool],
) -> list[str]:
    """The Debian packages to install; ``loads`` and ``is_there`` look at the system."""
    libraries = dict(QT_LIBRARIES)
    if on_screen:
        libraries.update(QT_X11_LIBRARIES)
    packages = [package for library, package in libraries.items() if not loads(library)]
    if testing:
        for name, needed in TEST_PROGRAMS.items():
            if not is_there(name):
                packages.extend(needed)
    return sorted(set(packages))


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a library."""
    import ctypes

    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def is_there(name: str) -> bool:
    """Whether a program (also an administrator's) or a file is installed."""
    if name.startswith("/"):
        return any(Path("/").glob(name.removeprefix("/")))
    return which(name) is not None


def which(name: str) -> str | None:
    """A program's place, also where only administrators look."""
    import shutil

    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def root_prefix() -> list[str] | None:
    """How to run something as root without being asked for a password; None where one cannot."""
    import subprocess

    if os.geteuid() == 0:
        return []
    sudo = which("sudo")
    if sudo and subprocess.call([sudo, "-n", "true"], stderr=subprocess.DEVNULL) == 0:
        return [sudo, "-n"]
    return None


def apt_install(apt: str, prefix: list[str], packages: list[str]) -> bool:
    """Install without starting any service of the packages on this computer."""
    import subprocess

    install = [
        *prefix,
        "env",
        "DEBIAN_FRONTEND=noninteractive",
        apt,
        "install",
        "-y",
        "-q",
        "--no-install-recommends",
        *packages,
    ]
    policy = Path("/usr/sbin/policy-rc.d")
    # Debian starts a freshly installed server at once, unless this file says no. The tests start
    # their own, and a person's computer must not suddenly run a mail server.
    ours = not policy.exists()
    try:
        if ours:
            subprocess.run(
                [
                    *prefix,
                    "sh",
                    "-c",
                    f"printf '#!/bin/sh\\nexit 101\\n' > {policy} && chmod 755 {policy}",
                ],
                check=True,
            )
        # Old lists lead to old programs, without their security updates. Where the lists cannot
        # be renewed, what is known may still be enough.
        subprocess.call([*prefix, apt, "update", "-q"], stdout=subprocess.DEVNULL)
        return subprocess.call(install, stdout=subprocess.DEVNULL) == 0
    except subprocess.CalledProcessError:
        return False
    finally:
        if ours:
            subprocess.call([*prefix, "rm", "-f", str(policy)])


def say(text: str) -> None:
    """What takes long is told before it starts."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
