"""The script behind the two commands."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPT = ROOT / "packaging" / "start.py"


@pytest.fixture(scope="module")
def start() -> ModuleType:
    spec = importlib.util.spec_from_file_location("start", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_needs_the_standard_library_only() -> None:
    code = f"""
import sys, runpy
sys.modules.update(dict.fromkeys(["pip", "mailsetup", "PySide6", "babel"]))
runpy.run_path({str(SCRIPT)!r}, run_name="imported")
"""
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_tests_run_with_two_workers_unless_told_otherwise(start: ModuleType) -> None:
    assert start.command(["test"])[1:] == ["-m", "pytest", "-n", "3"]
    assert start.command(["test", "-n0", "-k", "x"])[1:] == ["-m", "pytest", "-n0", "-k", "x"]


def test_everything_else_goes_to_the_program(start: ModuleType) -> None:
    assert start.command(["--demo"])[1:] == ["-m", "mailsetup", "--demo"]
    assert start.command(["check", "a@b.es"])[1:] == ["-m", "mailsetup", "check", "a@b.es"]
    assert start.command([])[1:] == ["-m", "mailsetup"]
    assert start.command(["screenshots"])[1:] == ["-m", "mailsetup.gui.screenshots"]


def test_only_tests_and_screenshots_are_kept_off_the_screen(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    assert start.environment(["test"])["QT_QPA_PLATFORM"] == "offscreen"
    assert start.environment(["screenshots"])["QT_QPA_PLATFORM"] == "offscreen"
    assert "QT_QPA_PLATFORM" not in start.environment(["--demo"])


def test_the_tests_compile_the_program_once_whatever_the_shell_says(
    start: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in start.environment(["test"])
    assert start.environment(["--demo"])["PYTHONDONTWRITEBYTECODE"] == "1"


def test_on_a_bare_system_every_package_is_named_once(start: ModuleType) -> None:
    def nothing(_name: str) -> bool:
        return False

    packages = start.missing_packages(True, True, nothing, nothing)
    assert packages == sorted(set(packages))
    for package in ("libegl1", "libxcb-cursor0", "dovecot-imapd", "postfix", "knot", "nginx-light"):
        assert package in packages


def test_a_complete_system_needs_nothing(start: ModuleType) -> None:
    def everything(_name: str) -> bool:
        return True

    assert start.missing_packages(True, True, everything, everything) == []


def test_the_program_alone_asks_for_no_servers(start: ModuleType) -> None:
    def nothing(_name: str) -> bool:
        return False

    packages = start.missing_packages(False, False, nothing, nothing)
    assert "libegl1" in packages
    assert not {"postfix", "libxcb-cursor0", "xvfb"} & set(packages)


def test_a_fingerprint_changes_with_what_is_to_be_installed(start: ModuleType) -> None:
    assert start.fingerprint(True) == start.fingerprint(True)
    assert start.fingerprint(True) != start.fingerprint(False)


def test_a_missing_stamp_is_no_error(start: ModuleType, tmp_path: Path) -> None:
    assert start.read(tmp_path / "nothing") == ""
    (tmp_path / "broken").write_bytes(b"\xff\xfe")
    assert start.read(tmp_path / "broken") == ""
