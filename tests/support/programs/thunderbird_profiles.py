"""Thunderbird profiles as Thunderbird writes them."""

import subprocess
import sys
from pathlib import Path

from mailsetup.apply.installation import Computer, Installation, find_installation
from mailsetup.apply.result import UndoFailure, UndoResult
from mailsetup.apply.thunderbird.applier import ThunderbirdApplier
from mailsetup.apply.thunderbird.undo import undoable
from mailsetup.export.exporter import ExportFailure
from mailsetup.export.programs.thunderbird import prefs
from mailsetup.formats.prefs_js import PrefsFile, PrefValue
from mailsetup.model.settings import Account
from tests.support.samples.accounts import account

ANA = account()
LUIS = account(
    "luis@otra.example", incoming_host="mail.otra.example", outgoing_host="mail.otra.example"
)
LISTS: dict[str, PrefValue] = {
    "mail.accountmanager.accounts": "account1,account2",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.accountmanager.localfoldersserver": "server2",
    "mail.account.lastKey": 2,
    "mail.account.account2.server": "server2",
    "mail.server.server2.type": "none",
    "mail.server.server2.hostname": "Local Folders",
    "mail.smtpservers": "smtp1",
    "mail.smtp.defaultserver": "smtp1",
}
HERE = "LastPlatformDir=/usr/lib/thunderbird\n"
ELSEWHERE = "LastPlatformDir=/home/ana/nightly\n"
VERSION = "[General]\nStartWithLastProfile=1\nVersion=2\n\n"


def thunderbird_at(root: Path) -> Installation:
    """A Thunderbird with this folder of profiles."""
    return Installation(("thunderbird",), root)


def installed_thunderbird() -> Installation:
    """The Thunderbird of this computer."""
    found = find_installation()
    assert found is not None
    return found


def backup(profile: Path, name: str = "prefs.js") -> Path:
    """The copy that the first change of a profile made of a file."""
    return profile / "mailsetup-undo" / "0001" / name


def used_prefs(of: Account = LUIS, **changes: PrefValue | None) -> PrefsFile:
    """The preferences of a used profile with one account; ``__`` means a dot."""
    own = prefs(of)
    assert not isinstance(own, ExportFailure)
    values: dict[str, PrefValue] = own | LISTS
    for name, value in changes.items():
        key = "mail." + name.replace("__", ".")
        if value is None:
            del values[key]
        else:
            values[key] = value
    content = PrefsFile(b"").changed(values)
    assert content is not None
    return PrefsFile(content)


def profiles(*names: str, default: str = "") -> str:
    """Sections of ``profiles.ini``: each profile's folder is ``x.`` and its name."""
    return "".join(
        f"[Profile{number}]\nName={name}\nIsRelative=1\nPath=x.{name}\n"
        + ("Default=1\n\n" if name == default else "\n")
        for number, name in enumerate(names)
    )


def install(path: str, name: str = "FDC34C9F024745EB") -> str:
    """The section of an installation with this profile."""
    return f"[Install{name}]\nDefault={path}\nLocked=1\n\n"


def root_with(root: Path, ini: str, **used: str | None) -> None:
    """A list of profiles. ``compatibility.ini`` of each folder is what the last start wrote; None
    where Thunderbird never opened the profile."""
    root.mkdir(parents=True)
    (root / "profiles.ini").write_text(ini)
    for name, last in used.items():
        folder = root / f"x.{name}"
        folder.mkdir()
        (folder / "times.json").write_text("{}")
        if last is not None:
            (folder / "compatibility.ini").write_text(f"[Compatibility]\nLastVersion=9\n{last}")
            (folder / "prefs.js").write_text("// mine\n")


def tree(root: Path) -> dict[str, bytes | None]:
    """The content of every file below a folder; None for folders."""
    return {
        str(path.relative_to(root)): path.read_bytes() if path.is_file() else None
        for path in root.rglob("*")
    }


def lock(profile: Path, running: list["subprocess.Popen[bytes]"]) -> "subprocess.Popen[bytes]":
    """Lock a profile in another process, as a running Thunderbird does."""
    script = (
        "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.lockf(f, fcntl.LOCK_EX);"
        " print('held', flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(profile / ".parentlock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    running.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def undo_last(place: str, computer: Computer) -> UndoResult:
    """Undo the newest change of a place, or for an empty name of all places."""
    applier = ThunderbirdApplier()
    newest = next((change.address for _profile, change in undoable(computer)), "")
    found = applier.last_change(newest, place, computer)
    if isinstance(found, UndoFailure):
        return found
    return applier.undo(found, only_ours=False, computer=computer)
