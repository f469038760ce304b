"""How long every exporter takes for one account: ``python -m tests.bench.bench_export``.

The aim is all targets for one account in under 0.5 s. Two figures each: the first in a new process,
with the imports that only this target needs, and the median of the following ones. Below the
targets stands the QR code alone, in its three forms.
"""

import json
import statistics
import subprocess
import sys
import time

from mailsetup.apply.targets import TARGETS
from mailsetup.export.exporter import Artifact
from mailsetup.export.guide.qr import encode
from mailsetup.export.programs.k9_settings import qr_payload
from tests.support.samples.accounts import account

ROUNDS = 21
ONCE = "once"


def first(program: str) -> float:
    """Seconds of the first export in a process of its own."""
    output = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_export", ONCE, program],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return float(json.loads(output))


def once(program: str) -> None:
    """Print the seconds of one export, or of all when there is no such program."""
    chosen = [known for known in TARGETS if known.id == program] or list(TARGETS)
    wanted = account()
    started = time.perf_counter()
    for known in chosen:
        known.load_exporter().export(wanted)
    print(time.perf_counter() - started)


def row(name: str, cold: float | None, times: list[float], files: int, size: int) -> None:
    """One line of the table."""
    beginning = f"{1000 * cold:.0f} ms" if cold is not None else ""
    print(
        f"| {name} | {beginning} | {1000 * statistics.median(times):.1f} ms "
        f"| {files} | {size / 1024:.0f} KiB |",
        flush=True,
    )


def main() -> None:
    """Every target, their sum, and the QR code by itself."""
    wanted = account()
    print("| target | first | later | files | bytes |\n|---|---|---|---|---|")
    sums: list[float] = [0.0] * ROUNDS
    files = size = 0
    for known in TARGETS:
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            result = known.load_exporter().export(wanted)
            times.append(time.perf_counter() - started)
        assert isinstance(result, Artifact), result
        held = sum(len(file.content) for file in result.files)
        row(known.id, first(known.id), times, len(result.files), held)
        sums = [total + one for total, one in zip(sums, times, strict=True)]
        files, size = files + len(result.files), size + held
    row("all", first("all"), sums, files, size)
    for name, person in (("ordinary", "Ana Núñez"), ("large", "ñ" * 190)):
        payload = qr_payload(account(person=person))
        assert isinstance(payload, str)
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            code = encode(payload)
            times.append(time.perf_counter() - started)
        assert code is not None
        title = f"QR code, {name}: {len(payload)} characters, {code.matrix.size} modules"
        row(title, None, times, 2, len(code.png) + len(code.svg))


if __name__ == "__main__":
    if sys.argv[1:2] == [ONCE]:
        once(sys.argv[2])
    else:
        main()
