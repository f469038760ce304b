"""The packages for Linux: a ``.deb``, a tar archive and what a Flatpak is built from.

``python -m linux.build DIST`` builds them, ``python -m linux.verify DIST`` installs and uses them
in bare systems. Both are run from the checkout with ``PYTHONPATH=packaging``.
"""
