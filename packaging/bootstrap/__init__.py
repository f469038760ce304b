"""Prepares a checkout to run, with nothing but Python's standard library.

``main`` reads the arguments, ``system_packages`` finds what the system lacks, ``apt`` installs it,
``virtualenv`` makes ``.venv`` from the locked lists, ``testing`` runs the tests.
"""
