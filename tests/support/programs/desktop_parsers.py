"""Independent parsers of the account files of desktop mail programs.

Written after the programs' own rules, and without the code that writes the files.
"""

import codecs
import re
from xml.etree import ElementTree

Sections = dict[str, dict[str, str]]

_GLIB = {"s": " ", "n": "\n", "t": "\t", "r": "\r", "\\": "\\"}


def read_glib(content: bytes) -> Sections:
    """A key file as read by ``g_key_file_load_from_data`` and ``g_key_file_get_string``.

    What GLib rejects is an error here: text before the first group, a line that is neither a group,
    a comment nor an entry, an unknown escape.
    """
    sections: Sections = {}
    section: dict[str, str] | None = None
    for line in content.decode().split("\n"):
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith("["):
            assert line.endswith("]"), line
            name = line[1:-1]
            assert name not in sections
            assert not re.search(r"[\[\]\x00-\x1f]", name)
            section = sections[name] = {}
            continue
        assert section is not None, "an entry before the first group"
        key, equals, raw = line.partition("=")
        assert equals, line
        assert re.fullmatch(r"[A-Za-z0-9-]+", key), key
        assert key not in section
        assert raw == raw.strip(" \t\r\f\v"), "blanks around a value are lost"
        value, position = "", 0
        while position < len(raw):
            char = raw[position]
            if char == "\\":
                position += 1
                value += _GLIB[raw[position]]
            else:
                value += char
            position += 1
        section[key] = value
    return sections


def read_kconfig(content: bytes) -> Sections:
    """A KConfig file as read by ``KConfigIniBackend``; ``[$e]`` keys would be expanded."""
    sections: Sections = {}
    section = sections.setdefault("", {})
    for raw in content.split(b"\n"):
        line = raw.strip(b" \t\r\f\v")
        if not line or line.startswith(b"#"):
            continue
        if line.startswith(b"["):
            names = re.fullmatch(rb"((?:\[[^\[\]]+\])+)", line)
            assert names, line
            section = sections.setdefault(line[1:-1].decode(), {})
            continue
        key, equals, value = line.partition(b"=")
        assert equals, line
        assert re.fullmatch(rb"[A-Za-z0-9 #-]+", key.strip()), "a key with options"
        assert key.decode() not in section
        section[key.decode()] = _kconfig_value(value.strip(b" \t\r\f\v"))
    return sections


def _kconfig_value(raw: bytes) -> str:
    result, position = bytearray(), 0
    simple = {b"s": b" ", b"t": b"\t", b"n": b"\n", b"r": b"\r", b"\\": b"\\", b";": b";"}
    simple |= {b",": b","}
    while position < len(raw):
        char = raw[position : position + 1]
        if char != b"\\":
            result += char
            position += 1
            continue
        escape = raw[position + 1 : position + 2]
        if escape == b"x":
            result += codecs.decode(raw[position + 2 : position + 4], "hex")
            position += 4
        else:
            result += simple[escape]
            position += 2
    return result.decode()


def read_claws(content: bytes) -> Sections:
    """``accountrc`` as read by ``prefs_read_config``: nothing is unescaped, nothing is stripped."""
    sections: Sections = {}
    section: dict[str, str] | None = None
    for line in content.split(b"\n"):
        if line.startswith(b"["):
            section = sections.setdefault(line[1 : line.index(b"]")].decode(), {})
        elif line:
            assert section is not None
            key, equals, value = line.partition(b"=")
            assert equals
            assert key.decode() not in section
            section[key.decode()] = value.decode()
    return sections


def read_claws_folders(content: bytes) -> list[tuple[dict[str, str], list[dict[str, str]]]]:
    """``folderlist.xml``: each mailbox with its folders."""
    root = ElementTree.fromstring(content)  # noqa: S314 - we wrote it
    assert root.tag == "folderlist"
    return [(dict(folder.attrib), [dict(item.attrib) for item in folder]) for folder in root]
