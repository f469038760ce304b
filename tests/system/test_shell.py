"""Command lines to paste into a shell."""

import shlex

import pytest

from mailsetup.system.shell import shell_line

WINDOWS = (r"C:\Program Files\Mozilla Thunderbird\thunderbird.exe", "-P", "ana bodega")


def test_on_windows_words_with_blanks_are_in_double_quotes() -> None:
    expected = r'"C:\Program Files\Mozilla Thunderbird\thunderbird.exe" -P "ana bodega"'
    assert shell_line(WINDOWS, "win32") == expected


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_elsewhere_the_line_is_for_sh(platform: str) -> None:
    words = ("/opt/it's here/thunderbird", "-P", "$HOME")
    assert shlex.split(shell_line(words, platform)) == list(words)
