"""What PyInstaller has to be told of the program, on every system."""

from pathlib import Path
from typing import Final

ENTRY: Final = Path(__file__).with_name("frozen_entry.py")
"""The script that the frozen program runs."""

# Loaded by name at run time, some by entry points of their packages' metadata, so that PyInstaller
# does not find them by itself.
COLLECTED: Final = (
    "--collect-data=mailsetup",
    "--collect-submodules=mailsetup",
    "--collect-data=pymap",
    "--collect-submodules=pymap",
    "--collect-data=publicsuffixlist",
    "--collect-submodules=pysasl",
    "--copy-metadata=pysasl",
    "--copy-metadata=keyring",
)
