"""The files below ``share`` that tell a desktop and a shell of the program.

Menu entry, file type, AppStream metainfo, icons, manual pages, completions.
"""

import gzip
import os
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final

from bootstrap.layout import ROOT
from icons import write_icons
from project import APP_ID

NAME: Final = "mailsetup"
FILES: Final = Path(__file__).resolve().parent / "files"
COMPLETIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bash": "bash-completion/completions/mailsetup",
        "zsh": "zsh/vendor-completions/_mailsetup",
        "fish": "fish/vendor_completions.d/mailsetup.fish",
    }
)
"""Shell -> its file below ``share``."""
MANUALS: Final[Mapping[str, str]] = MappingProxyType({"en": "man/man1", "es": "man/es/man1"})
"""Language -> the folder of its manual page."""


def write_share(share: Path, program: Path, version: str, epoch: int) -> None:
    """Write everything below ``share``; ``program`` is started for its own descriptions."""
    write_desktop_files(share, version, epoch)
    write_icons(ROOT / "resources/icons/mailsetup.svg", share / "icons" / "hicolor", NAME)
    for shell, name in COMPLETIONS.items():
        _write(share / name, _output(program, epoch, "completion", shell))
    for language, folder in MANUALS.items():
        page = _output(program, epoch, "--lang", language, "manual")
        _write(share / folder / f"{NAME}.1.gz", compressed(page))


def write_desktop_files(share: Path, version: str, epoch: int) -> None:
    """Write the menu entry, the file type and the metainfo."""
    for source, target in (
        ("mailsetup.desktop", "applications/mailsetup.desktop"),
        ("mailsetup-mime.xml", "mime/packages/mailsetup.xml"),
    ):
        _write(share / target, (FILES / source).read_bytes())
    text = metainfo(version, epoch)
    _write(share / "metainfo" / f"{APP_ID}.metainfo.xml", text.encode())


def metainfo(version: str, epoch: int) -> str:
    """AppStream's description of the program."""
    template = Template((FILES / "metainfo.xml").read_text(encoding="utf-8"))
    date = datetime.fromtimestamp(epoch, UTC).date().isoformat()
    return template.substitute(id=APP_ID, version=version, date=date)


def compressed(content: bytes) -> bytes:
    """The content as gzip without name and time: the same content gives the same bytes."""
    return gzip.compress(content, 9, mtime=0)


def normalise(folder: Path, epoch: int) -> None:
    """Give every file below ``folder`` one time, and modes that do not depend on the umask."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            is_executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(0o755 if is_executable else 0o644)
        os.utime(path, (epoch, epoch), follow_symlinks=False)


def copy_folder(source: Path, target: Path) -> None:
    """Copy a folder with its links as links."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def _output(program: Path, epoch: int, *arguments: str) -> bytes:
    """What the program prints. Raises CalledProcessError."""
    variables = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch), "LANG": "C.UTF-8"}
    words = [str(program), *arguments]
    return subprocess.run(words, env=variables, check=True, stdout=subprocess.PIPE).stdout


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
