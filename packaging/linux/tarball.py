"""The archive for other distributions: unpack it anywhere and start ``mailsetup``."""

import lzma
import shutil
import tarfile
from pathlib import Path
from typing import Final

from bootstrap.layout import ROOT
from linux.deb import Contents
from linux.libraries import glibc
from linux.notices import write_for_other_systems
from linux.share import copy_folder, normalise

_README: Final = """\
mailsetup {version} for Linux (x86-64, glibc {glibc} or later)

Start it:      ./mailsetup            (the window; ./mailsetup --help for the command line)
In the menu:   ./install.sh           (links into ~/.local; ./install.sh --remove takes them out)
Remove it:     delete this folder. Settings are in ~/.config/mailsetup.

The licences are in share/doc/mailsetup. Where the window does not open, it says which library of
the system is missing.
"""


def build(contents: Contents, work: Path, target: Path, version: str, epoch: int) -> Path:
    """Build the archive in ``target`` with ``work`` as an empty folder; returns its path."""
    folder = work / f"mailsetup-{version}-linux-x86_64"
    copy_folder(contents.application, folder)
    copy_folder(contents.share, folder / "share")
    documents = folder / "share" / "doc" / "mailsetup"
    copy_folder(contents.licenses, documents / "licenses")
    write_for_other_systems(documents / "licenses")
    for name in ("LICENSE", "CHANGELOG.md"):
        shutil.copyfile(ROOT / name, documents / name)
    shutil.copyfile(Path(__file__).parent / "files" / "install.sh", folder / "install.sh")
    (folder / "install.sh").chmod(0o755)
    readme = _README.format(version=version, glibc=glibc(folder))
    (folder / "README").write_text(readme, encoding="utf-8")
    normalise(folder, epoch)
    path = target / f"{folder.name}.tar.xz"
    pack(folder, path, epoch)
    return path


def pack(folder: Path, target: Path, epoch: int) -> None:
    """Write a folder as ``.tar.xz``: sorted, owned by root, with one time for everything."""

    def normalised(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = epoch
        entry.pax_headers = {}
        return entry

    with (
        lzma.open(target, "wb", preset=6) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path in (folder, *sorted(folder.rglob("*"))):
            name = path.relative_to(folder.parent).as_posix()
            archive.add(path, name, recursive=False, filter=normalised)
