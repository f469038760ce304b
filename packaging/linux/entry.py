"""What PyInstaller starts."""

from mailsetup.launch import run

if __name__ == "__main__":
    run()
