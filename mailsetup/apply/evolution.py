"""Put an account into the Evolution of this computer.

Its registry of sources watches a folder: files that appear there become an account within seconds,
also in a running Evolution. So only the three files are written; the registry is asked on the
session bus whether it has them, and to reload if it has not. The file that makes the account is
written last: an interrupted run leaves no incomplete account.
"""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from mailsetup.apply.applier import ApplyRequest
from mailsetup.apply.installation import Computer
from mailsetup.apply.linux_desktop import EVOLUTION, DesktopProgram
from mailsetup.apply.result import ApplyFailure, ApplyResult, FilesApplied
from mailsetup.export.exporter import ExportFailure, InstructionStep, instructions
from mailsetup.export.programs.evolution import (
    SUFFIX,
    EvolutionSource,
    last_step,
    notes,
    sources,
    uids,
)
from mailsetup.files import atomic, presence
from mailsetup.files.atomic import OperationError
from mailsetup.files.file_set import FileWrite, write_all
from mailsetup.files.locking import locked
from mailsetup.formats import keyfile
from mailsetup.i18n import _
from mailsetup.model.settings import Account
from mailsetup.model.text import plain

_BUS_NAME = "org.gnome.evolution.dataserver.Sources5"
_MANAGER = "/org/gnome/evolution/dataserver/SourceManager"
_CALL_SECONDS = 5.0
_POLL_SECONDS = 0.3
# The registry collects changes for three seconds before it reads them.
_SEEN_SECONDS = 8.0
_MAX_SOURCES = 2000

# GVariant's text format (g_variant_print): strings in either quotes, with these escapes.
_LITERAL = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\""""
_SOURCE = re.compile(rf"'UID': <(?P<uid>{_LITERAL})>, 'Data': <(?P<data>{_LITERAL})>", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u(?P<code>[0-9a-f]{4})|U(?P<code8>[0-9a-f]{8})|(?P<letter>.))", re.DOTALL
)
_LETTERS: Final[Mapping[str, str]] = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}


class EvolutionApplier:
    """Implements `Applier`. Evolution has one place for accounts, and asks for passwords itself."""

    def apply(self, request: ApplyRequest, computer: Computer) -> ApplyResult:
        """Add the account, or correct it with ``repair``."""
        return apply_evolution(request.account, repair=request.repair, computer=computer)


def apply_evolution(
    account: Account,
    config_home: Path | None = None,
    *,
    repair: bool = False,
    seen_within: float = _SEEN_SECONDS,
    computer: Computer | None = None,
) -> FilesApplied | ApplyFailure:
    """Add the account to Evolution. No password is written; Evolution asks for it.

    ``config_home`` is the configuration folder that contains ``evolution/sources`` (that of the
    installed Evolution when None). An existing account is refused, or with ``repair`` its servers,
    user names and sign-in are corrected. ``seen_within`` is how many seconds the running registry
    has to notice; it is not asked on a temporary ``computer``.
    """
    made = sources(account)
    if isinstance(made, ExportFailure):
        return ApplyFailure(made.reason)
    if sys.platform != "linux":
        return ApplyFailure(_("Evolution runs on Linux only."))
    computer = computer or Computer()
    program = _program(config_home, computer)
    if program is None:
        return ApplyFailure(
            _("Evolution was not found on this computer. Install it and try again.")
        )
    folder = program.config_home / "evolution" / "sources"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(folder):
            was_there = _write_sources(account, made, folder, repair=repair)
    except FileExistsError:
        return ApplyFailure(_already_there(account))
    except OSError as error:
        return ApplyFailure(atomic.reason(error, folder))
    live = None if program.sandboxed or computer.temporary else _is_registered(made, seen_within)
    return FilesApplied(
        files=tuple(folder / source.file_name for source in made),
        live=live,
        steps=_steps(account, live=live, sandboxed=program.sandboxed),
        notes=notes(account),
        repaired=was_there,
    )


def _write_sources(
    account: Account, made: tuple[EvolutionSource, ...], folder: Path, *, repair: bool
) -> bool:
    """Write the files; returns whether the account was there. Raises OSError."""
    for leftover in folder.glob(f"{atomic.PREFIX}*"):
        atomic.remove_quietly(leftover)
    there = {source.uid: _read(folder / source.file_name) for source in made}
    # Without its last file an earlier run was interrupted: there is no account yet.
    complete = there[uids(account).account] is not None
    if (complete and not repair) or (not complete and _has_address(folder, account, made)):
        raise OperationError(_already_there(account))
    write_all(_planned_writes(made, there, folder))
    return complete


def _program(config_home: Path | None, computer: Computer) -> DesktopProgram | None:
    if config_home is None:
        return EVOLUTION.find(computer)
    return DesktopProgram(config_home, sandboxed=".var" in config_home.parts)


def _steps(account: Account, *, live: bool | None, sandboxed: bool) -> tuple[InstructionStep, ...]:
    if live is False or sandboxed:
        return instructions(
            _("If the account does not show up, log out of the computer and in again."),
            last_step(account),
        )
    return (last_step(account),)


def _planned_writes(
    made: tuple[EvolutionSource, ...], there: dict[str, bytes | None], folder: Path
) -> list[FileWrite]:
    writes = []
    for source in made:
        before = there[source.uid]
        path = folder / source.file_name
        content = _content(before, source)
        if content is None:
            raise OperationError(atomic.not_read_back(path))
        if content != before:
            # A link stays a link: some users store these files elsewhere.
            replaced = before is not None
            place = path.resolve() if replaced else path
            writes.append(FileWrite(place, content, 0o600, replaced))
    return writes


def _content(before: bytes | None, source: EvolutionSource) -> bytes | None:
    """The new content of a file; None when it would not read back as intended.

    Wrong values of an existing file are corrected and missing ones added; what is no key file is
    replaced.
    """
    there = None if before is None else keyfile.read(before)
    if before is None or there is None:
        new = keyfile.render(source.groups)
        return new if keyfile.read(new) == source.groups else None
    right = _corrected_groups(source)
    missing = {
        group: {key: value for key, value in keys.items() if key not in there.get(group, {})}
        for group, keys in source.groups.items()
    }
    wanted = {group: {**missing[group], **right.get(group, {})} for group in source.groups}
    wanted = {group: keys for group, keys in wanted.items() if keys}
    content = keyfile.with_values(before, wanted)
    if content is None or not keyfile.became(before, content, wanted):
        return None
    return content


def _corrected_groups(source: EvolutionSource) -> keyfile.Groups:
    """The values that are corrected; names, intervals and folders are the user's choice."""
    groups = {
        group: dict(keys)
        for group, keys in source.groups.items()
        if group not in ("Refresh", "Imapx Backend", "Pop Backend")
    }
    groups["Data Source"].pop("DisplayName", None)
    groups.get("Mail Identity", {}).pop("Name", None)
    groups.get("Mail Submission", {}).pop("SentFolder", None)
    groups.get("Mail Account", {}).pop("NeedsInitialSetup", None)
    groups.get("Authentication", {}).pop("ProxyUid", None)
    return groups


def _already_there(account: Account) -> str:
    return _("Evolution has {address} already. Nothing was changed.").format(
        address=plain(str(account.address))
    )


def _has_address(folder: Path, account: Account, made: tuple[EvolutionSource, ...]) -> bool:
    """Whether an account of Evolution in other files than ours has this address."""
    ours = {source.file_name for source in made}
    for number, path in enumerate(sorted(folder.glob(f"*{SUFFIX}"))):
        if number >= _MAX_SOURCES:
            break
        if path.name in ours:
            continue
        groups = keyfile.read(_read(path) or b"") or {}
        address = groups.get("Mail Identity", {}).get("Address", "")
        enabled = groups.get("Data Source", {}).get("Enabled", "true") != "false"
        if enabled and address.casefold() in (
            account.address.ascii.casefold(),
            str(account.address).casefold(),
        ):
            return True
    return False


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(keyfile.MAX_SIZE + 1)
    except FileNotFoundError:
        return None
    return content


# The registry ------------------------------------------------------------------------------------


def _is_registered(made: tuple[EvolutionSource, ...], seconds: float) -> bool | None:
    """Whether the registry on the session bus has the sources; None when it does not run."""
    gdbus = _gdbus()
    if gdbus is None or not _registry_runs(gdbus):
        return None
    if _wait_for(gdbus, made, seconds):
        return True
    _call(gdbus, _BUS_NAME, _MANAGER, "org.gnome.evolution.dataserver.SourceManager.Reload")
    return _wait_for(gdbus, made, seconds)


def _wait_for(gdbus: str, made: tuple[EvolutionSource, ...], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not _contains(_listed(gdbus), made):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _contains(listed: dict[str, str], made: tuple[EvolutionSource, ...]) -> bool:
    """Whether the registry's copies have our values."""
    for source in made:
        groups = keyfile.read(listed.get(source.uid, "").encode(errors="replace")) or {}
        for group, keys in _corrected_groups(source).items():
            there = groups.get(group, {})
            if any(there.get(key, "") != value for key, value in keys.items()):
                return False
    return True


def _gdbus() -> str | None:
    """The path of GLib's D-Bus tool; None where it or the session bus is missing."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    default = Path(runtime) / "bus" if runtime else None
    if not os.environ.get("DBUS_SESSION_BUS_ADDRESS") and not (
        default and presence.exists(default)
    ):
        return None
    return shutil.which("gdbus")


def _registry_runs(gdbus: str) -> bool:
    """Whether the registry runs; this call does not start it."""
    method = "org.freedesktop.DBus.NameHasOwner"
    answer = _call(gdbus, "org.freedesktop.DBus", "/org/freedesktop/DBus", method, _BUS_NAME)
    return answer.startswith("(true")


def _listed(gdbus: str) -> dict[str, str]:
    """UID → key file of all sources that the registry has."""
    method = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
    answer = _call(gdbus, _BUS_NAME, _MANAGER, method)
    return {_string(match["uid"]): _string(match["data"]) for match in _SOURCE.finditer(answer)}


def _string(literal: str) -> str:
    """The value of a string literal in GVariant's text format."""

    def character(match: re.Match[str]) -> str:
        if match["code"] or match["code8"]:
            code = int(match["code"] or match["code8"], 16)
            return chr(code) if code <= sys.maxunicode else "\ufffd"
        return _LETTERS.get(match["letter"], match["letter"])

    return _ESCAPE.sub(character, literal[1:-1])


def _call(gdbus: str, name: str, path: str, method: str, *arguments: str) -> str:
    """Call a method; the empty text on failure. The arguments contain nothing of the account."""
    command = [gdbus, "call", "--session", "--dest", name, "--object-path", path]
    try:
        done = subprocess.run(  # noqa: S603 - constants only
            [*command, "--method", method, *arguments],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=_CALL_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode(errors="replace") if done.returncode == 0 else ""
