"""Which tests ``start.py test`` runs, and what it says where they cannot run."""

import platform
import subprocess

import pytest

from bootstrap import testing
from bootstrap.layout import Purpose


@pytest.fixture
def prepared() -> list[Purpose]:
    return []


def test_on_other_computers_the_tests_under_wine_are_skipped_with_a_sentence(
    prepared: list[Purpose], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert testing.run(["windows"], prepared.append) == 0
    assert prepared == []
    assert "Skipped: these tests need Wine" in capsys.readouterr().err


def test_without_wine_the_tests_are_skipped_with_a_sentence(
    prepared: list[Purpose], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(testing, "which", lambda _name: None)
    assert testing.run(["windows"], prepared.append) == 0
    assert prepared == [Purpose.WINDOWS_TESTS]
    assert "Wine is not installed" in capsys.readouterr().err


def test_pytests_arguments_and_exit_status_are_passed_on(
    prepared: list[Purpose], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def call(command: list[str], **_keywords: object) -> int:
        commands.append(command)
        return 3

    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(testing, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(subprocess, "call", call)
    assert testing.run(["windows", "-k", "dns"], prepared.append) == 3
    (command,) = commands
    assert command[-4:] == ["-m", "windows.suite", "-k", "dns"]
