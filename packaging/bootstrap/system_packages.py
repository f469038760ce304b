"""What Python's packages do not contain: libraries that Qt loads, programs that the tests start.

Names of Debian's packages were verified on bare systems (Debian 12 and 13), those of other
distributions are from their package lists.
"""

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bootstrap.layout import WAYLAND, X11, Purpose, SetupError
from mailsetup.i18n import _
from mailsetup.system.display_libraries import PACKAGES

# Qt's own list of what its wheels do not contain; what these load comes with their packages.
QT_LIBRARIES: Final = (
    "libEGL.so.1", "libGL.so.1", "libdbus-1.so.3", "libfontconfig.so.1", "libglib-2.0.so.0",
    "libxkbcommon.so.0", "libbrotlidec.so.1",
)  # fmt: skip
WINDOW_SYSTEMS: Final[Mapping[str, tuple[str, ...]]] = {
    X11: (
        "libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-keysyms.so.1", "libxcb-shape.so.0",
        "libxkbcommon-x11.so.0",
    ),
    WAYLAND: (
        "libwayland-client.so.0", "libwayland-cursor.so.0", "libwayland-egl.so.1",
    ),
}  # fmt: skip
"""The environment variable of a window system -> what Qt's plug-in for it needs in addition."""

# Program or file (a pattern, where its folder depends on the machine) -> Debian packages.
TEST_PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
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
    "osslsigncode": ("osslsigncode",),
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
    "desktop-file-validate": ("desktop-file-utils",),
    "appstreamcli": ("appstream",),
    "objdump": ("binutils",),
    "akonadi_imap_resource": ("kdepim-runtime", "akonadi-server"),
    # Debian 12's package contains a driver, Debian 13's this folder only.
    "/usr/share/doc/akonadi-backend-sqlite": ("akonadi-backend-sqlite",),
    # What tests/support/rootless.py needs to run the servers for an ordinary user.
    "newuidmap": ("uidmap",),
}

WINE_PROGRAMS: Final[Mapping[str, tuple[str, ...]]] = {
    "wine": ("wine", "wine64"),
    "xvfb-run": ("xvfb", "xauth"),
    "x86_64-w64-mingw32-gcc": ("gcc-mingw-w64-x86-64",),
}
"""What the tests on a Windows Python need, in the form of `TEST_PROGRAMS`."""

# Field of `Packages` -> the command that installs without asking.
PACKAGE_MANAGERS: Final[Mapping[str, tuple[str, ...]]] = {
    "dnf": ("dnf", "install", "-y"),
    "pacman": ("pacman", "-S", "--needed", "--noconfirm"),
    "zypper": ("zypper", "--non-interactive", "install"),
}


@dataclass(frozen=True, slots=True)
class System:
    """How to inspect the system; the tests use other functions."""

    loads: Callable[[str], bool]
    is_there: Callable[[str], bool]
    has_ensurepip: Callable[[], bool]


def this_system() -> System:
    """The computer on which this runs."""
    return System(loads, is_there, has_ensurepip)


def missing_libraries(purpose: Purpose, system: System, on: frozenset[str]) -> list[str]:
    """The missing libraries without which Qt does not start, with these window systems."""
    wanted = list(QT_LIBRARIES)
    for name, libraries in WINDOW_SYSTEMS.items():
        if purpose is Purpose.TESTS or (purpose.opens_window and name in on):
            wanted += libraries
    return [library for library in wanted if not system.loads(library)]


def missing_programs(purpose: Purpose, system: System) -> list[str]:
    """Debian packages of programs that the tests start and this system lacks."""
    match purpose:
        case Purpose.TESTS:
            programs = TEST_PROGRAMS
        case Purpose.WINDOWS_TESTS:
            programs = WINE_PROGRAMS
        case _:
            return []
    lacking = (needed for name, needed in programs.items() if not system.is_there(name))
    return sorted({package for packages in lacking for package in packages})


def debian_packages(purpose: Purpose, system: System, on: frozenset[str]) -> list[str]:
    """The missing packages for this purpose, by their names in Debian and Ubuntu."""
    packages = {PACKAGES[library].apt for library in missing_libraries(purpose, system, on)}
    packages.update(missing_programs(purpose, system))
    if not system.has_ensurepip():
        packages.add(venv_package())
    return sorted(packages)


def venv_package() -> str:
    """The Debian package that gives this Python its ``ensurepip``.

    Raises SetupError where this Python is not Debian's, so that no package completes it.
    """
    own = Path(sys.executable).resolve()
    default = Path("/usr/bin/python3")
    if default.exists() and own == default.resolve():
        return "python3-venv"
    if own.parent == Path("/usr/bin"):
        return f"python3.{sys.version_info.minor}-venv"
    raise SetupError(
        _(
            "The Python that runs this ({python}) lacks its module ensurepip. Reinstall Python, "
            "or start with another one: /usr/bin/python3 {script}"
        ).format(python=sys.executable, script="packaging/start.py")
    )


def other_system_line(libraries: Iterable[str], manager: str) -> str:
    """The command that installs these libraries on a system without ``apt-get``."""
    names = dict.fromkeys(str(getattr(PACKAGES[library], manager)) for library in libraries)
    return " ".join(("sudo", *PACKAGE_MANAGERS[manager], *names))


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a library."""
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


def has_ensurepip() -> bool:
    """Whether this Python can make a virtual environment with pip; Debian's alone cannot."""
    return importlib.util.find_spec("ensurepip") is not None


def which(name: str) -> str | None:
    """The path of a program, also in the folders of administrators' programs."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
