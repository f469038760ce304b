"""A person's home for the tests of the demo, which must not change it."""

import tempfile
from pathlib import Path

import pytest

from mailsetup.export.programs.thunderbird import prefs_js
from tests.support.programs.installed import program
from tests.support.samples.accounts import account


def state(home: Path) -> dict[str, object]:
    """The content and time of every file, and every folder."""
    return {
        str(path.relative_to(home)): (path.read_bytes(), path.stat().st_mtime_ns)
        if path.is_file()
        else path.is_dir()
        for path in home.rglob("*")
    }


def make_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with accounts in Thunderbird and Evolution, a keyring, this program's settings."""
    home = tmp_path / "ana"
    profile = home / ".thunderbird/abc.default-default"
    profile.mkdir(parents=True)
    content = prefs_js(account("ana@demo.test"))
    assert isinstance(content, bytes)
    (profile / "prefs.js").write_bytes(content)
    (profile / "compatibility.ini").write_text("[Compatibility]\n")
    (home / ".thunderbird/profiles.ini").write_text(
        "[General]\nVersion=2\n\n[Profile0]\nName=default-default\nIsRelative=1\n"
        "Path=abc.default-default\n\n[InstallFDC34C9F024745EB]\nDefault=abc.default-default\n"
    )
    for name in (
        *(".config/evolution/sources/other.source", ".config/mailsetup/mailsetup.conf"),
        *(".local/share/keyrings/login.keyring", ".config/kmail2rc", ".config/goa-1.0/accounts"),
    ):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("[mine]\n")
    for name in ("thunderbird", "evolution"):
        program(tmp_path / "bin" / name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return home
