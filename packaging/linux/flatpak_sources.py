"""What a Flatpak is built from: the manifest, the wheels' addresses and hashes, our own files.

``flatpak-builder`` reads the manifest in the written folder. It downloads the wheels by itself;
their addresses are those that pip uses here, their hashes those of the locked lists.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from bootstrap.layout import LOCKS
from linux.application import INTERPRETER
from linux.deb import Contents
from linux.share import copy_folder
from project import APP_ID

MANIFEST: Final = Path(__file__).resolve().parent / "flatpak" / f"{APP_ID}.yml"
SOURCES: Final = "python-wheels.json"
PYTHON: Final = "3.13"
"""Python in the runtime that the manifest names."""
_PLATFORMS: Final = tuple(
    f"manylinux{tag}_x86_64" for tag in ("2014", "_2_17", "_2_28", "_2_31", "_2_34")
)


def build(contents: Contents, wheels: Path, target: Path) -> Path:
    """Write everything that flatpak-builder needs into ``target``; returns that folder.

    ``wheels`` holds this program's wheel. Raises CalledProcessError.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copyfile(MANIFEST, target / MANIFEST.name)
    copy_folder(contents.share, target / "share")
    copy_folder(contents.licenses, target / "licenses")
    for path in wheels.glob("mailsetup-*.whl"):
        shutil.copyfile(path, target / path.name)
    text = json.dumps(sources(report()), indent=2) + "\n"
    (target / SOURCES).write_text(text, encoding="utf-8")
    return target


def report() -> dict[str, Any]:
    """Which wheels pip would install for the runtime's Python. Raises CalledProcessError.

    https://pip.pypa.io/en/stable/reference/installation-report/. Markers are evaluated for the
    Python that runs pip, so what only an older Python needs is among them.
    """
    done = subprocess.run(
        [
            str(INTERPRETER), "-m", "pip", "install", "--dry-run", "-qqq", "--report=-",
            "--ignore-installed", "--no-deps", "--require-hashes", "--only-binary=:all:",
            "--target=.", "--implementation=cp", f"--python-version={PYTHON}",
            *(f"--platform={name}" for name in _PLATFORMS),
            *(f"--requirement={LOCKS / name}" for name in ("run.txt", "demo.txt")),
        ],
        check=True,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def sources(report: dict[str, Any]) -> list[dict[str, str]]:
    """Sources of a manifest from pip's report, by file name."""
    files = [one["download_info"] for one in report["install"]]
    return [
        {
            "type": "file",
            "url": file["url"],
            "sha256": file["archive_info"]["hashes"]["sha256"],
        }
        for file in sorted(files, key=lambda one: str(one["url"]).rpartition("/")[2])
    ]
