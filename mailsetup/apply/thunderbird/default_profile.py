"""Find the profile that Thunderbird opens when it is started without arguments.

Source: ``nsToolkitProfileService`` (mozilla-central, ``toolkit/profile``), which Thunderbird shares
with Firefox; tested with Thunderbird 153. Since version 68 each installation has a profile of its
own, named in a section ``[Install…]`` of ``profiles.ini``. An installation without such a section
takes the profile with ``Default=1``, but only if ``compatibility.ini`` in it does not name another
installation; otherwise it makes a new profile. A Snap uses ``Default=1`` only.
"""

import os
from pathlib import Path

from mailsetup.apply.installation import Installation
from mailsetup.files import presence
from mailsetup.formats import profiles_ini

COMPATIBILITY = "compatibility.ini"
CLAIMABLE = b"[Compatibility]\n"
"""Content of ``compatibility.ini`` with which an installation without a profile takes this one: it
does not name the installation that used the profile last."""
_MAX_SIZE = 64 * 1024
_USUAL_FOLDERS = ("/usr/lib/thunderbird", "/usr/lib64/thunderbird", "/opt/thunderbird")


def opened_paths(installation: Installation, content: bytes) -> frozenset[str]:
    """The paths, as in ``profiles.ini`` (``content``), of the profile that opens by itself.

    Usually one. Empty where Thunderbird would make a new profile or ask; more than one where
    several installations share the list and this one cannot be identified.
    """
    known = profiles_ini.listed(content)
    if installation.is_snap:
        normal = profiles_ini.normal_default(content)
        return frozenset(() if normal is None else (normal.path,))
    chosen = profiles_ini.defaults(content)
    if not profiles_ini.has_version(content):
        # Written by a version before 67; Thunderbird then reads its other list again.
        backup = presence.content(installation.root / "installs.ini", profiles_ini.MAX_SIZE)
        chosen += profiles_ini.defaults(backup or b"")
    if chosen:
        own = [entry for entry in known if entry.path in chosen]
        if len(own) > 1:
            used = [entry for entry in own if _last_used(entry, installation)]
            own = used or own
        return frozenset(entry.path for entry in own)
    normal = profiles_ini.normal_default(content)
    if normal is None or not _last_used(normal, installation):
        return frozenset()
    return frozenset((normal.path,))


def is_stub(profile: Path) -> bool:
    """Whether Thunderbird has made the profile's folder but never opened it."""
    names = ("prefs.js", COMPATIBILITY)
    return not any(presence.exists(profile / name) for name in names)


def _last_used(entry: profiles_ini.ProfileEntry, installation: Installation) -> bool:
    """Whether this installation was the last to use the profile, by Thunderbird's rule."""
    content = presence.content(entry.folder(installation.root) / COMPATIBILITY, _MAX_SIZE)
    if content is None:
        return False
    last = profiles_ini.value(content, "Compatibility", "LastPlatformDir")
    folders = _platform_folders(installation)
    return last is None or not folders or os.path.normcase(last) in folders


def _platform_folders(installation: Installation) -> frozenset[str]:
    """Where the installation's libraries may be; empty where that is unknown (Flatpak)."""
    program = Path(installation.command[0])
    if not program.is_absolute():
        return frozenset()
    folder = Path(os.path.realpath(program)).parent
    if folder.name == "MacOS":
        return frozenset((os.path.normcase(folder.parent / "Resources"),))
    if program.suffix.lower() == ".exe" or presence.is_file(folder / "omni.ja"):
        return frozenset((os.path.normcase(folder),))
    # A script that starts the program from its folder.
    return frozenset(_USUAL_FOLDERS)
