"""What PyInstaller collects and the program does not need, removed from its folder.

Libraries that every supported system has are left to it: the system replaces them when they have a
security fault, and a graphics driver of the system may need newer ones than those of the computer
that built the package.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePath, PurePosixPath
from typing import Final

QT_KEPT: Final = (
    "lib/libQt6Core.so.6", "lib/libQt6Gui.so.6", "lib/libQt6Widgets.so.6", "lib/libQt6Svg.so.6",
    "lib/libQt6DBus.so.6", "lib/libQt6OpenGL.so.6", "lib/libQt6XcbQpa.so.6",
    "lib/libQt6WaylandClient.so.6", "lib/libicu*.so.*",
    "plugins/platforms/libqxcb.so", "plugins/platforms/libqwayland.so",
    "plugins/platforms/libqoffscreen.so",
    "plugins/platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "plugins/platforminputcontexts/libibusplatforminputcontextplugin.so",
    "plugins/platformthemes/libqxdgdesktopportal.so",
    "plugins/xcbglintegrations/*.so",
    "plugins/wayland-shell-integration/libxdg-shell.so",
    "plugins/wayland-decoration-client/*.so",
    "plugins/wayland-graphics-integration-client/libqt-plugin-wayland-egl.so",
    "plugins/iconengines/libqsvgicon.so",
    "plugins/imageformats/libqsvg.so", "plugins/imageformats/libqico.so",
    "plugins/imageformats/libqjpeg.so", "plugins/imageformats/libqgif.so",
    "translations/qtbase_es.qm", "translations/qtbase_en.qm",
)  # fmt: skip
"""Patterns of the files below ``PySide6/Qt`` that stay."""

MODULES_KEPT: Final = tuple(f"Qt{name}.abi3.so" for name in ("Core", "Gui", "Widgets", "Svg"))
"""Qt's modules for Python that stay."""

X11_HELPERS: Final = (
    "libxcb-cursor.so.0", "libxcb-icccm.so.4", "libxcb-image.so.0", "libxcb-keysyms.so.1",
    "libxcb-render-util.so.0", "libxcb-util.so.1",
)  # fmt: skip
"""Small libraries that not every desktop has: they stay where no package manager can bring them."""

METADATA_KEPT: Final = ("METADATA", "entry_points.txt")
"""Files of a package's ``.dist-info`` that are read at run time. ``RECORD`` would hold the hashes
of scripts, and so the path of the environment that they were installed in."""

BUNDLED: Final = ("libpython3.*.so.1.0", "libffi.so.8", "libbz2.so.1.0", *X11_HELPERS)
"""Patterns of the libraries of the system that stay."""


def prune(internal: Path) -> None:
    """Remove what is not needed from PyInstaller's ``_internal``."""
    qt = internal / "PySide6" / "Qt"
    for path in sorted(qt.rglob("*")):
        if not path.is_dir() and not matches(path.relative_to(qt), QT_KEPT):
            path.unlink()
    for path in sorted((internal / "PySide6").glob("Qt*.abi3.so")):
        if path.name not in MODULES_KEPT:
            path.unlink()
    for path in sorted(internal.glob("lib*.so*")):
        if not is_needed_library(path):
            path.unlink()
    for path in sorted(internal.glob("*.dist-info/**/*")):
        if path.is_file() and path.name not in METADATA_KEPT:
            path.unlink()
    remove_empty_folders(internal)


def is_needed_library(path: Path) -> bool:
    """Whether a library next to the modules stays: one of ours, or a link to a kept one of Qt."""
    if path.is_symlink():
        return path.exists()
    return matches(PurePosixPath(path.name), BUNDLED)


def matches(path: PurePath, patterns: Iterable[str]) -> bool:
    """Whether a relative path matches one of the patterns."""
    return any(fnmatchcase(path.as_posix(), pattern) for pattern in patterns)


def remove_empty_folders(folder: Path) -> None:
    """Remove folders below ``folder`` that hold nothing, innermost first."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink() and not any(path.iterdir()):
            path.rmdir()
