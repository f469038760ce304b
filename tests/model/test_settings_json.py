"""The settings document of the command line, out and in again."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    AccountSettings,
    Authentication,
    Hint,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.settings_json import SettingsFailure, settings_from_json, settings_to_json

ANA = EmailAddress("ana", "bodega.es")
SETTINGS = AccountSettings(
    incoming=(
        ServerSettings(
            Protocol.IMAP,
            "imap.bodega.es",
            993,
            SocketType.TLS,
            "ana",
            (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT),
        ),
    ),
    outgoing=(
        ServerSettings(Protocol.SMTP, "smtp.bodega.es", 587, SocketType.STARTTLS, "ana@bodega.es"),
    ),
    provider="Bodega",
)


def test_settings_are_read_back() -> None:
    document = json.loads(json.dumps(settings_to_json(SETTINGS)))
    assert settings_from_json(document, ANA) == SETTINGS
    assert settings_from_json({"schema": 1, "settings": document}, ANA) == SETTINGS


def test_hints_are_written() -> None:
    document = settings_to_json(
        AccountSettings((), (), hints=(Hint("enable-imap", "https://x.es"),))
    )
    assert document["hints"] == [{"kind": "enable-imap", "url": "https://x.es"}]


def test_a_missing_user_name_means_the_address() -> None:
    entry = {"protocol": "imap", "host": "a.es", "port": 993, "security": "tls"}
    settings = settings_from_json({"incoming": [entry]}, ANA)
    assert isinstance(settings, AccountSettings)
    assert settings.incoming[0].username == "ana@bodega.es"


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("host", 'im"ap.es', "incoming[0].host"),
        ("host", "imap.es\nX", "incoming[0].host"),
        ("host", 7, "incoming[0].host"),
        ("port", 0, "incoming[0].port"),
        ("port", 70000, "incoming[0].port"),
        ("port", None, "incoming[0].port"),
        ("security", "ssl", "incoming[0].security"),
        ("protocol", "smtp", "incoming[0].protocol"),
        ("protocol", [], "incoming[0].protocol"),
        ("username", "a\r\nb", "incoming[0].username"),
        ("username", "", "incoming[0].username"),
        ("username", "u" * 400, "incoming[0].username"),
        ("authentication", [], "incoming[0].authentication"),
        ("authentication", ["telepathy"], "incoming[0].authentication"),
        ("authentication", "none", "incoming[0].authentication"),
    ],
)
def test_an_invalid_value_is_reported_with_its_path(path: str, value: object, where: str) -> None:
    document = copy.deepcopy(json.loads(json.dumps(settings_to_json(SETTINGS))))
    document["incoming"][0][path] = value
    problem = settings_from_json(document, ANA)
    assert isinstance(problem, SettingsFailure)
    assert problem.where == where


@pytest.mark.parametrize(
    "document",
    [None, 1, "x", [], {}, {"incoming": {}}, {"incoming": [1]}, {"incoming": [{}] * 33}],
)
def test_other_documents_are_a_failure_without_exception(document: object) -> None:
    assert isinstance(settings_from_json(document, ANA), SettingsFailure)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["settings", "incoming", "outgoing", "protocol", "host", "port", "username"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_no_document_raises(document: object) -> None:
    assert isinstance(settings_from_json(document, ANA), AccountSettings | SettingsFailure)
