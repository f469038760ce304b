"""Computers with made-up programs, below a folder of the test."""

from pathlib import Path

from mailsetup.apply.installation import Computer


def program(path: Path, content: bytes = b"x" * 5000) -> Path:
    """Make an executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def linux(base: Path) -> Computer:
    """A computer with Linux below this folder, with an empty home."""
    home = base / "home/ana"
    home.mkdir(parents=True, exist_ok=True)
    return Computer("linux", home, {"PATH": str(base / "usr/bin")}, base)
