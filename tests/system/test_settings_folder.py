"""Where settings are stored by an installed and by a portable program."""

import sys
from pathlib import Path

import platformdirs
import pytest

from mailsetup.oauth.clients import settings_path
from mailsetup.system.settings_folder import MARKER, portable_folder, settings_folder


def test_an_installed_program_stores_settings_in_the_systems_place() -> None:
    assert portable_folder() is None
    assert settings_folder() == platformdirs.user_config_path("mailsetup", appauthor=False)


def test_a_portable_program_stores_settings_next_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / MARKER).write_text("", encoding="utf-8")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python.exe"))
    assert settings_folder() == tmp_path / "settings"
    assert settings_path().parent == tmp_path / "settings"


def test_a_folder_of_the_markers_name_does_not_make_a_program_portable(tmp_path: Path) -> None:
    (tmp_path / MARKER).mkdir()
    assert portable_folder(tmp_path / "mailsetup") is None
