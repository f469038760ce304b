"""PACC documents: which settings are read."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mailsetup.formats.pacc import read
from mailsetup.model.settings import Authentication, Protocol, SocketType
from tests.support.network.scripted_network import address


def test_both_names_of_submission_give_one_server() -> None:
    document = json.dumps({"protocols": {k: {"host": "s.bodega.es"} for k in ("smtp", "submit")}})
    settings = read(document.encode(), address())
    assert settings is not None
    assert len(settings.outgoing) == 1


def test_a_provider_that_takes_no_password() -> None:
    document = {
        "protocols": {"imap": {"host": "imap.bodega.es"}},
        "authentication": {
            "oauth-public": {"issuer": "https://auth.bodega.es/"},
            "password": False,
        },
    }
    settings = read(json.dumps(document).encode(), address())
    assert settings is not None
    assert settings.incoming[0].authentication == (Authentication.OAUTH2,)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    ["protocols", "imap", "host", "authentication", "password", "info"]
                ),
                inner,
            )
        ),
    )
)
def test_any_json_is_read_without_a_crash(value: object) -> None:
    settings = read(json.dumps(value).encode(), address())
    if settings is not None:
        for server in settings.servers:
            assert server.protocol in Protocol
            assert server.security is SocketType.TLS
