"""The folders in which Windows looks for programs of this user: ``Path`` in the registry.

    python -m mailsetup.system.windows_path add|remove FOLDER

The installer runs it: NSIS cuts a ``Path`` of more than 1,023 characters.
"""

import sys

SEPARATOR = ";"


def with_folder(path: str, folder: str) -> str:
    """``path`` with ``folder`` at its end, once."""
    return SEPARATOR.join([*_without(path, folder), folder])


def without_folder(path: str, folder: str) -> str:
    """``path`` without ``folder``, however its case is written."""
    return SEPARATOR.join(_without(path, folder))


def _without(path: str, folder: str) -> list[str]:
    unwanted = folder.rstrip("\\").casefold()
    entries = [entry for entry in path.split(SEPARATOR) if entry]
    return [entry for entry in entries if entry.rstrip("\\").casefold() != unwanted]


def main(arguments: list[str]) -> int:
    """Change the user's ``Path``, and inform running programs. Returns the exit status."""
    if sys.platform == "win32":
        import ctypes
        import winreg

        action, folder = arguments
        change = with_folder if action == "add" else without_folder
        access = winreg.KEY_READ | winreg.KEY_WRITE
        with winreg.CreateKeyEx(winreg.HKEY_CURRENT_USER, "Environment", 0, access) as key:
            try:
                path, kind = winreg.QueryValueEx(key, "Path")
            except FileNotFoundError:
                path, kind = "", winreg.REG_EXPAND_SZ
            winreg.SetValueEx(key, "Path", 0, kind, change(path, folder))
        broadcast, setting_change, abort_if_hung = 0xFFFF, 0x1A, 2
        ctypes.windll.user32.SendMessageTimeoutW(
            broadcast, setting_change, 0, "Environment", abort_if_hung, 2000, None
        )
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
