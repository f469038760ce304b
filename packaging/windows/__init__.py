"""The program on Windows: a Windows Python under Wine to test with, and the installer.

Needs the packages of ``packaging/requirements/test.txt`` and, from Debian, ``wine``, ``xvfb`` and
``gcc-mingw-w64-x86-64``. What works under Wine is no proof for Windows; most faults show up here.
"""
