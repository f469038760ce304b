"""The licences of what the folder contains, and Debian's file ``copyright``."""

import re
import shutil
from collections.abc import Iterator
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path
from typing import Final

from bootstrap.layout import LOCKS, ROOT
from linux.prune import X11_HELPERS
from mailsetup.system.display_libraries import PACKAGES

COMMON_LICENSES: Final = Path("/usr/share/common-licenses")
DOCUMENTS: Final = Path("/usr/share/doc")
FULL_TEXTS: Final = ("GPL-3", "LGPL-3", "MPL-2.0")
"""Texts that Debian systems have; an archive for other systems has to bring them."""
SYSTEM_PARTS: Final = ("python3.11-minimal", "libffi8", "libbz2-1.0")
"""Debian packages of which the folder holds files."""
_LICENSE_FILE: Final = re.compile(r"(?i)(licen[cs]e|copying|notice|authors)")
_OSI: Final = "License :: OSI Approved :: "
_QT: Final = frozenset({"pyside6-essentials", "shiboken6"})

_COPYRIGHT: Final = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: mailsetup
Comment: The licences of all parts are in /usr/share/doc/mailsetup/licenses.

Files: *
Copyright: 2026 the mailsetup authors
License: Expat

Files: opt/mailsetup/_internal/PySide6/* opt/mailsetup/_internal/shiboken6/*
Copyright: The Qt Company Ltd. and other contributors
License: LGPL-3
Comment: Unchanged Qt {qt} and Qt for Python {qt}, as libraries of their own that anyone may
 replace. Their source code is at https://download.qt.io/official_releases/ (folders qt and
 QtForPython).

Files: opt/mailsetup/_internal/libpython3* opt/mailsetup/_internal/python3*
Copyright: 2001 Python Software Foundation
License: PSF-2

License: Expat
{mit}

License: LGPL-3
 On Debian systems, the text of the GNU Lesser General Public License, version 3, is in
 /usr/share/common-licenses/LGPL-3, that of the GNU General Public License, version 3, which it
 refers to, in /usr/share/common-licenses/GPL-3.

License: PSF-2
 The text is in /usr/share/doc/mailsetup/licenses/python3.11-minimal/copyright.
"""


def packages(site_packages: Path) -> Iterator[Distribution]:
    """The locked packages of the program and its demo that are installed, by name."""
    text = "".join((LOCKS / name).read_text(encoding="utf-8") for name in ("run.txt", "demo.txt"))
    locked = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
    for folder in sorted(site_packages.glob("*.dist-info")):
        distribution = PathDistribution(folder)
        if _normalised(distribution.name) in locked:
            yield distribution


def license_name(distribution: Distribution) -> str:
    """The licence of a package in its own words; of Qt's packages the one chosen here."""
    if _normalised(distribution.name) in _QT:
        return "LGPL-3.0-only"
    metadata = distribution.metadata
    if metadata["License-Expression"]:
        return str(metadata["License-Expression"])
    classifiers = metadata.get_all("Classifier") or ()
    found = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith(_OSI)]
    return " / ".join(found) or str(metadata["License"] or "see its text").partition("\n")[0]


def write_licenses(folder: Path, site_packages: Path) -> None:
    """Write each part's licence files below ``folder``, and a list of the parts.

    Raises FileNotFoundError where this computer lacks the documents of a Debian package.
    """
    lines = ["Parts of others in mailsetup, with their licences:", ""]
    for distribution in packages(site_packages):
        name = _normalised(distribution.name)
        lines.append(f"{name} {distribution.version}: {license_name(distribution)}")
        if "MPL" in license_name(distribution):
            lines.append("  Source code: the package itself, unchanged, and its source archive.")
        for file in distribution.files or ():
            if _is_license(Path(str(file))) and name not in _QT:
                target = folder / name / Path(str(file)).name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(str(distribution.locate_file(file)), target)
    for name in SYSTEM_PARTS:
        lines.append(f"{name}: see its file")
        _copy_debian(name, folder)
    (folder / "PARTS").write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_for_other_systems(folder: Path) -> None:
    """Write what the Debian package leaves to the system: full texts, and more libraries."""
    for name in FULL_TEXTS:
        shutil.copyfile(COMMON_LICENSES / name, folder / name)
    for library in X11_HELPERS:
        _copy_debian(PACKAGES[library].apt, folder)


def copyright_file(qt: str) -> str:
    """Debian's machine-readable file for Qt's version ``qt``."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8").strip()
    lines = [f" {line}" if line else " ." for line in text.splitlines()]
    return _COPYRIGHT.format(qt=qt, mit="\n".join(lines))


def _copy_debian(package: str, folder: Path) -> None:
    (folder / package).mkdir(parents=True, exist_ok=True)
    shutil.copyfile(DOCUMENTS / package / "copyright", folder / package / "copyright")


def _is_license(path: Path) -> bool:
    is_metadata = bool(path.parts) and path.parts[0].endswith(".dist-info")
    return is_metadata and bool(
        _LICENSE_FILE.match(path.name) or path.parent.name in ("licenses", "license_files")
    )


def _normalised(name: str) -> str:
    """A package's name as in the lists. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()
