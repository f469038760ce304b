"""The licences of what the folder contains, and Debian's file ``copyright``."""

import re
import shutil
from pathlib import Path
from typing import Final

from bootstrap.layout import LOCKS, ROOT
from inventory import LGPL_PARTS, Component, python_packages
from linux.prune import X11_HELPERS
from mailsetup.system.display_libraries import PACKAGES

COMMON_LICENSES: Final = Path("/usr/share/common-licenses")
DOCUMENTS: Final = Path("/usr/share/doc")
FULL_TEXTS: Final = ("GPL-3", "LGPL-3", "MPL-2.0")
"""Texts that Debian systems have; an archive for other systems has to bring them."""
SYSTEM_PARTS: Final = ("python3.11-minimal", "libffi8", "libbz2-1.0")
"""Debian packages of which the folder holds files."""

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


def packages(site_packages: Path) -> list[Component]:
    """The locked packages of the program and its demo that are installed, by name."""
    text = "".join((LOCKS / name).read_text(encoding="utf-8") for name in ("run.txt", "demo.txt"))
    locked = set(re.findall(r"^([\w.-]+)==", text, re.MULTILINE))
    return [one for one in python_packages(site_packages) if one.name in locked]


def write_licenses(folder: Path, site_packages: Path) -> None:
    """Write each part's licence files below ``folder``, and a list of the parts.

    Raises FileNotFoundError where this computer lacks the documents of a Debian package.
    """
    lines = ["Parts of others in mailsetup, with their licences:", ""]
    for one in packages(site_packages):
        lines.append(f"{one.name} {one.version}: {one.license}")
        if "MPL" in one.license:
            lines.append("  Source code: the package itself, unchanged, and its source archive.")
        if one.text and one.name not in LGPL_PARTS:
            target = folder / one.name / "LICENSE"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(one.text, encoding="utf-8")
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
