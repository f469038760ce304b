"""The system's libraries that Qt's window needs, and how each distribution names their packages."""

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple

OF_QT = (
    "libEGL.so.1", "libGL.so.1", "libfontconfig.so.1", "libfreetype.so.6", "libdbus-1.so.3",
    "libglib-2.0.so.0", "libxkbcommon.so.0", "libX11.so.6", "libz.so.1", "libzstd.so.1",
    "libbrotlidec.so.1",
)  # fmt: skip
"""What the libraries of Qt itself load, with every platform plug-in."""

_OF_XCB = (
    "libxcb.so.1", "libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-image.so.0",
    "libxcb-keysyms.so.1", "libxcb-randr.so.0", "libxcb-render.so.0", "libxcb-render-util.so.0",
    "libxcb-shape.so.0", "libxcb-shm.so.0", "libxcb-sync.so.1", "libxcb-util.so.1",
    "libxcb-xfixes.so.0", "libxcb-xkb.so.1", "libX11-xcb.so.1", "libxkbcommon-x11.so.0",
)  # fmt: skip
_OF_WAYLAND = ("libwayland-client.so.0", "libwayland-cursor.so.0")

OF_PLUGINS: Final[Mapping[str, tuple[str, ...]]] = {
    "libqxcb.so": (*OF_QT, *_OF_XCB),
    "libqwayland.so": (*OF_QT, *_OF_WAYLAND),
}
"""What Qt's plug-ins for X11 and Wayland load, with the dependencies of these."""

MANAGERS: Final[Mapping[str, str]] = {
    "apt": "sudo apt-get update && sudo apt-get install --no-install-recommends",
    "dnf": "sudo dnf install",
    "pacman": "sudo pacman -S --needed",
    "zypper": "sudo zypper install",
}
"""The command of each package manager that installs packages."""

_DISTRIBUTIONS: Final[Mapping[str, str]] = {
    "debian": "apt", "ubuntu": "apt", "fedora": "dnf", "rhel": "dnf", "centos": "dnf",
    "arch": "pacman", "suse": "zypper", "opensuse": "zypper",
}  # fmt: skip
"""Values of ID and ID_LIKE in os-release(5), with the package manager."""


class Packages(NamedTuple):
    """The package that contains a library, for each package manager."""

    apt: str
    dnf: str
    pacman: str
    zypper: str


PACKAGES: Final[Mapping[str, Packages]] = {
    "libEGL.so.1": Packages("libegl1", "libglvnd-egl", "libglvnd", "libglvnd"),
    "libGL.so.1": Packages("libgl1", "libglvnd-glx", "libglvnd", "libglvnd"),
    "libfontconfig.so.1": Packages("libfontconfig1", "fontconfig", "fontconfig", "libfontconfig1"),
    "libfreetype.so.6": Packages("libfreetype6", "freetype", "freetype2", "libfreetype6"),
    "libdbus-1.so.3": Packages("libdbus-1-3", "dbus-libs", "dbus", "libdbus-1-3"),
    "libglib-2.0.so.0": Packages("libglib2.0-0", "glib2", "glib2", "libglib-2_0-0"),
    "libxkbcommon.so.0": Packages("libxkbcommon0", "libxkbcommon", "libxkbcommon", "libxkbcommon0"),
    "libX11.so.6": Packages("libx11-6", "libX11", "libx11", "libX11-6"),
    "libz.so.1": Packages("zlib1g", "zlib", "zlib", "libz1"),
    "libzstd.so.1": Packages("libzstd1", "libzstd", "zstd", "libzstd1"),
    "libbrotlidec.so.1": Packages("libbrotli1", "libbrotli", "brotli", "libbrotlidec1"),
    "libxcb.so.1": Packages("libxcb1", "libxcb", "libxcb", "libxcb1"),
    "libxcb-cursor.so.0": Packages(
        "libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor", "libxcb-cursor0",
    ),
    "libxcb-icccm.so.4": Packages("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm", "libxcb-icccm4"),
    "libxcb-image.so.0": Packages(
        "libxcb-image0", "xcb-util-image", "xcb-util-image", "libxcb-image0",
    ),
    "libxcb-keysyms.so.1": Packages(
        "libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms", "libxcb-keysyms1",
    ),
    "libxcb-randr.so.0": Packages("libxcb-randr0", "libxcb", "libxcb", "libxcb-randr0"),
    "libxcb-render.so.0": Packages("libxcb-render0", "libxcb", "libxcb", "libxcb-render0"),
    "libxcb-render-util.so.0": Packages(
        "libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil", "libxcb-render-util0",
    ),
    "libxcb-shape.so.0": Packages("libxcb-shape0", "libxcb", "libxcb", "libxcb-shape0"),
    "libxcb-shm.so.0": Packages("libxcb-shm0", "libxcb", "libxcb", "libxcb-shm0"),
    "libxcb-sync.so.1": Packages("libxcb-sync1", "libxcb", "libxcb", "libxcb-sync1"),
    "libxcb-util.so.1": Packages("libxcb-util1", "xcb-util", "xcb-util", "libxcb-util1"),
    "libxcb-xfixes.so.0": Packages("libxcb-xfixes0", "libxcb", "libxcb", "libxcb-xfixes0"),
    "libxcb-xkb.so.1": Packages("libxcb-xkb1", "libxcb", "libxcb", "libxcb-xkb1"),
    "libX11-xcb.so.1": Packages("libx11-xcb1", "libX11-xcb", "libx11", "libX11-xcb1"),
    "libxkbcommon-x11.so.0": Packages(
        "libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11", "libxkbcommon-x11-0",
    ),
    "libwayland-client.so.0": Packages(
        "libwayland-client0", "libwayland-client", "wayland", "libwayland-client0",
    ),
    "libwayland-cursor.so.0": Packages(
        "libwayland-cursor0", "libwayland-cursor", "wayland", "libwayland-cursor0",
    ),
    "libwayland-egl.so.1": Packages(
        "libwayland-egl1", "libwayland-egl", "wayland", "libwayland-egl1",
    ),
}  # fmt: skip

_LIBRARY = re.compile(r"\blib[\w.+-]+?\.so(?:\.\d+)*")

Load = Callable[[str], object]
"""Loads a library by its name; raises OSError where that fails, as `ctypes.CDLL` does."""


def missing(libraries: Iterable[str], load: Load) -> tuple[str, ...]:
    """The libraries that cannot be loaded."""
    found = []
    for name in libraries:
        try:
            load(name)
        except OSError:
            found.append(name)
    return tuple(found)


def named_in(error: Exception) -> str:
    """The library that an error of the dynamic loader is about; "" where it names none."""
    found = _LIBRARY.search(str(error))
    return found.group() if found is not None else ""


def install_line(libraries: Iterable[str], os_release: Path = Path("/etc/os-release")) -> str:
    """The command that installs these libraries; "" for an unknown library or distribution."""
    manager = _manager(os_release)
    wanted = [PACKAGES.get(name) for name in libraries]
    if not manager or not wanted or None in wanted:
        return ""
    column = tuple(MANAGERS).index(manager)
    packages = dict.fromkeys(row[column] for row in wanted if row is not None)
    return f"{MANAGERS[manager]} {shlex.join(packages)}"


def _manager(os_release: Path) -> str:
    try:
        text = os_release.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    known = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    for key in ("ID", "ID_LIKE"):
        for word in known.get(key, "").strip("\"'").split():
            manager = _DISTRIBUTIONS.get(word) or _DISTRIBUTIONS.get(word.partition("-")[0])
            if manager:
                return manager
    return ""
