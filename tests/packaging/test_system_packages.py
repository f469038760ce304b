"""Which packages of the system a start asks for, and by which line."""

import sys
from pathlib import Path

import pytest

from bootstrap import distribution, preparation, system_packages
from bootstrap.layout import WAYLAND, X11, Purpose, SetupError, screens
from bootstrap.system_packages import (
    PACKAGE_MANAGERS,
    QT_LIBRARIES,
    System,
    debian_packages,
    missing_libraries,
    other_system_line,
)

NO_SCREEN: frozenset[str] = frozenset()


def system(*, complete: bool, ensurepip: bool = True) -> System:
    """A system that has everything, or nothing."""
    return System(lambda _name: complete, lambda _name: complete, lambda: ensurepip)


BARE = system(complete=False)


def test_tests_need_servers_and_libraries_for_a_window_each_named_once() -> None:
    packages = debian_packages(Purpose.TESTS, BARE, NO_SCREEN)
    assert packages == sorted(set(packages))
    for package in ("libegl1", "libxcb-cursor0", "dovecot-imapd", "postfix", "knot", "uidmap"):
        assert package in packages


def test_tests_on_windows_need_wine_and_a_compiler_but_no_servers() -> None:
    packages = debian_packages(Purpose.WINDOWS_TESTS, BARE, NO_SCREEN)
    assert {"wine", "wine64", "xvfb", "gcc-mingw-w64-x86-64", "libegl1"} <= set(packages)
    assert "postfix" not in packages


def test_each_word_behind_packages_names_one_purpose() -> None:
    words = [purpose.packages for purpose in Purpose if purpose.packages]
    assert sorted(words) == ["demo", "test", "windows"]


@pytest.mark.parametrize("purpose", Purpose)
def test_a_complete_system_needs_nothing(purpose: Purpose) -> None:
    assert debian_packages(purpose, system(complete=True), frozenset({X11, WAYLAND})) == []


@pytest.mark.parametrize(
    ("purpose", "on", "x11", "wayland"),
    [
        (Purpose.TERMINAL, NO_SCREEN, False, False),
        (Purpose.TERMINAL, {X11}, False, False),
        (Purpose.WINDOW, {X11}, True, False),
        (Purpose.WINDOW, {WAYLAND}, False, True),
        (Purpose.WINDOW, {X11, WAYLAND}, True, True),
        (Purpose.DEMO_IN_WINDOW, {X11}, True, False),
        (Purpose.DEMO_IN_TERMINAL, {X11}, False, False),
        (Purpose.UNIT_TESTS, {X11}, False, False),
    ],
)
def test_a_window_needs_the_libraries_of_its_window_system(
    purpose: Purpose, on: set[str], x11: bool, wayland: bool
) -> None:
    packages = debian_packages(purpose, BARE, frozenset(on))
    assert "libegl1" in packages
    assert ("libxcb-cursor0" in packages) is x11
    assert ("libwayland-client0" in packages) is wayland
    assert not {"postfix", "xvfb", "thunderbird"} & set(packages)


def test_an_empty_variable_is_no_screen() -> None:
    assert screens({"DISPLAY": "", "WAYLAND_DISPLAY": "wayland-0"}) == {WAYLAND}


def test_the_package_with_ensurepip_is_installed_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3")
    packages = debian_packages(Purpose.TERMINAL, system(complete=True, ensurepip=False), NO_SCREEN)
    minor = sys.version_info.minor
    assert packages in (["python3-venv"], [f"python3.{minor}-venv"])


def test_no_package_is_named_for_a_python_that_is_not_debians(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    with pytest.raises(SetupError, match="lacks its module ensurepip"):
        debian_packages(Purpose.TERMINAL, system(complete=True, ensurepip=False), NO_SCREEN)


@pytest.mark.parametrize("has_sudo", [True, False])
def test_an_ordinary_user_gets_one_line_that_says_what_it_does(has_sudo: bool) -> None:
    words = ["/usr/bin/python3", "/home/ana/mi correo/packaging/start.py", "packages", "demo"]
    text = preparation.request([], words, has_sudo=has_sudo)
    [line] = [line for line in text.splitlines() if line.startswith("  ")]
    assert line.strip() == (
        "sudo /usr/bin/python3 '/home/ana/mi correo/packaging/start.py' packages demo"
        if has_sudo
        else "su -c '/usr/bin/python3 '\"'\"'/home/ana/mi correo/packaging/start.py'\"'\"' "
        "packages demo'"
    )
    assert "starts no service" in text


@pytest.mark.parametrize("manager", PACKAGE_MANAGERS)
def test_each_package_manager_is_asked_for_every_library_without_questions(manager: str) -> None:
    line = other_system_line(QT_LIBRARIES, manager)
    assert line.startswith(f"sudo {manager} ")
    assert {"-y", "--noconfirm", "--non-interactive"} & set(line.split())
    names = line.split()[len(PACKAGE_MANAGERS[manager]) + 1 :]
    assert len(names) == len(set(names)) > 0


def test_another_system_with_all_libraries_is_accepted() -> None:
    distribution.check(Purpose.WINDOW, system(complete=True))


def test_without_a_known_package_manager_the_libraries_are_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(system_packages, "which", lambda _name: None)
    monkeypatch.setattr(distribution, "which", lambda _name: None)
    with pytest.raises(SetupError, match=r"libEGL\.so\.1"):
        distribution.check(Purpose.TERMINAL, BARE)


@pytest.mark.parametrize(
    ("platform", "advice"), [("darwin", "brew install python"), ("win32", "python.org")]
)
def test_without_pip_on_macos_or_windows_the_fix_is_reported(
    monkeypatch: pytest.MonkeyPatch, platform: str, advice: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    with pytest.raises(SetupError, match=advice):
        distribution.check(Purpose.WINDOW, system(complete=True, ensurepip=False))


def test_missing_libraries_are_listed_once() -> None:
    libraries = missing_libraries(Purpose.WINDOW, BARE, frozenset({X11, WAYLAND}))
    assert len(set(libraries)) == len(libraries)
