"""Install and use the packages in bare systems.

    sudo env PYTHONPATH=packaging .venv/bin/python -m linux.verify DIST [--suite trixie]

Each system is new, made by debootstrap: Debian 12 and 13, Ubuntu 24.04. In it the package of DIST
replaces an older one, is used as an ordinary user with and without a screen, and is removed. Then
the tar archive is used. Prints a table; exit status 1 where something failed.
"""

import argparse
import json
import os
import re
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bare_system import RunError
from linux.prune import X11_HELPERS
from linux.share import normalise
from linux.systems import SUITES, USER, BareSystem, new_system
from mailsetup.system.display_libraries import PACKAGES
from tests.support.batch.workbooks import cells_of, xlsx

OLD_VERSION: Final = "0.0.1"
REMOVED_FILE: Final = "opt/mailsetup/_internal/only-in-the-old-version"
PEOPLE: Final = 20
ROUNDS: Final = 5
# Programs that show what the package is good for; a desktop has them.
_TOOLS: Final = (
    "xvfb xauth desktop-file-utils shared-mime-info hicolor-icon-theme man-db libnss3 xz-utils"
)
_APT: Final = "export DEBIAN_FRONTEND=noninteractive; apt-get -qq -y --no-install-recommends"
# Files that a package manager or a running system writes anyway.
_UNINTERESTING: Final = (
    "./proc/", "./sys/", "./dev/", "./run/", "./tmp/", "./var/cache/", "./var/lib/apt/",
    "./var/lib/dpkg/", "./var/log/", "./home/", "./root/", "./packages/", "./etc/ld.so.cache",
    "./var/lib/systemd/",
)  # fmt: skip
# A request to the child process that encrypts passwords as Thunderbird does.
_LOGIN: Final = json.dumps(
    {
        "libraries": "",
        "folder": f"/home/{USER}",
        "logins": [{"user": USER, "password": "hola", "known": []}],
    }
)
# A screen of an earlier run ended with its namespace and left its lock. Without its abstract
# socket, which systems that are tried at the same time would share.
_SCREEN: Final = (
    "rm -f /tmp/.X7-lock /tmp/.X11-unix/X7; Xvfb :7 -nolisten local >/dev/null 2>&1 &"
    " for i in $(seq 100); do test -S /tmp/.X11-unix/X7 && break; sleep 0.1; done;"
    " export DISPLAY=:7;"
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured in one system; durations in seconds, medians of several rounds."""

    system: str
    install: float
    upgrade: float
    new_packages: int
    help: float
    window: float
    demo: float
    batch: float
    leftovers: tuple[str, ...]


def verify(suite: str, deb: Path, archive: Path) -> Figures:
    """Try the packages in a new system of a suite. Raises RunError."""
    system = new_system(suite)
    packages = system.root / "packages"
    packages.mkdir()
    shutil.copy(deb, packages / "new.deb")
    shutil.copy(archive, packages / "archive.tar.xz")
    make_older(deb, packages / "old.deb")
    # Debian's small images leave out documentation, manual pages among it.
    system.run("rm -f /etc/dpkg/dpkg.cfg.d/excludes /etc/dpkg/dpkg.cfg.d/docker")
    system.run(f"apt-get -qq update && {_APT} install {_TOOLS}")
    before, installed = files(system), package_count(system)
    install = timed(system, f"{_APT} install /packages/old.deb")
    new_packages = package_count(system) - installed
    expect(system, f"mailsetup --version && test -e /{REMOVED_FILE}")
    upgrade = timed(system, f"{_APT} install /packages/new.deb")
    expect(system, f"test ! -e /{REMOVED_FILE} && dpkg --verify mailsetup")
    check_system_files(system)
    figures = use(system, "mailsetup")
    system.run(f"{_APT} purge mailsetup")
    expect(system, "test ! -e /opt/mailsetup && ! command -v mailsetup")
    use_archive(system)
    system.run(f"{_APT} autoremove --purge")
    leftovers = tuple(sorted(files(system) - before))
    return Figures(system.title, install, upgrade, new_packages, *figures, leftovers=leftovers)


def make_older(deb: Path, target: Path) -> None:
    """Write the package with a lower version number and a file that the new one lacks."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "root"
        subprocess.run(["dpkg-deb", "-R", str(deb), str(root)], check=True)
        control = root / "DEBIAN" / "control"
        text = control.read_text(encoding="utf-8")
        text = re.sub(r"^Version: .*", f"Version: {OLD_VERSION}", text, flags=re.MULTILINE)
        control.write_text(text, encoding="utf-8")
        (root / REMOVED_FILE).write_text("old\n", encoding="utf-8")
        normalise(root, int(time.time()))
        subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", str(root),
                        str(target)], check=True, stdout=subprocess.DEVNULL)  # fmt: skip


def check_system_files(system: BareSystem) -> None:
    """The desktop, the shells and the loader find what they need. Raises RunError."""
    expect(system, "desktop-file-validate /usr/share/applications/mailsetup.desktop")
    expect(system, "grep -q mailsetup.desktop /usr/share/applications/mimeinfo.cache")
    expect(system, "grep -q 'vnd.mailsetup+json:[*].mailsetup' /usr/share/mime/globs2")
    expect(system, "man -w mailsetup && LANG=es man -w mailsetup")
    expect(system, "bash -n /usr/share/bash-completion/completions/mailsetup")
    expect(
        system,
        "cd /opt/mailsetup && ! find . -name '*.so*' -type f -exec env"
        " LD_LIBRARY_PATH=$PWD/_internal ldd {} + | grep 'not found'",
    )


def use(system: BareSystem, command: str) -> tuple[float, float, float, float]:
    """Use the installed command as a user: seconds for help, window, demo and batch."""
    expect(system, f"{command} --version", user=USER)
    picture = f"{system.home}/demo.png"
    script = f"{_SCREEN} {command} --demo --screenshot demo.png"
    expect(system, script, user=USER)
    expect_picture(Path(picture))
    help_seconds = median(system, f"{command} --help")
    window = median(system, f"{command} --screenshot window.png", prepare=_SCREEN)
    expect_picture(system.home / "window.png")
    demo = timed(system, f"{command} --demo </dev/null >demo.txt", user=USER)
    expect(system, "grep -q 'Kind of error: quota' demo.txt", user=USER)
    expect(system, f"{command} -I nss_child.py <<< {shlex.quote(_LOGIN)} | grep logins", user=USER)
    write_people(system.home / "people.xlsx")
    batch = timed(system, f"{command} batch people.xlsx --out people --offline --pdf", user=USER)
    expect(system, f"test $(find people -name '*.pdf' | wc -l) = {PEOPLE}", user=USER)
    return help_seconds, window, demo, batch


def use_archive(system: BareSystem) -> None:
    """Use the unpacked archive as a user, without the libraries that it brings. Raises RunError."""
    helpers = " ".join(PACKAGES[name].apt for name in X11_HELPERS)
    system.run(f"dpkg --purge --force-depends {helpers}")
    expect(system, "mkdir a && tar -xJf /packages/archive.tar.xz -C a", user=USER)
    expect(system, "a/*/mailsetup --version && a/*/install.sh", user=USER)
    expect(system, "~/.local/bin/mailsetup --version", user=USER)
    expect(system, f"{_SCREEN} a/*/mailsetup --screenshot archive.png", user=USER)
    expect_picture(system.home / "archive.png")
    expect(system, "a/*/install.sh --remove && ! find .local -type l | grep .", user=USER)
    system.run(f"{_APT} --fix-broken install")


def write_people(path: Path) -> None:
    """Write a workbook of people whose provider the program knows by itself."""
    rows = [(f"Person {number}", f"person{number}@gmx.de", "es") for number in range(PEOPLE)]
    path.write_bytes(xlsx({"People": cells_of(("name", "address", "language"), *rows)}))
    path.chmod(0o644)


def expect(system: BareSystem, script: str, *, user: str = "root") -> None:
    """Run a script that has to succeed. Raises RunError."""
    system.run(f"set -e; {script}", user=user)


def expect_picture(path: Path) -> None:
    """Raises RunError where a window was not painted: an empty one takes far fewer bytes."""
    size = path.stat().st_size if path.exists() else 0
    if size < 10_000:
        raise RunError(f"{path.name}: no picture of a window ({size} bytes)")


def timed(system: BareSystem, script: str, *, user: str = "root") -> float:
    """The seconds that a script takes. Raises RunError where it fails."""
    started = time.monotonic()
    system.run(script, user=user)
    return time.monotonic() - started


def median(system: BareSystem, command: str, prepare: str = "") -> float:
    """The median of several runs as a user, in seconds, after one that is not counted."""
    output = system.run(
        f"{prepare} TIMEFORMAT='seconds=%R'; {command} >/dev/null; for i in $(seq {ROUNDS});"
        f" do time {command} >/dev/null; done",
        user=USER,
    )
    values = [float(text) for text in re.findall(r"seconds=([\d.]+)", output)]
    if len(values) != ROUNDS:
        raise RunError(f"{command}: not timed\n{output[-2000:]}")
    return statistics.median(values)


def files(system: BareSystem) -> set[str]:
    """The paths that belong to installed software."""
    output = system.run("cd / && find . -xdev -not -type d")
    return {line for line in output.splitlines() if not line.startswith(_UNINTERESTING)}


def package_count(system: BareSystem) -> int:
    """How many packages are installed."""
    return len(system.run("dpkg-query -f '${Package}\\n' -W").split())


def main() -> int:
    """Try everything and print the table. Returns the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, metavar="DIST")
    parser.add_argument("--suite", action="append", choices=SUITES)
    options = parser.parse_args()
    if os.geteuid() != 0 or shutil.which("debootstrap") is None:
        parser.error("this needs root and debootstrap")
    deb, archive = (
        next(iter(sorted(options.folder.glob(pattern))), None)
        for pattern in ("mailsetup_*.deb", "mailsetup-*.tar.xz")
    )
    if deb is None or archive is None:
        parser.error(f"{options.folder} does not hold the packages")
    print("| system | install | new packages | upgrade | --help | window | demo | batch of 20 |")
    print("|---|---|---|---|---|---|---|---|")
    failed = False
    for suite in options.suite or SUITES:
        try:
            print(row(verify(suite, deb, archive)), flush=True)
        except RunError as error:
            failed = True
            print(f"{SUITES[suite]}: {error}", file=sys.stderr)
    return 1 if failed else 0


def row(figures: Figures) -> str:
    """One line of the table, and the files that were left."""
    line = (
        f"| {figures.system} | {figures.install:.0f} s | {figures.new_packages} "
        f"| {figures.upgrade:.0f} s | {figures.help:.2f} s | {figures.window:.2f} s "
        f"| {figures.demo:.1f} s | {figures.batch:.1f} s |"
    )
    return "\n".join((line, *(f"left in {figures.system}: {path}" for path in figures.leftovers)))


if __name__ == "__main__":
    sys.exit(main())
