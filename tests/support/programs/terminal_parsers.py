"""Parsers of the terminal programs' files, written after those programs' sources."""

import re
import shlex
from dataclasses import dataclass
from email.headerregistry import Address
from email.parser import Parser
from email.policy import default
from urllib.parse import SplitResult, unquote, urlsplit

_CONTROLS = {"e": "\033", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


@dataclass(frozen=True)
class Command:
    """A command that a program would give to the shell."""

    line: str

    @property
    def words(self) -> list[str]:
        """The words as split by ``sh``; nothing in them may be expanded."""
        lexer = shlex.shlex(self.line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        lexer.commenters = ""
        words = list(lexer)
        assert words == shlex.split(self.line), "an operator stands outside of quotes"
        bare = re.sub(r"'[^']*'|\"'\"", "", self.line)
        assert not re.search(r"[\\\"'$`~*?\[\]{}()<>|&;#!]", bare), bare
        return words


def read_neomutt(content: bytes) -> dict[str, str | Command]:
    """``set`` commands only (``parse_extract_token``); a value is text or one command."""
    found: dict[str, str | Command] = {}
    for line in content.decode().splitlines():
        assert line == line.strip()
        match = re.fullmatch(r"set ([a-z_]+) = (.+)", line)
        assert match, line
        name, token = match.groups()
        assert name not in found, name
        found[name] = _neomutt_token(token)
    return found


def _neomutt_token(token: str) -> str | Command:
    if re.fullmatch(r"[a-z]+", token):
        return token
    assert token[0] == token[-1] == '"'
    inside = token[1:-1]
    if inside.startswith("`"):
        match = re.fullmatch(r"`((?:[^\\`]|\\.)*)`", inside)
        assert match, inside
        return Command(_neomutt_text(match[1], command=True))
    return _neomutt_text(inside)


def _neomutt_text(text: str, *, command: bool = False) -> str:
    done, at = [], 0
    while at < len(text):
        char = text[at]
        at += 1
        if char == "\\":
            char = text[at]
            at += 1
            assert char not in "cC0123456789", "a control character is written"
            done.append(_CONTROLS.get(char, char))
        elif char == "$":
            assert not re.match(r"[{a-zA-Z]", text[at : at + 1]), "a variable is expanded"
            done.append(char)
        else:
            assert char != "`", "a command is run"
            assert command or char != '"', "the quote ends too soon"
            done.append(char)
    return "".join(done)


def read_go_ini(content: bytes) -> dict[str, dict[str, str]]:
    """go-ini 1.67 with ``KeyValueDelimiters: "="``, as aerc reads its accounts."""
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    for raw in content.decode().split("\n"):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[":
            end = line.rindex("]")
            assert line[end + 1 :] == ""
            current = sections.setdefault(line[1:end], {})
            continue
        assert line[0] not in '"`'
        key, equals, rest = line.partition("=")
        assert equals, line
        key = key.strip()
        assert key not in current, key
        current[key] = _go_ini_value(rest.lstrip())
    for values in sections.values():
        for value in values.values():
            assert not re.search(r"%\([^)]+\)s", value), "another value is put in here"
    return sections


def _go_ini_value(line: str) -> str:
    if line.startswith('"""'):
        raise AssertionError("a value of several lines")
    if line.startswith("`"):
        assert line.count("`") >= 2, "a value of several lines"
        assert line.endswith("`"), "the rest of the line is lost"
        return line[1 : line.rindex("`")]
    line = line.strip()
    assert not line.endswith("\\"), "the next line belongs to it"
    line = re.split("[#;]", line, maxsplit=1)[0].strip()
    for quote in "'\"":
        if len(line) >= 2 and line[0] == line[-1] == quote and line.count(quote) == 2:
            return line[1:-1]
    return line


def read_mbsync(content: bytes) -> list[list[tuple[str, str]]]:
    """Sections of (keyword, argument), as split by isync's ``get_arg``."""
    sections: list[list[tuple[str, str]]] = [[]]
    for raw in content.split(b"\n"):
        assert len(raw) < 1023, "mbsync reads it in two pieces"
        words = _mbsync_words(raw.decode())
        if not words:
            if sections[-1]:
                sections.append([])
            continue
        sections[-1].append((words[0], " ".join(words[1:])))
        assert len(words) == 2 or words[0] == "AuthMechs", raw
    return [section for section in sections if section]


def _mbsync_words(line: str) -> list[str]:
    words: list[str] = []
    at = 0
    while True:
        while at < len(line) and line[at].isspace() and line[at].isascii():
            at += 1
        if at == len(line) or line[at] == "#":
            return words
        word, escaped, quoted = "", False, False
        while at < len(line):
            char = line[at]
            at += 1
            if escaped:
                escaped = False
                word += char
            elif char == "\\":
                escaped = True
            elif char == '"':
                quoted = not quoted
            elif not quoted and char.isascii() and char.isspace():
                break
            else:
                word += char
        assert not escaped
        assert not quoted
        words.append(word)


def read_msmtp(content: bytes) -> list[tuple[str, str]]:
    """Commands with their arguments (``get_cmd`` and ``trim_string`` in msmtp's ``conf.c``)."""
    found = []
    for raw in content.split(b"\n"):
        assert len(raw) <= 499, "msmtp refuses longer lines"
        line = raw.decode().lstrip(" \t")
        if not line or line.startswith("#"):
            continue
        match = re.fullmatch(r"([^ \t]+)[ \t]*(.*?)[ \t]*", line)
        assert match, line
        argument = match[2]
        if len(argument) >= 2 and argument[0] == argument[-1] == '"':
            argument = argument[1:-1]
        found.append((match[1], argument))
    return found


@dataclass(frozen=True)
class Url:
    """The relevant parts of a server's URL."""

    scheme: str
    user: str
    host: str
    port: int


def read_url(text: str) -> Url:
    """RFC 3986, strictly: ASCII, no password, nothing after the port but an optional slash."""
    assert text.isascii()
    assert not re.search(r"[\s\"<>\\^`{|}]", text)
    parts: SplitResult = urlsplit(text)
    assert parts.password is None
    assert parts.path in ("", "/")
    assert not parts.query
    assert not parts.fragment
    assert parts.hostname is not None
    assert parts.port is not None
    return Url(parts.scheme, unquote(parts.username or ""), parts.hostname, parts.port)


def read_mailbox(text: str) -> tuple[str, str]:
    """The name and the address of one RFC 5322 mailbox."""
    header = Parser(policy=default).parsestr(f"From: {text}\n\n")["From"]
    assert not header.defects, header.defects
    (address,) = header.addresses
    assert isinstance(address, Address)
    return address.display_name, address.addr_spec


def shell_expanded(text: str, environ: dict[str, str], home: str) -> str:
    """The crate shellexpand's ``full``, where an unset variable is an error."""
    assert not (text == "~" or text.startswith("~/")) or home == ""

    def value(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return environ[match[1] or match[2]]

    # Alphanumeric as in Unicode, like there.
    return re.sub(r"\$\$|\$\{([^}]*)\}|\$(\w+)", value, text)


_SASL_KEYS = {
    "plain": ({"authzid", "authcid", "username", "passwd", "password"}, {"passwd", "password"}),
    "login": ({"username", "password"}, {"password"}),
    "scram-sha-256": ({"username", "password"}, {"password"}),
    "oauthbearer": ({"username", "token"}, {"token"}),
    "xoauth2": ({"username", "token"}, {"token"}),
}
_SERVER_KEYS = {
    "imap": {"server", "tls", "starttls", "alpn", "sasl", "sasl-ir", "id", "sort"},
    "smtp": {"server", "tls", "starttls", "alpn", "sasl"},
}
_ACCOUNT_KEYS = {"default", "email", "display-name", *_SERVER_KEYS}


@dataclass(frozen=True)
class HimalayaServer:
    """One server as himalaya 2 would use it."""

    url: Url
    starttls: bool
    mechanism: str
    username: str
    secret: str
    command: tuple[str, ...]


def read_himalaya(account: dict[str, object], kind: str) -> HimalayaServer:
    """One server of an account, checked with ``src/config.rs`` of himalaya 2.2.

    Its tables are ``deny_unknown_fields``: an unknown key makes it refuse the whole file.
    """
    assert set(account) <= _ACCOUNT_KEYS
    server = _table(account[kind])
    assert set(server) <= _SERVER_KEYS[kind]
    starttls = server.get("starttls", False)
    assert isinstance(starttls, bool)
    url = read_url(_text(server["server"]))
    assert url.scheme == (kind if starttls else f"{kind}s")
    if "sasl" not in server:
        return HimalayaServer(url, starttls, "", "", "", ())
    ((mechanism, given),) = _table(server["sasl"]).items()
    values = _table(given)
    allowed, secrets = _SASL_KEYS[mechanism]
    assert set(values) <= allowed
    (secret,) = secrets & set(values)
    ((kind_of_secret, command),) = _table(values[secret]).items()
    assert kind_of_secret == "command", "a secret stands in the file"
    assert isinstance(command, list)
    return HimalayaServer(
        url,
        starttls,
        mechanism,
        shell_expanded(_text(values["username"]), {}, "/home/ana"),
        secret,
        tuple(map(_text, command)),
    )


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


def _text(value: object) -> str:
    assert isinstance(value, str)
    return value
