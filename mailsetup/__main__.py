"""``python -m mailsetup``."""

from mailsetup.cli.main import run

if __name__ == "__main__":
    run()
