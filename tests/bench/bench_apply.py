"""How long `apply` to an existing Thunderbird profile takes: ``python -m tests.bench.bench_apply``.

A profile after years of use: ``prefs.js`` of 5 MB with 40 accounts. Reading and
writing, with everything that makes it survive a power cut, are counted; the password's child
process is shown apart. Not part of ``test``.
"""

import shutil
import statistics
import tempfile
import time
from pathlib import Path

from mailsetup.apply.installation import Installation
from mailsetup.apply.result import ProfileApplied, Undone
from mailsetup.apply.thunderbird.existing_profile import apply_existing
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.formats.prefs_js import line
from mailsetup.model.secret import Secret
from tests.support.programs.thunderbird_profiles import used_prefs
from tests.support.samples.accounts import account

ROUNDS = 7
SIZE = 5 * 1024 * 1024


def big() -> bytes:
    """A ``prefs.js`` of this size, with one account in use and many that were."""
    lines = [used_prefs().content.decode().rstrip("\n")]
    length = len(lines[0])
    number = 0
    while length < SIZE:
        number += 1
        server = f"mail.server.server{10 + number % 40}"
        lines.append(line(f"{server}.rememberedTag{number}", f"Tag número {number}, “visto”"))
        length += len(lines[-1].encode()) + 1
    return ("\n".join(lines) + "\n").encode()


def main() -> None:
    """Print one line a step."""
    content = big()
    program = shutil.which("thunderbird")
    seconds: dict[str, list[float]] = {"apply": [], "undo": [], "apply with password": []}
    with tempfile.TemporaryDirectory() as base:
        folder = Path(base) / "abc.mine"
        folder.mkdir()
        place = ThunderbirdProfile(
            "mine", folder, Installation((program or "thunderbird",), folder), True, False
        )
        for _round in range(ROUNDS):
            for step in ("apply", "apply with password"):
                if "password" in step and program is None:
                    continue
                (folder / "prefs.js").write_bytes(content)
                password = Secret("geheim") if "password" in step else None
                started = time.perf_counter()
                done = apply_existing(account(), place, password=password)
                seconds[step].append(time.perf_counter() - started)
                if not isinstance(done, ProfileApplied):
                    raise SystemExit(str(done))
                started = time.perf_counter()
                undone = undo(folder)
                seconds["undo"].append(time.perf_counter() - started)
                if not isinstance(undone, Undone) or (folder / "prefs.js").read_bytes() != content:
                    raise SystemExit(str(undone))
    for step, times in seconds.items():
        if times:
            median = statistics.median(times) * 1000
            print(f"{step:<22} {len(content) / 1e6:.1f} MB {median:7.0f} ms")


if __name__ == "__main__":
    main()
