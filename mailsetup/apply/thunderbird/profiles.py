"""The Thunderbird profiles of this computer, to choose from."""

from dataclasses import dataclass
from pathlib import Path

from mailsetup.apply.installation import Computer, Installation, find_installation, installations
from mailsetup.apply.result import ApplyFailure
from mailsetup.apply.thunderbird.default_profile import is_stub, opened_paths
from mailsetup.apply.thunderbird.profile_lock import is_running
from mailsetup.files import presence
from mailsetup.formats import profiles_ini
from mailsetup.i18n import _
from mailsetup.model.text import plain


@dataclass(frozen=True, slots=True)
class ThunderbirdProfile:
    """One profile."""

    name: str
    """As Thunderbird shows it (``-P``); not safe to display."""
    folder: Path
    installation: Installation
    is_default: bool
    """Whether Thunderbird opens it when started without arguments."""
    is_open: bool
    is_stub: bool = False
    """Whether Thunderbird has made the folder but never opened the profile."""

    @property
    def command(self) -> tuple[str, ...]:
        """The command that opens Thunderbird with this profile."""
        return (*self.installation.command, "-P", self.name)


def places(computer: Computer | None = None) -> tuple[ThunderbirdProfile, ...]:
    """Every profile of every installed Thunderbird, the one that opens by itself first.

    A root that several installations share is listed once. What cannot be read is left out.
    """
    found: list[ThunderbirdProfile] = []
    seen: set[Path] = set()
    for installation in installations(computer):
        if installation.root not in seen:
            seen.add(installation.root)
            found += _places(installation)
    return tuple(sorted(found, key=lambda place: not place.is_default))


def find_place(wanted: str, computer: Computer | None = None) -> ThunderbirdProfile | ApplyFailure:
    """The profile of this name, or with this folder (its whole path, or its last part)."""
    known = places(computer)
    by_folder = [place for place in known if wanted in (str(place.folder), place.folder.name)]
    found = by_folder or [place for place in known if place.name == wanted]
    if len(found) == 1:
        return found[0]
    if found:
        return ApplyFailure(
            _("Several profiles are called “{name}”. Name one by its folder: {folders}.").format(
                name=plain(wanted, 60), folders=", ".join(map(_folder_words, found))
            )
        )
    if not known:
        return ApplyFailure(_("This Thunderbird has no profile yet. Choose a new profile."))
    return ApplyFailure(
        _("Thunderbird has no profile “{name}”. There are: {names}.").format(
            name=plain(wanted, 60), names=", ".join(plain(place.name, 60) for place in known)
        )
    )


def default_place(computer: Computer | None = None) -> ThunderbirdProfile | None:
    """The profile that opens by itself, of the Thunderbird that is used."""
    used = find_installation(computer)
    own = [place for place in places(computer) if place.is_default]
    of_used = [place for place in own if used is not None and place.installation.root == used.root]
    return next(iter(of_used or own), None)


def place_opened_instead(
    place: ThunderbirdProfile, computer: Computer | None = None
) -> ThunderbirdProfile | None:
    """The profile that Thunderbird opens instead of this one, if it has never opened this one."""
    if place.is_default or not place.is_stub:
        return None
    return next(
        (
            other
            for other in places(computer)
            if other.is_default and other.installation.root == place.installation.root
        ),
        None,
    )


def _folder_words(place: ThunderbirdProfile) -> str:
    usual = _("{name} (the one that opens by itself)") if place.is_default else "{name}"
    return usual.format(name=plain(str(place.folder), 1000))


def _places(installation: Installation) -> list[ThunderbirdProfile]:
    root = installation.root
    content = presence.content(root / "profiles.ini", profiles_ini.MAX_SIZE)
    if content is None:
        return []
    opened = opened_paths(installation, content)
    found = []
    for entry in profiles_ini.listed(content):
        folder = entry.folder(root)
        if not entry.name or not entry.path or not presence.is_folder(folder):
            continue
        found.append(
            ThunderbirdProfile(
                name=entry.name,
                folder=folder,
                installation=installation,
                is_default=entry.path in opened,
                is_open=is_running(folder),
                is_stub=is_stub(folder),
            )
        )
    return found
