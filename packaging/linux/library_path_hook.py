"""Runs before the program: the processes that it starts get the user's ``LD_LIBRARY_PATH`` again.

PyInstaller's starter sets that variable to the program's own folder, and starts the program again.
The dynamic loader has read it by then. Other programs (Thunderbird, a password command) must not
load the libraries of that folder. https://pyinstaller.org/en/stable/common-issues-and-pitfalls.html
"""

import os

_before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _before is not None:
    os.environ["LD_LIBRARY_PATH"] = _before
else:
    os.environ.pop("LD_LIBRARY_PATH", None)
