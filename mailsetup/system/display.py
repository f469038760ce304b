"""Whether a window can be shown, determined before Qt is started.

Where its platform plug-in cannot start, Qt prints a page of text and aborts with a core dump
instead of raising an exception. So this follows its choice of a plug-in (QGuiApplication, Qt 6).
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

from mailsetup.i18n import _
from mailsetup.model.text import plain
from mailsetup.system.display_libraries import (
    OF_PLUGINS,
    OF_QT,
    Load,
    install_line,
    missing,
    named_in,
)

_X_SECONDS = 5.0
"""Enough for a display over the network; a local one answers in milliseconds."""
_PROBE_SECONDS = 15.0
_WITHOUT_SCREEN = frozenset({"offscreen", "minimal", "vnc"})
_ONE_PLUGIN_SYSTEMS = ("win32", "darwin")


@dataclass(frozen=True, slots=True)
class Display:
    """A window can be shown. ``platform`` is Qt's plug-in to request; "" leaves that to Qt."""

    platform: str = ""


@dataclass(frozen=True, slots=True)
class DisplayFailure:
    """No window can be shown; ``reason`` says why and what to do, in one or more lines.

    ``is_installation``: something that the window needs is not installed.
    """

    reason: str
    is_installation: bool = False


@dataclass(frozen=True, slots=True)
class _PluginFailure:
    """Why a plug-in of Qt cannot be used: a sentence, or the missing libraries."""

    sentence: str = ""
    libraries: tuple[str, ...] = ()


def _load(name: str) -> object:
    return ctypes.CDLL(name)


def _reach_x(display: str, load: Load) -> bool | None:
    """Whether an X server accepts a connection; None without the library for it."""
    try:
        xcb = load("libxcb.so.1")
    except OSError:
        return None
    if not isinstance(xcb, ctypes.CDLL):
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    results: list[bool] = []

    def connect() -> None:
        # Not closed: an X server resets when its last client disconnects, and would refuse Qt.
        connection = xcb.xcb_connect(os.fsencode(display), None)
        results.append(xcb.xcb_connection_has_error(connection) == 0)

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_X_SECONDS)
    return bool(results) and results[0]


def _reach_wayland(path: Path) -> bool:
    """Whether a process listens at the socket of a Wayland compositor."""
    import socket  # with its enums 4 ms, which most start-ups need not wait for

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(path))
        except (OSError, ValueError):  # ValueError: too long for a socket address
            return False
    return True


def _plugins() -> Path:
    """The folder of Qt's platform plug-ins. Raises ImportError where Qt cannot be loaded."""
    from PySide6.QtCore import QLibraryInfo

    # Importing the widgets shows whether the libraries that Qt itself needs are installed.
    import_module("PySide6.QtWidgets")
    return Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"


def _starts(platform: str) -> bool:
    """Whether Qt starts with this plug-in, tried in a child process, which may abort."""
    import subprocess  # 4 ms, for a variable that hardly anyone sets

    if getattr(sys, "frozen", False):
        return True
    arguments = ["probe", "-platform", platform]
    code = f"from PySide6.QtGui import QGuiApplication; QGuiApplication({arguments!r})"
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and arguments
            [sys.executable, "-c", code], capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class DisplayEnvironment:
    """What is inspected of the computer; tests replace it."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    system: str = sys.platform
    load: Load = _load
    reach_x: Callable[[str, Load], bool | None] = _reach_x
    reach_wayland: Callable[[Path], bool] = _reach_wayland
    plugins: Callable[[], Path] = _plugins
    starts: Callable[[str], bool] = _starts
    os_release: Path = Path("/etc/os-release")


def find_screen(environment: DisplayEnvironment | None = None) -> Display | DisplayFailure:
    """The display that can show a window, or why there is none."""
    here = environment or DisplayEnvironment()
    platforms = _platforms(here)
    if not platforms:
        return DisplayFailure(_("There is no screen here."))
    try:
        plugins = here.plugins()
    except ImportError as error:
        return _qt_failure(error, here)
    failures: list[_PluginFailure] = []
    for platform in platforms:
        failure = _failure(platform, plugins, here)
        if failure is None:
            # Where Qt's first choice would fail, Qt must not try it: it prints an error.
            return Display(platform if failures else "")
        failures.append(failure)
    libraries = next((failure.libraries for failure in failures if failure.libraries), ())
    if libraries:
        return _library_failure(libraries, here)
    return DisplayFailure(" ".join(dict.fromkeys(failure.sentence for failure in failures)))


def _platforms(here: DisplayEnvironment) -> tuple[str, ...]:
    """The plug-ins in the order in which Qt tries them; empty where there is no screen."""
    requested = [
        name for name in here.environ.get("QT_QPA_PLATFORM", "").split(";") if name.strip()
    ]
    if requested:
        return tuple(name.partition(":")[0] for name in requested)
    if here.system in _ONE_PLUGIN_SYSTEMS:
        return ("",)
    found = []
    is_wayland = here.environ.get("XDG_SESSION_TYPE") == "wayland"
    if here.environ.get("WAYLAND_DISPLAY") or is_wayland:
        found.append("wayland")
    if here.environ.get("DISPLAY"):
        found.append("xcb")
    return tuple(found)


def _failure(platform: str, plugins: Path, here: DisplayEnvironment) -> _PluginFailure | None:
    if not platform or platform in _WITHOUT_SCREEN:
        return None
    if here.system in _ONE_PLUGIN_SYSTEMS:
        return None if here.starts(platform) else _unknown_platform(platform, plugins)
    match platform:
        case "xcb":
            return _x_failure(plugins, here)
        case "wayland" | "wayland-egl":
            return _wayland_failure(plugins, here)
        case _:
            return None if here.starts(platform) else _unknown_platform(platform, plugins)


def _x_failure(plugins: Path, here: DisplayEnvironment) -> _PluginFailure | None:
    display = here.environ.get("DISPLAY", "")
    if here.reach_x(display, here.load) is False:
        return _PluginFailure(
            _("The screen “{name}” (DISPLAY) does not answer, or does not let you in.").format(
                name=plain(display, 60)
            )
        )
    return _plugin_failure(plugins / "libqxcb.so", here)


def _wayland_failure(plugins: Path, here: DisplayEnvironment) -> _PluginFailure | None:
    display = here.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    runtime = here.environ.get("XDG_RUNTIME_DIR", "")
    if not runtime and not display.startswith("/"):
        return _PluginFailure(
            _("XDG_RUNTIME_DIR is not set, so the screen “{name}” cannot be found.").format(
                name=plain(display, 60)
            )
        )
    if not here.reach_wayland(Path(runtime) / display):
        return _PluginFailure(
            _("The screen “{name}” (WAYLAND_DISPLAY) does not answer.").format(
                name=plain(display, 60)
            )
        )
    return _plugin_failure(plugins / "libqwayland.so", here)


def _plugin_failure(plugin: Path, here: DisplayEnvironment) -> _PluginFailure | None:
    """Load the plug-in as Qt does: only that shows what this version of Qt needs."""
    if not plugin.exists():
        return None
    try:
        here.load(str(plugin))
    except OSError as error:
        named = named_in(error)
        found = missing(OF_PLUGINS[plugin.name], here.load) or ((named,) if named else ())
        return _PluginFailure(libraries=found) if found else _load_failure(error)
    return None


def _load_failure(error: Exception) -> _PluginFailure:
    return _PluginFailure(
        _("The window cannot be loaded ({why}).").format(why=plain(str(error), 160))
    )


def _unknown_platform(platform: str, plugins: Path) -> _PluginFailure:
    known = sorted(
        {
            path.name.partition(".")[0].removeprefix("lib").removeprefix("q")
            for path in plugins.glob("*q*")
        }
        - {platform}
    )
    return _PluginFailure(
        _(
            "Qt cannot start on the platform “{name}” (QT_QPA_PLATFORM). Remove that variable, or"
            " choose one of these: {known}."
        ).format(name=plain(platform, 60), known=", ".join(known))
    )


def _qt_failure(error: ImportError, here: DisplayEnvironment) -> DisplayFailure:
    library = named_in(error)
    if library:
        return _library_failure(missing(OF_QT, here.load) or (library,), here)
    if error.name and error.name.partition(".")[0] == "PySide6":
        line = "python3 -m pip install PySide6-Essentials"
        return DisplayFailure(
            "\n".join(
                (
                    _("The window needs {names}, which is not installed here.").format(
                        names="PySide6"
                    ),
                    _("Install it with: {line}").format(line=line),
                )
            ),
            is_installation=True,
        )
    return DisplayFailure(_load_failure(error).sentence, is_installation=True)


def _library_failure(libraries: tuple[str, ...], here: DisplayEnvironment) -> DisplayFailure:
    sentence = _("The window needs libraries that are missing here: {names}.").format(
        names=", ".join(libraries)
    )
    line = install_line(libraries, here.os_release)
    how = [_("Install them with: {line}").format(line=line)] if line else []
    return DisplayFailure("\n".join((sentence, *how)), is_installation=True)
