"""Strict parsers of the exporters' formats, for the tests only."""

import configparser
import re

_PREF = re.compile(
    r'user_pref\("(?P<name>[^"\\]+)", (?:"(?P<text>(?:[^"\\\x00-\x1f]|\\["\\])*)"'
    r"|(?P<number>-?\d+)|(?P<flag>true|false))\);"
)


def read_prefs(content: bytes) -> dict[str, str | int | bool]:
    """``prefs.js`` as Thunderbird reads it; anything unusual is an error."""
    text = content.decode()
    assert text.endswith("\n")
    found: dict[str, str | int | bool] = {}
    for line in text[:-1].split("\n"):
        match = _PREF.fullmatch(line)
        assert match, line
        name = match["name"]
        assert name not in found, name
        if match["text"] is not None:
            found[name] = re.sub(r"\\(.)", r"\1", match["text"])
        elif match["number"] is not None:
            found[name] = int(match["number"])
        else:
            found[name] = match["flag"] == "true"
    return found


class _CaseSensitiveParser(configparser.RawConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def read_prf(content: bytes) -> dict[str, dict[str, str]]:
    """A ``.prf``: one code page, CRLF, no line outside of a section."""
    text = content.decode("cp1252")
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    parser = _CaseSensitiveParser(
        delimiters=("=",), comment_prefixes=(), inline_comment_prefixes=(), strict=True
    )
    parser.read_string(text)
    return {section: dict(parser[section]) for section in parser.sections()}


def read_reg(content: bytes) -> dict[str, dict[str, str]]:
    """A ``.reg``: every value as in the registry; ``-`` deletes."""
    assert content.startswith(b"\xff\xfe")
    text = content[2:].decode("utf-16-le")
    assert text.count("\n") == text.count("\r\n") == text.count("\r")
    lines = text.split("\r\n")
    assert lines[:2] == ["Windows Registry Editor Version 5.00", ""]
    keys: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for line in filter(None, lines[2:]):
        if line.startswith("["):
            assert line.startswith("[HKEY_CURRENT_USER\\")
            assert line.endswith("]")
            current = keys.setdefault(line[1:-1], {})
            continue
        match = re.fullmatch(
            r'"((?:[^"\\]|\\["\\])+)"=("(?:[^"\\]|\\["\\])*"|dword:[0-9a-f]{8}|-)', line
        )
        assert match, line
        value = match[2]
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        current[re.sub(r"\\(.)", r"\1", match[1])] = value
    return keys
