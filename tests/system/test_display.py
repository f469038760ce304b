"""Missing displays and libraries are reported instead of an abort of Qt: simulated and real."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup.system.display import Display, DisplayEnvironment, DisplayFailure, find_screen
from mailsetup.system.display_libraries import OF_PLUGINS, OF_QT, install_line, missing, named_in

ALL = tuple(dict.fromkeys((*OF_QT, *(name for names in OF_PLUGINS.values() for name in names))))


APT = "sudo apt-get update && sudo apt-get install --no-install-recommends"


class Loader:
    """The dynamic loader of a computer on which some libraries are missing."""

    def __init__(self, *missing_names: str) -> None:
        self._missing = missing_names

    def __call__(self, name: str) -> object:
        needed = OF_PLUGINS.get(Path(name).name, (name,))
        for one in needed:
            if one in self._missing:
                raise OSError(f"{one}: cannot open shared object file: No such file or directory")
        return self


def computer(tmp_path: Path, **environ: str) -> DisplayEnvironment:
    plugins = tmp_path / "platforms"
    plugins.mkdir(exist_ok=True)
    for name in ("xcb", "wayland", "offscreen"):
        (plugins / f"libq{name}.so").touch()
    return DisplayEnvironment(
        environ=environ,
        system="linux",
        load=Loader(),
        reach_x=lambda _display, _load: True,
        reach_wayland=lambda _place: True,
        plugins=lambda: plugins,
        starts=lambda _platform: False,
        os_release=debian(tmp_path),
    )


def debian(tmp_path: Path, content: str = "NAME=x\nID=debian\n") -> Path:
    path = tmp_path / "os-release"
    path.write_text(content)
    return path


def reason(here: DisplayEnvironment) -> str:
    found = find_screen(here)
    assert isinstance(found, DisplayFailure)
    return found.reason


def test_reachable_screen_is_left_to_qt(tmp_path: Path) -> None:
    for environ in ({"DISPLAY": ":0"}, {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/run"}):
        assert find_screen(computer(tmp_path, **environ)) == Display()
    assert find_screen(computer(tmp_path, QT_QPA_PLATFORM="offscreen")) == Display()
    assert find_screen(computer(tmp_path, QT_QPA_PLATFORM="offscreen:size=9x9")) == Display()
    assert find_screen(replace(computer(tmp_path), system="darwin")) == Display()


def test_missing_screen_is_reported(tmp_path: Path) -> None:
    assert reason(computer(tmp_path)) == "There is no screen here."


def test_unreachable_x_display_is_named(tmp_path: Path) -> None:
    here = replace(computer(tmp_path, DISPLAY=":77\x1b[2J"), reach_x=lambda _display, _load: False)
    assert "“:77 [2J” (DISPLAY)" in reason(here)


def test_unreachable_wayland_display_is_named(tmp_path: Path) -> None:
    here = computer(tmp_path, WAYLAND_DISPLAY="wayland-9", XDG_RUNTIME_DIR="/run/user/0")
    assert "WAYLAND_DISPLAY" in reason(replace(here, reach_wayland=lambda _place: False))
    assert "XDG_RUNTIME_DIR" in reason(computer(tmp_path, WAYLAND_DISPLAY="wayland-9"))


def test_x_is_used_where_wayland_does_not_answer(tmp_path: Path) -> None:
    here = computer(tmp_path, WAYLAND_DISPLAY="wayland-9", XDG_RUNTIME_DIR="/run", DISPLAY=":0")
    assert find_screen(replace(here, reach_wayland=lambda _place: False)) == Display("xcb")
    neither = replace(
        here, reach_wayland=lambda _place: False, reach_x=lambda _display, _load: False
    )
    assert "WAYLAND_DISPLAY" in reason(neither)
    assert "(DISPLAY)" in reason(neither)


@pytest.mark.parametrize("library", OF_PLUGINS["libqxcb.so"])
def test_missing_x_library_is_named_with_the_install_command(tmp_path: Path, library: str) -> None:
    here = replace(computer(tmp_path, DISPLAY=":0"), load=Loader(library))
    found = find_screen(here)
    assert isinstance(found, DisplayFailure)
    assert found.is_installation
    assert library in found.reason
    assert install_line((library,), here.os_release) in found.reason
    assert "sudo apt-get install" in found.reason


@pytest.mark.parametrize("library", OF_PLUGINS["libqwayland.so"])
def test_missing_wayland_library_is_named(tmp_path: Path, library: str) -> None:
    environ = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": "/run"}
    assert library in reason(replace(computer(tmp_path, **environ), load=Loader(library)))


def test_several_missing_libraries_are_reported_together(tmp_path: Path) -> None:
    here = replace(
        computer(tmp_path, DISPLAY=":0"), load=Loader("libxcb-icccm.so.4", "libxcb-cursor.so.0")
    )
    assert "libxcb-cursor0 libxcb-icccm4" in reason(here)


def test_unknown_library_is_named(tmp_path: Path) -> None:
    def load(name: str) -> object:
        if name.endswith("libqxcb.so"):
            raise OSError("libnew-1.so.7: cannot open shared object file")
        return name

    assert "libnew-1.so.7" in reason(replace(computer(tmp_path, DISPLAY=":0"), load=load))


def test_unloadable_qt_is_reported(tmp_path: Path) -> None:
    def without(error: ImportError) -> DisplayEnvironment:
        def plugins() -> Path:
            raise error

        return replace(computer(tmp_path, DISPLAY=":0"), plugins=plugins)

    gone = without(ImportError("libEGL.so.1: cannot open shared object file"))
    assert "libegl1" in reason(gone)
    absent = without(ModuleNotFoundError("No module named 'PySide6'", name="PySide6"))
    assert "pip install PySide6-Essentials" in reason(absent)
    assert "DLL load failed" in reason(without(ImportError("DLL load failed")))


@pytest.mark.parametrize("name", ["nonsense", "eglfs", "xcb2;nosuch", "cocoa:x"])
def test_unusable_platform_is_named(tmp_path: Path, name: str) -> None:
    message = reason(computer(tmp_path, QT_QPA_PLATFORM=name, DISPLAY=":0"))
    assert "QT_QPA_PLATFORM" in message
    assert name.split(";", maxsplit=1)[0].split(":")[0] in message
    assert "offscreen" in message


# Packages ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("release", "line"),
    [
        ("ID=debian", APT + " libxcb-cursor0"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"', APT),
        ("ID=fedora", "sudo dnf install xcb-util-cursor"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"', "sudo dnf install"),
        ("ID=arch", "sudo pacman -S --needed xcb-util-cursor"),
        ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"', "sudo zypper install libxcb-cursor0"),
        ("ID=nixos", ""),
        ("", ""),
    ],
)
def test_install_command_of_each_distribution(tmp_path: Path, release: str, line: str) -> None:
    found = install_line(("libxcb-cursor.so.0",), debian(tmp_path, f"{release}\n"))
    assert found.startswith(line)
    assert bool(found) is bool(line)


def test_every_library_has_a_package_for_every_manager(tmp_path: Path) -> None:
    for name in ("debian", "fedora", "arch", "opensuse"):
        release = debian(tmp_path, f"ID={name}\n")
        assert all(install_line((library,), release) for library in ALL)
    assert install_line(ALL, tmp_path / "missing") == ""


@pytest.mark.skipif(shutil.which("apt-cache") is None, reason="this is no Debian")
def test_packages_exist_in_debian(tmp_path: Path) -> None:
    packages = install_line(ALL, debian(tmp_path)).removeprefix(APT).split()
    known = subprocess.run(
        ["apt-cache", "showpkg", *packages], capture_output=True, text=True, check=True
    )
    found = {line.removeprefix("Package: ") for line in known.stdout.splitlines() if line}
    assert set(packages) <= found


@pytest.mark.skipif(sys.platform != "linux", reason="libraries as Linux has them")
def test_dependencies_of_the_plugins_are_in_the_table() -> None:
    from PySide6.QtCore import QLibraryInfo

    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms"
    for plugin in OF_PLUGINS:
        listed = subprocess.run(
            ["ldd", str(folder / plugin)], capture_output=True, text=True, check=True
        )
        first = {
            line.split()[0]
            for line in listed.stdout.splitlines()
            if line.split()[0].startswith(("libxcb", "libX11-xcb", "libxkbcommon", "libwayland"))
        }
        assert first <= set(ALL)


def test_library_in_the_message_of_the_loader() -> None:
    assert named_in(OSError("/opt/x/libxcb-cursor.so.0: file too short")) == "libxcb-cursor.so.0"
    assert named_in(OSError("libGL.so.1: cannot open shared object file")) == "libGL.so.1"
    assert named_in(OSError("no such thing")) == ""
    assert missing(("liba.so", "libb.so"), Loader("libb.so")) == ("libb.so",)


# Real processes ---------------------------------------------------------------------------------

_SCREEN = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "XDG_RUNTIME_DIR", "XDG_SESSION_TYPE")
needs_linux = pytest.mark.skipif(sys.platform != "linux", reason="screens as Linux has them")


def started(tmp_path: Path, *words: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    """The window, painted into a file instead of being shown."""
    known = {name: value for name, value in os.environ.items() if name not in _SCREEN}
    return subprocess.run(
        [sys.executable, "-m", "mailsetup", "--screenshot", str(tmp_path / "x.png"), *words],
        capture_output=True,
        text=True,
        env={**known, "LANGUAGE": "en", "HOME": str(tmp_path), **environ},
        timeout=100,
        cwd=Path(__file__).resolve().parents[2],
    )


@pytest.fixture
def display(tmp_path: Path) -> Iterator[str]:
    """A real X server without any other client."""
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("there is no Xvfb")
    read, write = os.pipe()
    server = subprocess.Popen(
        [program, "-displayfd", str(write), "-nolisten", "tcp"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        name = f":{pipe.readline().strip()}"
    yield name
    server.terminate()
    server.wait()


@needs_linux
@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "There is no screen here."),
        ({"DISPLAY": ":77"}, "“:77” (DISPLAY)"),
        ({"DISPLAY": "nonsense"}, "“nonsense” (DISPLAY)"),
        ({"DISPLAY": "127.0.0.1:77"}, "“127.0.0.1:77” (DISPLAY)"),
        ({"WAYLAND_DISPLAY": "nonexistent"}, "XDG_RUNTIME_DIR is not set"),
        ({"WAYLAND_DISPLAY": "x", "XDG_RUNTIME_DIR": "/nonexistent"}, "(WAYLAND_DISPLAY)"),
        ({"WAYLAND_DISPLAY": "/" + "x" * 200}, "(WAYLAND_DISPLAY)"),
        ({"QT_QPA_PLATFORM": "nonsense"}, "“nonsense” (QT_QPA_PLATFORM)"),
        ({"QT_QPA_PLATFORM": "xcb"}, "(DISPLAY)"),
    ],
)
def test_start_without_a_screen_suggests_the_terminal(
    tmp_path: Path, environ: dict[str, str], words: str
) -> None:
    done = started(tmp_path, **environ)
    assert done.returncode == 2
    assert words in done.stderr
    assert "mailsetup check YOUR-ADDRESS" in done.stderr
    assert "qt.qpa" not in done.stderr
    assert done.stdout == ""


@needs_linux
def test_socket_without_a_compositor_does_not_abort(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "old"))
    done = started(tmp_path, WAYLAND_DISPLAY="old", XDG_RUNTIME_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "(WAYLAND_DISPLAY)" in done.stderr


@pytest.mark.programs
@needs_linux
@pytest.mark.parametrize("library", ["libxcb-cursor.so.0", "libxcb-icccm.so.4", "libEGL.so.1"])
def test_damaged_library_is_named_without_an_abort(
    tmp_path: Path, display: str, library: str
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / library).touch()
    done = started(tmp_path, DISPLAY=display, LD_LIBRARY_PATH=str(tmp_path / "lib"))
    assert done.returncode == 1
    assert library in done.stderr
    assert "qt.qpa" not in done.stderr


@pytest.mark.programs
@needs_linux
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"WAYLAND_DISPLAY": "nonexistent"},
        {"WAYLAND_DISPLAY": "nonexistent", "XDG_RUNTIME_DIR": "/nonexistent"},
        {"XDG_RUNTIME_DIR": "/nonexistent", "XDG_SESSION_TYPE": "wayland"},
        {"QT_PLUGIN_PATH": "/nonexistent", "QT_QPA_PLATFORM_PLUGIN_PATH": "/nonexistent"},
        {"QT_QPA_PLATFORMTHEME": "nonsense", "QT_STYLE_OVERRIDE": "nonsense"},
    ],
)
def test_window_opens_with_an_x_server(
    tmp_path: Path, display: str, environ: dict[str, str]
) -> None:
    done = started(tmp_path, DISPLAY=display, **environ)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "x.png").stat().st_size > 1000
    assert "Could not load the Qt platform plugin" not in done.stderr


@needs_linux
def test_demo_runs_in_the_terminal_without_a_screen(
    tmp_path: Path,
) -> None:
    done = started(tmp_path, "--demo", DISPLAY=":77")
    assert done.returncode == 0, done.stderr
    assert "“:77” (DISPLAY)" in done.stderr
    assert "The demo walks through the terminal instead." in done.stdout
    assert "That was the demo." in done.stdout
