"""What PyInstaller starts: the program, or the child that stores Thunderbird's passwords.

`mailsetup.apply.thunderbird.password_store` starts its child as ``sys.executable -I nss_child.py``.
In a packaged program ``sys.executable`` is the program itself.
"""

import sys
from pathlib import PurePath

if __name__ == "__main__":
    if sys.argv[1:2] == ["-I"] and [PurePath(name).name for name in sys.argv[2:]] == [
        "nss_child.py"
    ]:
        from mailsetup.apply.thunderbird.nss_child import main

        main()
    else:
        from mailsetup.launch import run

        run()
