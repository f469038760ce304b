"""``python -m mailsetup``."""

from mailsetup.launch import run

if __name__ == "__main__":
    run()
