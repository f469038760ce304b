"""Store a password in Thunderbird, encrypted by Thunderbird's own libraries (NSS).

The work is done on a copy of the profile's key, by a short-lived child process (`nss_child`) that
gets the password on its standard input. The result is the new content of ``logins.json`` and, where
the profile had no key yet, of ``key4.db``. Without a primary password, everybody who can read these
two files can read the password: it is done on the user's request only, with a note.

Tested on Linux only; the library names for Windows and macOS are those of Mozilla's builds
(everything linked into ``nss3``).
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mailsetup.apply.installation import Installation
from mailsetup.apply.thunderbird.profile_lock import read_file
from mailsetup.export.programs.thunderbird import auth_method
from mailsetup.files import atomic, presence
from mailsetup.files.atomic import OperationError
from mailsetup.i18n import _
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Protocol, ServerSettings

LOGINS, KEY = "logins.json", "key4.db"
_MAX = 64 * 1024 * 1024
_PATIENCE = 20.0  # seconds
_SYSTEM = "system"
_LIBRARY = {"win32": "nss3.dll", "darwin": "libnss3.dylib"}.get(sys.platform, "libnss3.so")

_Entry = dict[str, object]
"""A JSON object: a login in ``logins.json``, or in the dialogue with the child."""


@dataclass(frozen=True, slots=True)
class Stored:
    """The new contents of the profile's files; empty when the password is stored already."""

    files: dict[str, bytes]
    guids: tuple[str, ...] = ()
    """The ``guid`` of each new or changed login."""


@dataclass(frozen=True, slots=True)
class _Login:
    """One login, as Thunderbird identifies it."""

    hostname: str
    username: str


def libraries(installation: Installation) -> Path | str | None:
    """The folder of Thunderbird's NSS; ``system`` for the system's, None where there is none.

    The libraries of a Snap or a Flatpak cannot be loaded from outside.
    """
    program = installation.command[0]
    if program == "flatpak" or installation.is_snap:
        return None
    found = shutil.which(program)
    if found is None:
        return None
    resolved = Path(found).resolve()
    folders = [resolved.parent]
    if sys.platform == "linux":
        if "/snap/" in str(resolved) or resolved.name == "snap":
            return None
        folders += [Path(base) / "thunderbird" for base in ("/usr/lib", "/usr/lib64", "/opt")]
    elif sys.platform == "darwin":
        folders.append(resolved.parent.parent / "Frameworks")
    for folder in folders:
        if presence.is_file(folder / _LIBRARY):
            return folder
    return _SYSTEM if sys.platform == "linux" else None


def takes_password(account: Account) -> bool:
    """Whether Thunderbird uses a stored password for this account."""
    return bool(_wanted(account))


def stored(profile: Path, account: Account, password: Secret, installation: Installation) -> Stored:
    """The new contents of the profile's files, with this password for both servers.

    Nothing in the profile changes; a temporary folder in it is removed at the end. What was
    encrypted is decrypted again and compared. Raises OperationError with a sentence, OSError.
    """
    place = libraries(installation)
    if place is None:
        raise OperationError(
            _(
                "The password cannot be stored in this Thunderbird (a Snap or Flatpak keeps its"
                " libraries to itself). It asks for it once; let it remember it."
            )
        )
    if (profile / "key4.db-journal").exists() or (profile / "key4.db-wal").exists():
        raise OperationError(
            _(
                "Thunderbird did not end properly. Open and close it once, then the password can"
                " be stored."
            )
        )
    document = _Document.read(read_file(profile / LOGINS, _MAX))
    wanted = [(login, document.entries_of(login)) for login in _wanted(account)]
    key_before = read_file(profile / KEY, _MAX)
    answers, key_after = _encrypted(profile, key_before, place, password, wanted)
    guids = tuple(
        document.set_values(login, entries, answer)
        for (login, entries), answer in zip(wanted, answers, strict=True)
        if answer["same"] is not True
    )
    if not guids:
        return Stored({})
    files = {LOGINS: document.content()}
    if key_after is not None and key_after != key_before:
        files[KEY] = key_after
    return Stored(files, guids)


def _encrypted(
    profile: Path,
    key: bytes | None,
    place: Path | str,
    password: Secret,
    wanted: Sequence[tuple[_Login, Sequence[_Entry]]],
) -> tuple[list[_Entry], bytes | None]:
    """The child's answer for each login, and the new content of ``key4.db``.

    The child works on a copy of the key, in a temporary folder in the profile.
    """
    folder = atomic.temporary_path(profile)
    folder.mkdir(mode=0o700)
    try:
        if key is not None:
            atomic.write_new(folder / KEY, key, 0o600)
        asked: list[_Entry] = [
            {
                "user": login.username,
                "password": password.reveal(),
                "known": [
                    [entry["encryptedUsername"], entry["encryptedPassword"]] for entry in entries
                ],
            }
            for login, entries in wanted
        ]
        request: _Entry = {
            "libraries": "" if place == _SYSTEM else str(place),
            "folder": str(folder),
        }
        answers = _ask({**request, "logins": asked})
        key_after = read_file(folder / KEY, _MAX)
        written = [
            {**login, "known": [[answer["user"], answer["password"]]]}
            for login, answer in zip(asked, answers, strict=True)
        ]
        if not all(answer["same"] is True for answer in _ask({**request, "logins": written})):
            raise OperationError(_not_opened())
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return answers, key_after


def without(content: bytes, before: bytes | None, guids: Sequence[str]) -> bytes:
    """``logins.json`` without our logins: new ones are removed, changed ones restored."""
    document, old = _Document.read(content), _Document.read(before)
    known = {entry.get("guid"): entry for entry in old.logins}
    remaining = []
    for entry in document.logins:
        guid = entry.get("guid")
        if guid not in guids:
            remaining.append(entry)
        elif guid in known:
            remaining.append(known[guid])
    document.raw["logins"] = remaining
    return document.content()


def _wanted(account: Account) -> list[_Login]:
    """Thunderbird identifies a login by type and host, without port; POP3 is called ``mailbox``."""
    scheme = "mailbox" if account.incoming.protocol is Protocol.POP3 else "imap"
    found = []
    for kind, server in ((scheme, account.incoming), ("smtp", account.outgoing)):
        if _signs_in_by_password(server):
            found.append(_Login(f"{kind}://{server.host}", server.username))
    return found


def _signs_in_by_password(server: ServerSettings) -> bool:
    return auth_method(server) in (3, 4)


@dataclass(slots=True)
class _Document:
    """``logins.json``; unknown members are preserved."""

    raw: dict[str, object]
    logins: list[_Entry]

    @classmethod
    def read(cls, content: bytes | None) -> "_Document":
        """Parse the file. Raises OperationError when Thunderbird did not write it."""
        raw: object = None
        if content is None:
            raw = {
                "nextId": 1,
                "logins": [],
                "potentiallyVulnerablePasswords": [],
                "dismissedBreachAlertsByLoginGUID": {},
                "version": 3,
            }
        else:
            with contextlib.suppress(ValueError, RecursionError):
                raw = json.loads(content)
        logins = raw.get("logins") if isinstance(raw, dict) else None
        if (
            not isinstance(raw, dict)
            or not isinstance(logins, list)
            or not all(isinstance(entry, dict) for entry in logins)
        ):
            raise OperationError(_unreadable_logins())
        return cls(raw, logins)

    def entries_of(self, login: _Login) -> list[_Entry]:
        """The stored logins for this host."""
        return [
            entry
            for entry in self.logins
            if entry.get("hostname") == login.hostname
            and entry.get("httpRealm") == login.hostname
            and isinstance(entry.get("encryptedUsername"), str)
            and isinstance(entry.get("encryptedPassword"), str)
        ]

    def set_values(self, login: _Login, entries: Sequence[_Entry], answer: _Entry) -> str:
        """Set the child's encrypted values in one of the entries or a new one; returns its
        ``guid``."""
        now = time.time_ns() // 1_000_000
        number = answer["place"]
        if isinstance(number, int):
            entry = entries[number]
            entry["timePasswordChanged"] = now
            entry["timesUsed"] = _number(entry.get("timesUsed")) + 1
        else:
            entry = self._add(login, now)
        entry["encryptedUsername"] = answer["user"]
        entry["encryptedPassword"] = answer["password"]
        entry["encType"] = 1
        return str(entry["guid"])

    def _add(self, login: _Login, now: int) -> _Entry:
        """Add a login without values; ``now`` is in milliseconds."""
        number = max(_number(self.raw.get("nextId")), 1)
        entry: _Entry = {
            "id": number,
            "hostname": login.hostname,
            "httpRealm": login.hostname,
            "formSubmitURL": None,
            "usernameField": "",
            "passwordField": "",
            "guid": f"{{{uuid.UUID(bytes=secrets.token_bytes(16), version=4)}}}",
            "timeCreated": now,
            "timeLastUsed": now,
            "timePasswordChanged": now,
            "timesUsed": 1,
        }
        self.raw["nextId"] = number + 1
        self.logins.append(entry)
        return entry

    def content(self) -> bytes:
        """The new file. Raises OperationError when it would not read back unchanged."""
        with contextlib.suppress(ValueError, RecursionError):
            # A number such as 1e999 has no form in JSON; a lone surrogate has none in UTF-8.
            text = json.dumps(self.raw, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            if any("\ud800" <= character <= "\udfff" for character in text):
                text = json.dumps(self.raw, separators=(",", ":"), allow_nan=False)
            if json.loads(text) == self.raw:
                return text.encode()
        raise OperationError(_unreadable_logins())


def _unreadable_logins() -> str:
    return _(
        "Thunderbird's stored passwords cannot be read. Nothing was added to them; Thunderbird asks"
        " for the password once."
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _ask(request: _Entry) -> list[_Entry]:
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    try:
        done = subprocess.run(  # noqa: S603 - our own file, no argument from outside
            [sys.executable, "-I", str(Path(__file__).with_name("nss_child.py"))],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
            creationflags=flags,
            env={k: v for k, v in os.environ.items() if not k.startswith(("LD_", "NSS_", "DYLD_"))},
        )
        answer = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        answer = {"error": "libraries"}
    logins = answer.get("logins")
    if isinstance(logins, list):
        return logins
    if answer.get("error") == "primary-password":
        raise OperationError(
            _(
                "This Thunderbird keeps its passwords behind a primary password, so it has to"
                " store the new one itself: it asks for it once."
            )
        )
    raise OperationError(_not_opened())


def _not_opened() -> str:
    return _(
        "Thunderbird's password store could not be opened from here. Thunderbird asks for the"
        " password once; let it remember it."
    )
