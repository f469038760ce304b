#!/usr/bin/env python3
"""Runs the README's commands on bare Debian systems, as root and as an ordinary user.

    sudo python3 packaging/bare_system.py                    everything (well over an hour)
    sudo python3 packaging/bare_system.py --run demo         the demo alone (a few minutes)
    sudo python3 packaging/bare_system.py --suite trixie --user ana --run demo

Each run gets a new system by debootstrap, with nothing but Python, in namespaces of its own, and a
copy of this checkout's files under version control. An ordinary user runs the printed command once.
Prints a table for ``tests/bench/bare-systems.md``; exit status 1 where a run failed.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "/var/cache")) / "mailsetup-bare-systems"
SUITES: Final[Mapping[str, str]] = {"bookworm": "Debian 12", "trixie": "Debian 13"}
USERS = ("root", "ana")
COMMANDS: Final[Mapping[str, str]] = {"demo": "--demo", "unit": "test unit", "test": "test"}

# pivot_root and not chroot: in a chroot no user namespace can be made, which the tests of an
# ordinary user need.
ENTER = """
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"; mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"; ln -s fd/1 "$root/dev/stdout"; ln -s fd/2 "$root/dev/stderr"
mkdir -p "$root/.outside"
cd "$root"
pivot_root . .outside
umount -l /.outside
exec "$@"
"""


class RunError(Exception):
    """A bare system could not be made, or a command in it failed."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The result of one command on one system; durations in seconds."""

    suite: str
    user: str
    command: str
    first: float
    second: float
    summary: str


def base_system(suite: str) -> Path:
    """The bare system of a suite, made once."""
    folder = CACHE / suite
    if not (folder / "usr/bin/python3").exists():
        shutil.rmtree(folder, ignore_errors=True)
        CACHE.mkdir(parents=True, exist_ok=True)
        run(["debootstrap", "--variant=minbase", "--include=python3,ca-certificates",
             suite, str(folder)])  # fmt: skip
        add_update_sources(folder, suite)
    return folder


def add_update_sources(folder: Path, suite: str) -> None:
    """Add the sources of updates, as Debian's installer does."""
    sources = folder / "etc/apt/sources.list"
    mirror = sources.read_text().split()[1]
    security = mirror.rstrip("/").removesuffix("/debian") + "/debian-security"
    sources.write_text(
        f"deb {mirror} {suite} main\n"
        f"deb {mirror} {suite}-updates main\n"
        f"deb {security} {suite}-security main\n"
    )


def new_system(suite: str) -> Path:
    """A copy of the bare system with a user ``ana`` and a checkout in each home folder."""
    base = base_system(suite)
    folder = CACHE / f"{suite}-run"
    shutil.rmtree(folder, ignore_errors=True)
    run(["cp", "--archive", "--reflink=auto", str(base), str(folder)])
    # Certificate authorities that were added to this computer, such as a company's proxy.
    shutil.copytree(
        "/usr/local/share/ca-certificates",
        folder / "usr/local/share/ca-certificates",
        dirs_exist_ok=True,
    )
    for name in ("resolv.conf", "hosts"):
        shutil.copy(Path("/etc") / name, folder / "etc" / name)
    inside(folder, "root", "update-ca-certificates && useradd --create-home --shell /bin/bash ana")
    for user, home in (("root", "root"), ("ana", "home/ana")):
        checkout = folder / home / "mailsetup"
        checkout.mkdir()
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True
        ).stdout
        subprocess.run(
            ["xargs", "-0", "cp", "--parents", "-t", str(checkout)],
            cwd=ROOT,
            input=files,
            check=True,
        )
        inside(folder, "root", f"chown -R {user}: ~{user}/mailsetup")
    return folder


def inside(folder: Path, user: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script in a system, and return what it printed."""
    switch = [] if user == "root" else ["setpriv", f"--reuid={user}", f"--regid={user}",
                                        "--init-groups"]  # fmt: skip
    home = "/root" if user == "root" else f"/home/{user}"
    variables = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": home,
        "USER": user,
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **{name: value for name, value in os.environ.items() if name.endswith("_proxy")},
        **{name: value for name, value in os.environ.items() if name == "PIP_INDEX_URL"},
        # pip's list of authorities lacks those that were added above.
        "PIP_CERT": "/etc/ssl/certs/ca-certificates.crt",
    }
    return subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--ipc", "--propagation=private",
         "sh", "-ec", ENTER, "enter", str(folder), *switch, "bash", "-c", f"cd ~ && {script}"],
        env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
    )  # fmt: skip


def try_command(suite: str, user: str, name: str) -> CommandResult:
    """Run a command of the README twice: on the bare system, and once more."""
    folder = new_system(suite)
    script = f"python3 mailsetup/packaging/start.py {COMMANDS[name]}"
    started = time.monotonic()
    done = inside(folder, user, script)
    if user != "root":
        line = pasted_line(done)
        pasted = inside(folder, "root", line)
        expect_success(pasted, line)
        done = inside(folder, user, script)
    first = time.monotonic() - started
    expect_success(done, script)
    summary = done.stdout.strip().splitlines()[-1]
    if "passed" in done.stdout:
        summary = re.findall(r"^=*\s*(.*\d+ passed.*?)\s*=*$", done.stdout, re.MULTILINE)[-1]
    started = time.monotonic()
    expect_success(inside(folder, user, "python3 mailsetup/packaging/start.py --version"), "again")
    return CommandResult(suite, user, name, first, time.monotonic() - started, summary)


def pasted_line(done: subprocess.CompletedProcess[str]) -> str:
    """The command that an ordinary user is asked to run."""
    lines = [line.strip() for line in done.stdout.splitlines() if line.startswith("  ")]
    if done.returncode != 1 or len(lines) != 1:
        raise RunError(f"no single line to paste (exit {done.returncode}):\n{done.stdout}")
    return lines[0]


def expect_success(done: subprocess.CompletedProcess[str], command: str) -> None:
    """Raises RunError with the end of what was printed."""
    if done.returncode != 0 or "Traceback" in done.stdout:
        raise RunError(f"{command}: exit {done.returncode}\n{done.stdout[-6000:]}")


def run(command: list[str]) -> None:
    """Run a tool that prepares something. Raises RunError."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RunError(f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def main() -> int:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--suite", action="append", choices=SUITES)
    parser.add_argument("--user", action="append", choices=USERS)
    parser.add_argument("--run", action="append", choices=COMMANDS)
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        sys.exit("This needs root and debootstrap: sudo apt-get install debootstrap")
    failed = False
    print("| system | as | command | first run, with all downloads | second start | end |")
    print("|---|---|---|---|---|---|")
    for suite in options.suite or SUITES:
        for user in options.user or USERS:
            for name in options.run or COMMANDS:
                try:
                    done = try_command(suite, user, name)
                except RunError as error:
                    failed = True
                    print(f"{suite}, {user}, {name}: {error}", file=sys.stderr)
                    continue
                print(
                    f"| {SUITES[suite]} | {user} | {COMMANDS[name]} | {done.first:.0f} s "
                    f"| {done.second:.1f} s | {done.summary} |",
                    flush=True,
                )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
