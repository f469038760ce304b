"""Whether a window can be shown here, found out before Qt is started.

Where its platform plug-in cannot start, Qt writes a page of its own and aborts with a core dump:
no exception can be caught. So its choice of a plug-in (QGuiApplication, Qt 6) is followed here.
"""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from mailsetup.i18n import _
from mailsetup.model.text import plain

if TYPE_CHECKING:
    from mailsetup.system.display_libraries import Load

_X_SECONDS = 5.0
"""For a display over the network; one of this computer answers in milliseconds."""
_PROBE_SECONDS = 15.0
_NEED_NO_SCREEN = frozenset({"offscreen", "minimal", "vnc"})
_SYSTEMS_OWN = ("win32", "darwin")


@dataclass(frozen=True, slots=True)
class Display:
    """A window can be shown. ``platform`` is Qt's plug-in to ask for; "" leaves that to Qt."""

    platform: str = ""


@dataclass(frozen=True, slots=True)
class DisplayFailure:
    """No window can be shown; ``reason`` says why and what to do, in one or more lines.

    ``is_installation``: something that this program needs is not installed.
    """

    reason: str
    is_installation: bool = False


@dataclass(frozen=True, slots=True)
class _Fault:
    """Why one of Qt's plug-ins cannot be used. With ``libraries`` they are what is missing."""

    sentence: str = ""
    libraries: tuple[str, ...] = ()


def _load(name: str) -> object:
    import ctypes

    return ctypes.CDLL(name)


def _reach_x(display: str, load: "Load") -> bool | None:
    """Whether an X server answers and lets this account in; None without the library for it."""
    import ctypes
    import threading

    try:
        xcb = load("libxcb.so.1")
    except OSError:
        return None
    if not isinstance(xcb, ctypes.CDLL):
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    answers: list[bool] = []

    def connect() -> None:
        # Not closed: an X server resets when its last client leaves, and would refuse Qt.
        connection = xcb.xcb_connect(os.fsencode(display), None)
        answers.append(xcb.xcb_connection_has_error(connection) == 0)

    asking = threading.Thread(target=connect, daemon=True)
    asking.start()
    asking.join(_X_SECONDS)
    return bool(answers) and answers[0]


def _reach_wayland(place: Path) -> bool:
    """Whether something listens at the socket of a Wayland compositor."""
    import socket

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(str(place))
        except (OSError, ValueError):  # ValueError: longer than an address of a socket may be
            return False
    return True


def _plugins() -> Path:
    """The folder of Qt's platform plug-ins. Raises ImportError where Qt cannot be loaded."""
    from PySide6.QtCore import QLibraryInfo

    # What the window is made of: it tells whether the libraries under Qt itself are there.
    import_module("PySide6.QtWidgets")
    return Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"


def _starts(platform: str) -> bool:
    """Whether Qt starts with this plug-in: tried in a process of its own, which may abort."""
    import subprocess

    if getattr(sys, "frozen", False):
        return True
    arguments = ["probe", "-platform", platform]
    code = f"from PySide6.QtGui import QGuiApplication; QGuiApplication({arguments!r})"
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-c", code], capture_output=True, timeout=_PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class DisplayEnvironment:
    """What is asked about the computer; tests hand in another one."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    system: str = sys.platform
    load: "Load" = _load
    reach_x: Callable[[str, "Load"], bool | None] = _reach_x
    reach_wayland: Callable[[Path], bool] = _reach_wayland
    plugins: Callable[[], Path] = _plugins
    starts: Callable[[str], bool] = _starts
    os_release: Path = Path("/etc/os-release")


def find_screen(computer: DisplayEnvironment | None = None) -> Display | DisplayFailure:
    """Where a window can be shown, or why nowhere."""
    here = computer or DisplayEnvironment()
    wanted = _wanted(here)
    if not wanted:
        return DisplayFailure(_("There is no screen here."))
    try:
        plugins = here.plugins()
    except ImportError as error:
        return _no_qt(error, here)
    faults: list[_Fault] = []
    for platform in wanted:
        fault = _fault(platform, plugins, here)
        if fault is None:
            # Where Qt's first choice would fail, it is not even tried: it writes about that.
            return Display(platform if faults else "")
        faults.append(fault)
    libraries = next((fault.libraries for fault in faults if fault.libraries), ())
    if libraries:
        return _no_libraries(libraries, here)
    return DisplayFailure(" ".join(dict.fromkeys(fault.sentence for fault in faults)))


def _wanted(here: DisplayEnvironment) -> tuple[str, ...]:
    """The plug-ins in the order in which Qt tries them; empty where there is no screen."""
    asked = [name for name in here.environ.get("QT_QPA_PLATFORM", "").split(";") if name.strip()]
    if asked:
        return tuple(name.partition(":")[0] for name in asked)
    if here.system in _SYSTEMS_OWN:
        return ("",)
    found = []
    is_wayland = here.environ.get("XDG_SESSION_TYPE") == "wayland"
    if here.environ.get("WAYLAND_DISPLAY") or is_wayland:
        found.append("wayland")
    if here.environ.get("DISPLAY"):
        found.append("xcb")
    return tuple(found)


def _fault(platform: str, plugins: Path, here: DisplayEnvironment) -> _Fault | None:
    if not platform or platform in _NEED_NO_SCREEN:
        return None
    if here.system in _SYSTEMS_OWN:
        return None if here.starts(platform) else _unknown(platform, plugins)
    match platform:
        case "xcb":
            return _fault_of_x(plugins, here)
        case "wayland" | "wayland-egl":
            return _fault_of_wayland(plugins, here)
        case _:
            return None if here.starts(platform) else _unknown(platform, plugins)


def _fault_of_x(plugins: Path, here: DisplayEnvironment) -> _Fault | None:
    display = here.environ.get("DISPLAY", "")
    if here.reach_x(display, here.load) is False:
        return _Fault(
            _("The screen “{name}” (DISPLAY) does not answer, or does not let you in.").format(
                name=plain(display, 60)
            )
        )
    return _fault_of_plugin(plugins / "libqxcb.so", here)


def _fault_of_wayland(plugins: Path, here: DisplayEnvironment) -> _Fault | None:
    display = here.environ.get("WAYLAND_DISPLAY") or "wayland-0"
    runtime = here.environ.get("XDG_RUNTIME_DIR", "")
    if not runtime and not display.startswith("/"):
        return _Fault(
            _("XDG_RUNTIME_DIR is not set, so the screen “{name}” cannot be found.").format(
                name=plain(display, 60)
            )
        )
    if not here.reach_wayland(Path(runtime) / display):
        return _Fault(
            _("The screen “{name}” (WAYLAND_DISPLAY) does not answer.").format(
                name=plain(display, 60)
            )
        )
    return _fault_of_plugin(plugins / "libqwayland.so", here)


def _fault_of_plugin(plugin: Path, here: DisplayEnvironment) -> _Fault | None:
    """Load the plug-in as Qt does next: only that tells what this version of Qt needs."""
    if not plugin.exists():
        return None
    try:
        here.load(str(plugin))
    except OSError as error:
        from mailsetup.system.display_libraries import OF_PLUGINS, missing, named_in

        named = named_in(error)
        found = missing(OF_PLUGINS[plugin.name], here.load) or ((named,) if named else ())
        return _Fault(libraries=found) if found else _unloadable(error)
    return None


def _unloadable(error: Exception) -> _Fault:
    return _Fault(_("The window cannot be loaded ({why}).").format(why=plain(str(error), 160)))


def _unknown(platform: str, plugins: Path) -> _Fault:
    known = sorted(
        {
            path.name.partition(".")[0].removeprefix("lib").removeprefix("q")
            for path in plugins.glob("*q*")
        }
        - {platform}
    )
    return _Fault(
        _(
            "Qt cannot start on the platform “{name}” (QT_QPA_PLATFORM). Remove that variable, or"
            " choose one of these: {known}."
        ).format(name=plain(platform, 60), known=", ".join(known))
    )


def _no_qt(error: ImportError, here: DisplayEnvironment) -> DisplayFailure:
    from mailsetup.system.display_libraries import OF_QT, missing, named_in

    library = named_in(error)
    if library:
        return _no_libraries(missing(OF_QT, here.load) or (library,), here)
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
    return DisplayFailure(_unloadable(error).sentence, is_installation=True)


def _no_libraries(libraries: tuple[str, ...], here: DisplayEnvironment) -> DisplayFailure:
    sentence = _("The window needs libraries that are missing here: {names}.").format(
        names=", ".join(libraries)
    )
    from mailsetup.system.display_libraries import install_line

    line = install_line(libraries, here.os_release)
    how = [_("Install them with: {line}").format(line=line)] if line else []
    return DisplayFailure("\n".join((sentence, *how)), is_installation=True)
