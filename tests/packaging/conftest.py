"""Makes ``bootstrap`` importable, as packaging/start.py does."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent.parent / "packaging"))
