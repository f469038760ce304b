"""The rules of `k9_rules` agree with the app's own tests (``QrCodePayloadValidatorTest``)."""

import copy
import json

import pytest

from tests.support.programs.k9_rules import (
    RejectedError,
    is_host,
    is_user_address,
    read_code,
    read_settings_file,
)

VALID: list[object] = [
    1,
    [1, 1],
    [0, "imap.domain.example", 993, 3, 1, "user@domain.example", "Account name", "password"],
    [
        [
            [0, "smtp.domain.example", 465, 3, 1, "user@domain.example", "password"],
            ["user@domain.example", "Firstname Lastname"],
        ]
    ],
]
INCOMING, OUTGOING, IDENTITY = (2,), (3, 0, 0), (3, 0, 1)


def changed(path: tuple[int, ...], value: object) -> str:
    """The valid code with the element at this path replaced."""
    document = copy.deepcopy(VALID)
    place: object = document
    for index in path[:-1]:
        assert isinstance(place, list)
        place = place[index]
    assert isinstance(place, list)
    place[path[-1]] = value
    return json.dumps(document)


def test_a_valid_code_is_accepted() -> None:
    code = read_code(json.dumps(VALID))
    assert code.accounts[0].name == "Account name"
    assert code.accounts[0].outgoing[0].identities == (
        ("user@domain.example", "Firstname Lastname"),
    )


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((0,), 2),
        ((3,), []),
        ((3, 0), [[0, "smtp.domain.example", 465, 3, 1, "user@domain.example"]]),
        ((*INCOMING, 0), 2),
        ((*INCOMING, 1), "invalid hostname"),
        ((*INCOMING, 2), 100_000),
        ((*INCOMING, 3), 100),
        ((*INCOMING, 4), 100),
        ((*INCOMING, 4), 3),
        ((*INCOMING, 4), 4),
        ((*INCOMING, 5), "contains\nline break"),
        ((*INCOMING, 6), "contains\nline break"),
        ((*INCOMING, 6), None),
        ((*INCOMING, 7), "contains\nline break"),
        ((*INCOMING, 7), None),
        ((*OUTGOING, 0), 1),
        ((*OUTGOING, 1), "invalid hostname"),
        ((*OUTGOING, 2), 100_000),
        ((*OUTGOING, 3), 100),
        ((*OUTGOING, 4), 100),
        ((*OUTGOING, 4), 3),
        ((*OUTGOING, 4), 4),
        ((*OUTGOING, 5), "contains\nline break"),
        ((*OUTGOING, 6), "contains\nline break"),
        ((*IDENTITY, 0), "invalid"),
        ((*IDENTITY, 1), "contains\nline break"),
        ((*IDENTITY, 1), None),
    ],
    ids=str,
)
def test_one_invalid_field_makes_the_code_invalid(path: tuple[int, ...], value: object) -> None:
    with pytest.raises(RejectedError):
        read_code(changed(path, value))


def test_passwords_names_and_unknown_elements_are_optional() -> None:
    server = [0, "imap.domain.example", 993, 3, 1, "user@domain.example"]
    assert read_code(changed(INCOMING, server)).accounts[0].name is None
    assert read_code(changed(INCOMING, [*server, "", "", None])).accounts[0].name == ""


@pytest.mark.parametrize("text", ["[", "{}", "[1]", "[1,[1,1]]", "[true,[1,1]]", '["1",[1,1]]'])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(RejectedError):
        read_code(text)


def test_hosts_and_addresses_are_checked_as_by_the_app() -> None:
    for host in ("a", "mail.example", "1.2.3.4", "::1", "2001:db8::1", "a-b.example.", "0.1.2.3"):
        assert is_host(host), host
    for host in ("", "-a.example", "a b", "::", "fe80::1%eth0", "a_b.example", "a" * 64, "ñ.es"):
        assert not is_host(host), host
    for address in ("a@b", "a.b+c@d.example", "o'neil@d.example"):
        assert is_user_address(address), address
    for address in ("ñ@d.example", '"a b"@d.example', "a..b@d.example", "a.@d.example", "a@[1.2]"):
        assert not is_user_address(address), address
    assert not is_user_address("a" * 65 + "@d.example")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('format="1"', 'format="2"'),
        ('uuid="7c2d1f2e-58a4-4c0c-9e0b-0f4b3f6a9d11"', 'uuid="one"'),
        ("<port>993</port>", "<port>imap</port>"),
        ("SSL_TLS_REQUIRED", "TLS"),
        ("PLAIN", "NTLM"),
        ("<email>a@b.example</email>", "<email>a</email>"),
        ("<identity>", "<other>"),
    ],
)
def test_a_wrong_settings_file_is_refused(old: str, new: str) -> None:
    server = (
        "<host>mail.b.example</host><port>993</port>"
        "<connection-security>SSL_TLS_REQUIRED</connection-security>"
        "<authentication-type>PLAIN</authentication-type><username>a@b.example</username>"
    )
    text = (
        '<k9settings version="99" format="1"><accounts>'
        '<account uuid="7c2d1f2e-58a4-4c0c-9e0b-0f4b3f6a9d11"><name>Work</name>'
        f'<incoming-server type="IMAP">{server}</incoming-server>'
        f'<outgoing-server type="SMTP">{server}</outgoing-server>'
        "<identities><identity><name>A</name><email>a@b.example</email></identity></identities>"
        "</account></accounts></k9settings>"
    )
    assert read_settings_file(text.encode())[0].incoming.port == 993
    with pytest.raises(RejectedError):
        read_settings_file(text.replace(old, new).encode())
