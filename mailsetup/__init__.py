"""mailsetup: from an e-mail address and a password to mail that works."""

__version__ = "0.1.0"
