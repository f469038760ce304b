"""Reads the arguments of a start, prepares what is missing, and runs the program or the tests."""

import os
import sys
from contextlib import suppress
from pathlib import Path

from bootstrap.layout import PYTHON, ROOT, WINDOWS, Purpose, SetupError, screens

OWN_WORDS = ("test", "packages", "screenshots")


def main(arguments: list[str]) -> int:
    """Run one start. Returns its exit status, unless the process is replaced by the program."""
    try:
        return _start(arguments)
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        from mailsetup.i18n import _

        stopped = _("Stopped. The next start goes on from here.")
        print("\n" + stopped, file=sys.stderr)
        return 130


def _start(arguments: list[str]) -> int:
    _choose_language(arguments)
    match arguments:
        case ["-h" | "--help", *_rest]:
            return _help()
        case ["test", *rest] if {"-h", "--help"} & set(rest):
            from bootstrap import testing

            print(testing.help_text())
            return 0
        case ["test", *rest]:
            from bootstrap import testing

            return testing.run(rest, _prepare)
        case ["packages", *rest]:
            from bootstrap import packages

            return packages.run(rest)
        case ["screenshots", *rest]:
            _prepare(Purpose.TERMINAL)
            variables = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
            return _replace_process(["-m", "tests.support.gui.gallery", *rest], variables)
        case [str(word), *_rest] if guess := _misspelt(word):
            from mailsetup.i18n import _

            print(_("There is no “{word}”. Did you mean “{guess}”?").format(word=word, guess=guess),
                  file=sys.stderr)  # fmt: skip
            return 2
        case _:
            _prepare(purpose_of(arguments))
            return _replace_process(["-m", "mailsetup", *arguments], dict(os.environ))


def _choose_language(arguments: list[str]) -> None:
    """``--lang es`` also applies to the texts of this script."""
    for index, word in enumerate(arguments):
        value = word.removeprefix("--lang=") if word.startswith("--lang=") else None
        if word == "--lang" and index + 1 < len(arguments):
            value = arguments[index + 1]
        if value is not None:
            from mailsetup.i18n import set_language

            with suppress(ValueError):
                set_language(value)


def _misspelt(word: str) -> str | None:
    """The command of this script that was probably meant (``tests``, ``screenshot``)."""
    if word.startswith("-") or word in OWN_WORDS:
        return None
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, OWN_WORDS, n=1, cutoff=0.85)), None)


def purpose_of(arguments: list[str]) -> Purpose:
    """The purpose of these arguments: the demo, which the window offers too, or a command."""
    has_screen = bool(screens())
    options = [word for word in arguments if word != "--demo"]
    for name in ("--lang", "--screenshot"):
        while name in options:
            del options[options.index(name) : options.index(name) + 2]
    if "--demo" in arguments or all(word.startswith(("--lang=", "--screen")) for word in options):
        return Purpose.DEMO_IN_WINDOW if has_screen else Purpose.DEMO_IN_TERMINAL
    return Purpose.WINDOW if has_screen else Purpose.TERMINAL


def _help() -> int:
    """Print this script's help, then the program's if it is prepared."""
    from mailsetup.i18n import _

    print(
        _(
            "usage: python3 packaging/start.py [--demo | test | packages | COMMAND …]\n"
            "\n"
            "  --demo             open the program on its built-in mail servers, to try it out;\n"
            "                     without a screen, walk through it in the terminal\n"
            "  test               run every test, with real mail servers (test --help)\n"
            "  test unit          run the tests that need no servers and no other programs\n"
            "  test windows       run the tests on a Windows Python under Wine\n"
            "  packages WHAT      install only the system packages, as root: demo, test, windows\n"
            "  screenshots DIR    render every page of the window\n"
            "  COMMAND …          everything else goes to the program: discover, check, export …\n"
            "\n"
            "The first start makes .venv in this folder and, as root on Debian or Ubuntu,\n"
            "installs the system packages that are missing; otherwise it prints the line that does."
        )
    )
    if not (PYTHON.exists() and _is_prepared(Purpose.TERMINAL)):
        return 0
    print(flush=True)
    return _replace_process(["-m", "mailsetup", "--help"], dict(os.environ))


# Preparing --------------------------------------------------------------------------------------


def _prepare(purpose: Purpose) -> None:
    """Install what is missing for this purpose. Raises SetupError."""
    if not _is_prepared(purpose):
        from bootstrap import preparation

        preparation.prepare(purpose)
        purpose.stamp.write_text(fingerprint(purpose), encoding="ascii")


def _is_prepared(purpose: Purpose) -> bool:
    return PYTHON.exists() and any(
        read(one.stamp) == fingerprint(one) for one in purpose.covered_by
    )


def fingerprint(purpose: Purpose) -> str:
    """Changes when something has to be installed again."""
    import hashlib

    # Without the patch level: installing python3-venv may update the running Python.
    digest = hashlib.sha256(str(sys.implementation.cache_tag).encode())
    tables = (
        Path(__file__).with_name("system_packages.py"),
        ROOT / "mailsetup" / "system" / "display_libraries.py",
    )
    for path in (ROOT / "pyproject.toml", *purpose.lock_files, *tables):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read(path: Path) -> str:
    """A file's text; empty where there is none."""
    try:
        return path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""


def _replace_process(words: list[str], variables: dict[str, str]) -> int:
    """Replace this process by the program, in the current folder; on Windows, wait for it instead.

    ``-P`` keeps Python from importing modules from that folder.
    """
    command = [str(PYTHON), "-P", *words]
    sys.stdout.flush()
    sys.stderr.flush()
    if WINDOWS:
        import subprocess

        return subprocess.call(command, env=variables)
    return os.execve(command[0], command, variables)  # noqa: S606 - the program itself, no shell
