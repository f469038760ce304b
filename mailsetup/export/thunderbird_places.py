"""The Thunderbird profiles of this computer, for the person to choose one."""

from dataclasses import dataclass
from pathlib import Path

from mailsetup.export import profiles_ini
from mailsetup.export.installation import Computer, Installation, installations
from mailsetup.export.thunderbird_disk import is_running
from mailsetup.i18n import _
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class Place:
    """One profile."""

    name: str
    """As Thunderbird shows it (``-P``); for people plain text only."""
    folder: Path
    installation: Installation
    is_default: bool
    """Whether a plain start of Thunderbird opens it."""
    is_open: bool

    @property
    def command(self) -> tuple[str, ...]:
        """Opens Thunderbird with this profile."""
        return (*self.installation.command, "-P", self.name)


@dataclass(frozen=True, slots=True)
class NoPlace:
    """No profile of that name; ``reason`` is a sentence."""

    reason: str


def places(computer: Computer | None = None) -> tuple[Place, ...]:
    """Every profile of every installed Thunderbird, the one that opens by itself first.

    A root that several installations share is listed once. What cannot be read is left out.
    """
    found: list[Place] = []
    seen: set[Path] = set()
    for installation in installations(computer):
        if installation.root not in seen:
            seen.add(installation.root)
            found += _places(installation)
    return tuple(sorted(found, key=lambda place: not place.is_default))


def find_place(wanted: str, computer: Computer | None = None) -> Place | NoPlace:
    """The profile of this name, or with this folder (its whole path, or its last part)."""
    known = places(computer)
    by_folder = [place for place in known if wanted in (str(place.folder), place.folder.name)]
    found = by_folder or [place for place in known if place.name == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        return NoPlace(
            _("Several profiles are called “{name}”. Name one by its folder: {folders}.").format(
                name=plain(wanted, 60), folders=", ".join(str(place.folder) for place in found)
            )
        )
    if not known:
        return NoPlace(_("This Thunderbird has no profile yet. Choose a new profile."))
    return NoPlace(
        _("Thunderbird has no profile “{name}”. There are: {names}.").format(
            name=plain(wanted, 60), names=", ".join(plain(place.name, 60) for place in known)
        )
    )


def _places(installation: Installation) -> list[Place]:
    root = installation.root
    try:
        content = (root / "profiles.ini").read_bytes()
    except OSError:
        return []
    known = profiles_ini.entries(content) if len(content) <= profiles_ini.MAX_SIZE else None
    chosen = profiles_ini.defaults(content)
    marked = profiles_ini.marked(content)
    found = []
    for number, entry in enumerate(known or ()):
        # Thunderbird stops at the first number that is missing.
        if entry.number != number:
            break
        folder = entry.folder(root)
        if not entry.name or not entry.path or not folder.is_dir():
            continue
        # From version 68 on the installation's own choice counts.
        default = entry.path in chosen if chosen else entry.number in marked
        found.append(Place(entry.name, folder, installation, default, is_running(folder)))
    return found
