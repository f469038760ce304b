"""Command lines for people to paste into the shell of their system."""

import sys
from collections.abc import Sequence


def shell_line(words: Sequence[str], platform: str = sys.platform) -> str:
    """The words as one line for ``sh``; on Windows, for its command prompt and Win+R."""
    if platform == "win32":
        import subprocess

        return subprocess.list2cmdline(words)
    import shlex

    return shlex.join(words)
