"""The verb ``batch`` in this process and in a process of its own."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from mailsetup.cli.main import main
from tests.support.cli.schema import valid

HEADER = "name;address;password;program;language\n"


def run(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = main(list(words), io.StringIO(), out, err)
    assert "Traceback" not in out.getvalue() + err.getvalue()
    return status, out.getvalue(), err.getvalue()


def people(tmp_path: Path, *rows: str, header: str = HEADER) -> str:
    path = tmp_path / "people.csv"
    path.write_text(header + "".join(f"{row}\n" for row in rows), encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def batch(tmp_path: Path, table: str, *words: str, status: int = 0) -> Any:
    """The one JSON document of a run with built-in providers only."""
    out = ("--out", str(tmp_path / "out"))
    done, printed, _err = run("batch", table, *out, "--offline", "--json", *words)
    assert done == status, printed
    kind = "table" if "--dry-run" in words else "batch"
    return valid(json.loads(printed), "error" if done == 2 else kind)


def outcomes(document: Any) -> list[str]:
    return [person["outcome"] for person in document["people"]]


def started(tmp_path: Path) -> "subprocess.Popen[str]":
    words = ["batch", str(tmp_path / "people.csv"), "--out", str(tmp_path / "out"), "--offline"]
    words += ["--for", "outlook", "--for", "other"]
    return subprocess.Popen(
        [sys.executable, "-m", "mailsetup", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def folders(tmp_path: Path) -> dict[str, int]:
    """Finished folders and which of them they are."""
    base = tmp_path / "out" / "people"
    found = base.iterdir() if base.is_dir() else ()
    return {path.name: path.stat().st_ino for path in found if not path.name.startswith(".")}


def written_down(tmp_path: Path) -> set[str]:
    """The folders of people who need no further run."""
    journal = tmp_path / "out" / ".mailsetup-batch" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True) if journal.exists() else []
    entries = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return {entry["folder"] for entry in entries if entry["kind"] == "person"}


def workers(process: "subprocess.Popen[str]") -> list[int]:
    """The processes that a run has started (Linux)."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return (
        [int(word) for word in listed.read_text(encoding="utf-8").split()]
        if listed.exists()
        else []
    )


def arguments(process: int) -> bytes:
    """What every account of the computer can read of a process; b"" once it has ended."""
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""
