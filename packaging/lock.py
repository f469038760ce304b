#!/usr/bin/env python3
"""Write the locked lists of Python packages in ``packaging/requirements``; needs ``uv``.

    python3 packaging/lock.py              after a change of pyproject.toml: other versions stay
    python3 packaging/lock.py --upgrade    the newest versions that pyproject.toml allows

``run.txt`` is what the program needs, ``demo.txt`` what the demo's servers need in addition, and
``test.txt`` what the tests and the wheel need in addition to both. ``build.txt`` is what the Linux
packages are built with, in addition to the first two. All come from one resolution for every
platform (markers tell them apart), each with the hashes of all its files.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "packaging" / "requirements"
LISTS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "run": ((), ()),
    "demo": (("demo",), ("run",)),
    "test": (("demo", "test"), ("run", "demo")),
    "build": (("demo", "build"), ("run", "demo")),
}
"""Name -> the extras that it holds, and the lists that are installed before it."""


def resolve(extras: Iterable[str], pinned: str, *, upgrade: bool = False) -> dict[str, str]:
    """The locked entries for the program with some extras; versions in ``pinned`` are preferred.

    An entry is a requirement with its marker, and below it the hashes.
    """
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "locked.txt"
        output.write_text(pinned, encoding="utf-8")
        command = [
            "uv", "pip", "compile", "--quiet", "--universal", "--python-version=3.11",
            "--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url",
            "--no-emit-find-links", f"--output-file={output}", "pyproject.toml",
            *(f"--extra={extra}" for extra in extras), *(["--upgrade"] if upgrade else []),
        ]  # fmt: skip
        subprocess.run(command, cwd=ROOT, check=True)
        text = output.read_text(encoding="utf-8")
    entries = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)
    return {entry.partition(" \\\n")[0]: entry for entry in entries if "==" in entry}


def main() -> int:
    """Resolve everything once, then each smaller set with the same versions."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--upgrade", action="store_true")
    upgrade = parser.parse_args().upgrade
    paths = {name: FOLDER / f"{name}.txt" for name in LISTS}
    old = "".join(path.read_text(encoding="utf-8") for path in paths.values() if path.exists())
    everything = resolve(["demo", "test", "build"], old, upgrade=upgrade)
    pinned = "".join(everything.values())
    written: dict[str, set[str]] = {}
    for name, (extras, before) in LISTS.items():
        entries = resolve(extras, pinned)
        listed = {key for earlier in before for key in written[earlier]}
        text = "".join(entry for key, entry in entries.items() if key not in listed)
        paths[name].write_text(text, encoding="utf-8")
        written[name] = set(entries)
    return 0


if __name__ == "__main__":
    sys.exit(main())
