"""Start-up time and memory: ``python tests/bench/bench_start.py``. Not part of ``test``."""

import os
import resource
import statistics
import subprocess
import sys
import time

ROUNDS = 7

CASES = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "mailsetup --help": [sys.executable, "-m", "mailsetup", "--help"],
    "mailsetup programs": [sys.executable, "-m", "mailsetup", "programs"],
    "mailsetup discover (known provider, offline)": [
        sys.executable, "-m", "mailsetup", "discover", "ana@gmail.com", "--offline", "--json",
    ],
    "window, first paint to picture": [
        sys.executable, "-m", "mailsetup", "--screenshot", os.devnull + ".png",
    ],
}  # fmt: skip


def measure(command: list[str]) -> tuple[float, int]:
    """Median seconds of a run, and the largest memory of any child so far, in MiB."""
    environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", PYTHONDONTWRITEBYTECODE="")
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        times.append(time.perf_counter() - started)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
    return statistics.median(times), peak


def main() -> None:
    """Print one line a case."""
    for name, command in CASES.items():
        seconds, peak = measure(command)
        print(f"{name:<46} {seconds * 1000:7.0f} ms   peak so far {peak:4d} MiB")


if __name__ == "__main__":
    main()
