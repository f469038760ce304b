"""Finding Thunderbird and Outlook on every system."""

import sys
from pathlib import Path

import pytest

from mailsetup.apply.installation import (
    Computer,
    Installation,
    find_installation,
    has_classic_outlook,
    installations,
)
from mailsetup.apply.targets import TARGETS
from tests.support.programs.installed import linux, program

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="made of POSIX paths")


def test_nothing_is_found_on_an_empty_computer(tmp_path: Path) -> None:
    assert find_installation(linux(tmp_path)) is None


def test_a_distribution_package_is_found(tmp_path: Path) -> None:
    here = program(tmp_path / "usr/bin/thunderbird")
    computer = linux(tmp_path)
    assert find_installation(computer) == Installation((str(here),), computer.home / ".thunderbird")


def test_a_snap_and_ubuntus_wrapper_script_are_one_installation(tmp_path: Path) -> None:
    snap = program(tmp_path / "snap/bin/thunderbird")
    program(tmp_path / "usr/bin/thunderbird", b"#!/bin/sh\nexec /snap/bin/thunderbird\n")
    computer = linux(tmp_path)
    root = computer.home / "snap/thunderbird/common/.thunderbird"
    assert installations(computer) == (Installation((str(snap),), root),)


def test_system_and_user_flatpaks_are_found(tmp_path: Path) -> None:
    computer = linux(tmp_path)
    app = "org.mozilla.Thunderbird"
    for place in (tmp_path / "var/lib/flatpak/app", computer.home / ".local/share/flatpak/app"):
        (place / app).mkdir(parents=True)
        assert installations(computer) == (
            Installation(
                ("flatpak", "run", app), computer.home / ".var/app" / app / ".thunderbird"
            ),
        )


def test_of_several_installations_the_one_with_profiles_is_used(tmp_path: Path) -> None:
    program(tmp_path / "usr/bin/thunderbird")
    program(tmp_path / "snap/bin/thunderbird")
    computer = linux(tmp_path)
    assert len(installations(computer)) == 2
    first, second = installations(computer)
    assert find_installation(computer) == first
    second.root.mkdir(parents=True)
    (second.root / "profiles.ini").write_text("[General]\n")
    assert find_installation(computer) == second


def test_an_installation_on_macos_is_found(tmp_path: Path) -> None:
    here = program(tmp_path / "Applications/Thunderbird.app/Contents/MacOS/thunderbird")
    computer = Computer("darwin", tmp_path / "ana", {}, tmp_path)
    assert find_installation(computer) == Installation(
        (str(here),), tmp_path / "ana/Library/Thunderbird"
    )


def test_on_windows_the_registry_or_the_usual_folder_is_used(tmp_path: Path) -> None:
    here = program(tmp_path / "Programs/Mozilla Thunderbird/thunderbird.exe")
    environ = {"APPDATA": str(tmp_path / "Roaming"), "ProgramFiles": str(tmp_path / "Programs")}
    wanted = Installation((str(here),), tmp_path / "Roaming/Thunderbird")
    usual = Computer("win32", tmp_path, environ, tmp_path, lambda _program: "")
    assert find_installation(usual) == wanted
    environ.pop("ProgramFiles")
    assert find_installation(usual) is None
    by_registry = Computer("win32", tmp_path, environ, tmp_path, lambda _program: str(here))
    assert find_installation(by_registry) == wanted


def test_classic_outlook_is_known_on_windows_only(tmp_path: Path) -> None:
    def windows(answer: str) -> Computer:
        return Computer("win32", tmp_path, {}, tmp_path, lambda _program: answer)

    assert has_classic_outlook(windows("C:\\Office\\OUTLOOK.EXE")) is True
    assert has_classic_outlook(windows("")) is False
    assert has_classic_outlook(linux(tmp_path)) is None


def test_an_unknowable_installation_is_none() -> None:
    here = {target.id: target.is_installed(Computer()) for target in TARGETS}
    assert here["gmail"] is None
    assert here["thunderbird"] in {True, False}
