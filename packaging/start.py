#!/usr/bin/env python3
"""Two commands from a fresh clone, with nothing but Python 3.11 or later.

    python3 packaging/start.py --demo    opens the program on its built-in mail servers
    python3 packaging/start.py test      runs every test

``python3 packaging/start.py --help`` lists the rest. The work is done in ``bootstrap/``; this file
is written so that any Python, also 2.7, can read it and say which one is needed.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - also read by an old Python, to say so
    sys.exit("mailsetup needs Python 3.11 or later; this is %s." % sys.version.split()[0])  # noqa: UP031

import os

# With sudo, this script must not leave files of root's in a user's checkout.
sys.dont_write_bytecode = True
_HERE = os.path.dirname(os.path.realpath(__file__))  # noqa: PTH120
sys.path.insert(0, _HERE)
# At the end: `mailsetup.i18n` translates the texts of this script.
sys.path.append(os.path.dirname(_HERE))  # noqa: PTH120

from bootstrap.main import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
