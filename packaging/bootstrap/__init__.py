"""What stands between a bare Python and the running program; the standard library only.

``main`` reads the words, ``system_packages`` says what the system lacks, ``apt`` installs it,
``virtualenv`` makes ``.venv`` from the locked lists, ``testing`` runs the tests.
"""
