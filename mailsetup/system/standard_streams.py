"""Standard input, output and error as the system gives them, before anything is written.

Windows has three kinds: a console takes any character; a pipe or a file is written in the ANSI code
page, which lacks most characters; a program without a console (``mailsetup-window.exe``) has none.
"""

import atexit
import io
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TextIO

_ATTACH_PARENT_PROCESS: Final = -1
_ICON_INFORMATION: Final = 0x40


def open_standard_files() -> None:
    """Open the null device as descriptors 0 to 2 where the caller closed them.

    Otherwise the next file or socket gets such a number, and what a library writes to standard
    error goes into it.
    """
    while True:
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor > 2:
            os.close(descriptor)
            return


def use_utf8_in_pipes(
    streams: Iterable[TextIO | None],
    platform: str = sys.platform,
    environ: Mapping[str, str] = os.environ,
) -> None:
    """On Windows, read and write UTF-8 wherever no console is.

    A user's own ``PYTHONIOENCODING`` is left alone where Python follows it. What cannot be decoded
    is read as surrogates (PEP 383), which `decoded` resolves.
    """
    is_set = environ.get("PYTHONIOENCODING") and not sys.flags.ignore_environment
    if platform != "win32" or is_set:
        return
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and not stream.isatty():
            errors = "surrogateescape" if stream.readable() else stream.errors
            stream.reconfigure(encoding="utf-8", errors=errors)


def decoded(line: str, code_pages: Iterable[str] | None = None) -> str:
    """A line of standard input that may not be UTF-8, without a byte order mark.

    Windows' shells pipe in the code page of the console or in the ANSI code page; these are tried
    in this order. Raises UnicodeDecodeError where nothing fits.
    """
    line = line.removeprefix("\ufeff")
    if not any("\udc80" <= letter <= "\udcff" for letter in line):
        return line
    raw = line.encode("utf-8", "surrogateescape")
    for code_page in _code_pages() if code_pages is None else code_pages:
        try:
            return raw.decode(code_page)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("utf-8")


def _code_pages() -> tuple[str, ...]:
    if sys.platform == "win32":
        import ctypes

        kernel32 = ctypes.windll.kernel32
        console = kernel32.GetConsoleCP() or kernel32.GetOEMCP()
        return (f"cp{console}", f"cp{kernel32.GetACP()}")
    return ()


def give_streams_to_a_windowed_program() -> None:
    """Let a program without a console write into the one that it was started from.

    Where there is none (a click on an icon), the text is shown in a box when the program ends.
    """
    if sys.platform == "win32" and sys.stdout is None and sys.stderr is None:
        import ctypes

        if ctypes.windll.kernel32.AttachConsole(_ATTACH_PARENT_PROCESS):
            sys.stdout = sys.stderr = open(  # noqa: SIM115, PTH123 - for the whole run
                "CONOUT$", "w", encoding="utf-8", errors="replace"
            )
            return
        sys.stdout = sys.stderr = collected = io.StringIO()

        def show(text: str) -> None:
            ctypes.windll.user32.MessageBoxW(None, text, "mailsetup", _ICON_INFORMATION)

        atexit.register(show_collected, collected, show)


def show_collected(collected: io.StringIO, show: Callable[[str], None]) -> None:
    """Show what was written, if anything."""
    text = collected.getvalue().strip()
    if text:
        show(text)
