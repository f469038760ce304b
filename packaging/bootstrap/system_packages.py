"""What Python cannot bring along: libraries that Qt loads, and programs that the tests start.

Names of libraries and packages were measured on bare systems (Debian 12 and 13), for the other
distributions taken from their package lists.
"""

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bootstrap.layout import Purpose, SetupError
from mailsetup.i18n import _


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library that has to load, and the package that holds it on each system."""

    soname: str
    apt: str
    dnf: str
    pacman: str
    zypper: str


# Qt's own list of what its wheels do not carry.
QT_LIBRARIES = (
    Library("libEGL.so.1", "libegl1", "libglvnd-egl", "libglvnd", "libEGL1"),
    Library("libGL.so.1", "libgl1", "libglvnd-glx", "libglvnd", "libGL1"),
    Library("libdbus-1.so.3", "libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3"),
    Library("libfontconfig.so.1", "libfontconfig1", "fontconfig", "fontconfig", "libfontconfig1"),
    Library("libglib-2.0.so.0", "libglib2.0-0", "glib2", "glib2", "libglib-2_0-0"),
    Library("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0"),
    Library("libbrotlidec.so.1", "libbrotli1", "libbrotli", "brotli", "libbrotlidec1"),
)
QT_X11_LIBRARIES = (
    Library("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor",
            "libxcb-cursor0"),
    Library("libxcb-icccm.so.4", "libxcb-icccm4", "xcb-util-wm", "xcb-util-wm", "libxcb-icccm4"),
    Library("libxcb-keysyms.so.1", "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms",
            "libxcb-keysyms1"),
    Library("libxcb-shape.so.0", "libxcb-shape0", "libxcb", "libxcb", "libxcb-shape0"),
    Library("libxkbcommon-x11.so.0", "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11",
            "libxkbcommon-x11-0"),
)  # fmt: skip
QT_WAYLAND_LIBRARIES = (
    Library("libwayland-client.so.0", "libwayland-client0", "libwayland-client", "wayland",
            "libwayland-client0"),
    Library("libwayland-cursor.so.0", "libwayland-cursor0", "libwayland-cursor", "wayland",
            "libwayland-cursor0"),
    Library("libwayland-egl.so.1", "libwayland-egl1", "libwayland-egl", "wayland",
            "libwayland-egl1"),
)  # fmt: skip

WINDOW_SYSTEMS = {"DISPLAY": QT_X11_LIBRARIES, "WAYLAND_DISPLAY": QT_WAYLAND_LIBRARIES}

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
    # Debian 12's package brings a driver of its own, Debian 13's only this folder.
    "/usr/share/doc/akonadi-backend-sqlite": ("akonadi-backend-sqlite",),
    # What tests/support/rootless.py needs to run the servers for an ordinary user.
    "newuidmap": ("uidmap",),
}

# Command that installs without asking -> name of its packages' field in `Library`.
PACKAGE_MANAGERS = {
    "dnf": ("dnf", "install", "-y"),
    "pacman": ("pacman", "-S", "--needed", "--noconfirm"),
    "zypper": ("zypper", "--non-interactive", "install"),
}


@dataclass(frozen=True, slots=True)
class System:
    """How to look at the system; the tests hand in another one."""

    loads: Callable[[str], bool]
    is_there: Callable[[str], bool]
    has_ensurepip: Callable[[], bool]


def this_system() -> System:
    """The computer that runs this."""
    return System(loads, is_there, has_ensurepip)


def screens(variables: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The variables of the window systems that are running: ``DISPLAY``, ``WAYLAND_DISPLAY``."""
    return frozenset(name for name in WINDOW_SYSTEMS if variables.get(name))


def missing_libraries(purpose: Purpose, system: System, on: frozenset[str]) -> list[Library]:
    """The libraries without which Qt does not start for this purpose, on these screens."""
    wanted: list[Library] = list(QT_LIBRARIES)
    for name, libraries in WINDOW_SYSTEMS.items():
        if purpose is Purpose.TESTS or (purpose is Purpose.WINDOW and name in on):
            wanted += libraries
    return [library for library in wanted if not system.loads(library.soname)]


def missing_programs(purpose: Purpose, system: System) -> list[str]:
    """Debian packages of programs that the tests start and this system lacks."""
    if purpose is not Purpose.TESTS:
        return []
    lacking = (needed for name, needed in TEST_PROGRAMS.items() if not system.is_there(name))
    return sorted({package for packages in lacking for package in packages})


def debian_packages(purpose: Purpose, system: System, on: frozenset[str]) -> list[str]:
    """Everything that is missing for this purpose, in Debian's and Ubuntu's names."""
    packages = {library.apt for library in missing_libraries(purpose, system, on)}
    packages.update(missing_programs(purpose, system))
    if not system.has_ensurepip():
        packages.add(venv_package())
    return sorted(packages)


def venv_package() -> str:
    """The Debian package that gives this Python its ``ensurepip``.

    Raises SetupError where this Python is none of Debian's, so that no package can complete it.
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


def other_system_line(libraries: Iterable[Library], manager: str) -> str:
    """The line that installs these libraries on a system without ``apt-get``."""
    names = dict.fromkeys(str(getattr(library, manager)) for library in libraries)
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
    """The path of a program, also where only administrators look."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
