"""Servers as child processes that never outlive the tests."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if os.name == "posix" else None

START_TIMEOUT = 15.0

_WATCHDOG = """
import os, signal, subprocess, sys, threading, time
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
def end(*_):
    os.killpg(child.pid, signal.SIGTERM)
    time.sleep(0.2)
    os.killpg(child.pid, signal.SIGKILL)
def watch():
    sys.stdin.read()
    end()
signal.signal(signal.SIGTERM, end)
threading.Thread(target=watch, daemon=True).start()
sys.exit(child.wait())
"""
"""Ends its child when its standard input is closed, as at the end of the test process."""


def _die_with_parent() -> None:
    """Runs in the child: the kernel ends it with the test process."""
    _LIBC and _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Server:
    """One running program with its log."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        *,
        watched: bool = False,
    ) -> None:
        """``watched`` is for programs that change their user, which resets the kernel's signal."""
        if watched:
            command = [sys.executable, "-c", _WATCHDOG, *command]
        self.name = name
        self.log = log
        self._output = log.open("ab")
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE if watched else subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            preexec_fn=_die_with_parent,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until it answers. Raises RuntimeError with its log when it does not."""
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            if ready():
                return
            time.sleep(0.03)
        text = self.log.read_text(errors="replace")[-4000:]
        raise RuntimeError(f"{self.name} did not start (exit {self._process.poll()}):\n{text}")

    def stop(self) -> None:
        """End it and everything that it started."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                self._kill_group()
        self._kill_group()
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._output.close()

    def _kill_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return


def start_server(
    name: str,
    command: Sequence[str],
    log: Path,
    is_ready: Callable[[], bool],
    environment: Mapping[str, str] | None = None,
    *,
    watched: bool = False,
) -> Server:
    """Start a server that is found also among administrators' programs, and wait until it answers.

    Raises RuntimeError with its log where it does not; then nothing of it runs any more.
    """
    server = Server(name, command, log, {**with_sbin(), **(environment or {})}, watched=watched)
    try:
        server.wait_until(is_ready)
    except BaseException:
        server.stop()
        raise
    return server


def answers(ip: str, *ports: int) -> bool:
    """Whether something listens on all these ports."""
    for port in ports:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((ip, port)) != 0:
                return False
    return True


def free_loopback_address() -> str:
    """An address of 127.44/16 without listeners; the nine addresses above it are free, too."""
    for _ in range(200):
        third, fourth = random.randint(1, 254), random.randrange(1, 250, 10)
        ip = f"127.44.{third}.{fourth}"
        try:
            for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((ip, 53))
        except OSError:
            continue
        return ip
    raise RuntimeError("no free loopback address")


def with_sbin() -> dict[str, str]:
    """This process's environment with the folders of administrators' programs on PATH."""
    return {**os.environ, "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}


def all_gone(pids: Iterable[int]) -> bool:
    """Whether none of these processes runs any more; a zombie counts as ended."""
    return not any(_is_alive(pid) for pid in pids)


def _is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
