"""Providers, metadata, clients and the servers that may receive a token, without a network."""

import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest

from mailsetup.assistant.signin.flow import SignInMethod, known_clients
from mailsetup.assistant.signin.stored import StoredSignIn, restored, stored_from_text, to_text
from mailsetup.model.address import EmailAddress
from mailsetup.model.secret import Secret
from mailsetup.model.settings import (
    Account,
    AccountSettings,
    Authentication,
    OAuth2Endpoints,
    Protocol,
    ServerSettings,
    SocketType,
)
from mailsetup.model.sign_in import ClientsFailure, SignInFailure, SignInFault
from mailsetup.net.http import HttpReply
from mailsetup.oauth.clients import (
    built_in_clients,
    client_for,
    settings_path,
    technician_clients,
)
from mailsetup.oauth.metadata import is_issuer, metadata_urls, parse_metadata
from mailsetup.oauth.provider import BUILTIN, OAuthProvider, builtin_for, provider_in_settings
from mailsetup.oauth.tokens import failure_from_error, missing_scopes, post, query_parameters
from tests.support.network.scripted_network import ScriptedNetwork

ISSUER = "https://id.bodega.es"
GOOD = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "response_types_supported": ["code"],
    "code_challenge_methods_supported": ["S256"],
}
ADDRESS = EmailAddress("ana", "bodega.es")


def builtin(id: str) -> OAuthProvider:
    return next(one for one in BUILTIN if one.id == id)


def account(incoming: str, outgoing: str = "") -> Account:
    def server(protocol: Protocol, host: str) -> ServerSettings:
        ways = (Authentication.OAUTH2,)
        return ServerSettings(protocol, host, 993, SocketType.TLS, "ana@bodega.es", ways)

    return Account(
        ADDRESS, server(Protocol.IMAP, incoming), server(Protocol.SMTP, outgoing or incoming)
    )


# Known providers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (("imap.gmail.com", "smtp.gmail.com"), "google"),
        (("outlook.office365.com", "smtp.office365.com"), "microsoft"),
        (("outlook.office365.com", "smtp-mail.outlook.com"), "microsoft"),
        (("imap.mail.yahoo.com", "smtp.mail.yahoo.com"), "yahoo"),
        (("imap.aol.com", "smtp.aol.com"), "aol"),
        (("imap.fastmail.com", "smtp.fastmail.com"), "fastmail"),
        (("imap.yandex.com", "smtp.yandex.com"), "yandex"),
        (("imap.mail.ru", "smtp.mail.ru"), "mailru"),
        (("imap.comcast.net", "smtp.comcast.net"), "comcast"),
    ],
)
def test_builtin_provider_is_found_by_its_mail_servers(
    hosts: tuple[str, ...], expected: str
) -> None:
    found = builtin_for(hosts, None)
    assert found is not None
    assert found.id == expected
    for protocol in Protocol:
        assert found.mail_scopes([protocol])


@pytest.mark.parametrize(
    "hosts", [("imap.gmail.com.evil.es",), ("imap.gmail.com", "mail.evil.es"), ("evilgmail.com",)]
)
def test_similar_host_name_does_not_belong_to_a_provider(hosts: tuple[str, ...]) -> None:
    assert builtin_for(hosts, None) is None


def test_only_scopes_of_the_protocols_in_use_are_requested() -> None:
    microsoft = builtin("microsoft")
    wanted = microsoft.scopes([Protocol.IMAP, Protocol.SMTP])
    assert "https://outlook.office.com/IMAP.AccessAsUser.All" in wanted
    assert "https://outlook.office.com/SMTP.Send" in wanted
    assert "offline_access" in wanted
    assert not any("POP" in scope or "graph" in scope for scope in wanted)


@pytest.mark.parametrize(
    "endpoints",
    [
        OAuth2Endpoints(
            auth_url="https://accounts.google.com/o/oauth2/auth", token_url="https://evil.es/token"
        ),
        OAuth2Endpoints(issuer="https://accounts.google.com", token_url="https://evil.es/token"),
    ],
)
def test_builtin_sign_in_page_is_not_used_with_another_token_endpoint(
    endpoints: OAuth2Endpoints,
) -> None:
    found = builtin_for(("mail.evil.es",), endpoints)
    assert found is not None
    assert found.token == "https://oauth2.googleapis.com/token"
    # The other mail server receives the token only if the person agrees.
    assert not found.owns("mail.evil.es")


def test_endpoints_of_different_owners_are_not_used() -> None:
    def settings(token: str) -> AccountSettings:
        endpoints = OAuth2Endpoints("", "https://login.bodega.es/a", token, ("mail",), "id-1")
        return AccountSettings((), (), oauth2=endpoints)

    found = provider_in_settings(settings("https://api.bodega.es/t"))
    assert found is not None
    assert found.owns("mail.bodega.es")
    assert not found.owns("mail.hoster.com")
    assert provider_in_settings(settings("https://evil.es/t")) is None


def test_servers_of_a_claimed_issuer_do_not_receive_the_token() -> None:
    endpoints = OAuth2Endpoints(
        "https://evil.es", "https://login.bodega.es/a", "https://login.bodega.es/t", ("mail",), "id"
    )
    found = provider_in_settings(AccountSettings((), (), oauth2=endpoints))
    assert found is not None
    assert not found.owns("mail.evil.es")
    assert found.owns("mail.bodega.es")


def test_issuers_of_microsoft_tenants_are_accepted() -> None:
    microsoft = builtin("microsoft")
    assert microsoft.accepts_issuer("https://login.microsoftonline.com/1234/v2.0")
    assert not microsoft.accepts_issuer("https://login.microsoftonline.com.evil.es/1234/v2.0")
    assert not builtin("google").accepts_issuer("https://accounts.google.com/")


# Metadata ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "http://id.bodega.es",
        "https://id.bodega.es/?a=1",
        "https://id.bodega.es/#x",
        "https://ana@id.bodega.es",
        "https://id.bodega.es/a/../b",
        "https://127.0.0.1",
        "https://localhost",
        "",
    ],
)
def test_invalid_issuer_is_recognised(text: str) -> None:
    assert not is_issuer(text)


@pytest.mark.parametrize(
    ("issuer", "first", "second"),
    [
        (
            "https://a.es",
            "https://a.es/.well-known/oauth-authorization-server",
            "https://a.es/.well-known/openid-configuration",
        ),
        (
            "https://a.es/realms/x/",
            "https://a.es/.well-known/oauth-authorization-server/realms/x",
            "https://a.es/realms/x/.well-known/openid-configuration",
        ),
    ],
)
def test_metadata_urls_follow_the_rfcs(issuer: str, first: str, second: str) -> None:
    assert metadata_urls(issuer) == (first, second)


def test_valid_metadata_describe_a_provider_of_their_domain() -> None:
    found = parse_metadata(json.dumps(GOOD).encode(), ISSUER)
    assert isinstance(found, OAuthProvider)
    assert found.mail == ("urn:ietf:params:oauth:scope:mail",)
    assert found.owns("mail.bodega.es")
    assert not found.owns("mail.hoster.com")
    assert not found.sends_issuer


def test_protected_resources_may_receive_the_tokens() -> None:
    more = {**GOOD, "protected_resources": ["https://mail.hoster.com/", "imap.otra.com", 7]}
    found = parse_metadata(json.dumps(more).encode(), ISSUER)
    assert isinstance(found, OAuthProvider)
    assert found.owns("mail.hoster.com")
    assert found.owns("imap.otra.com")
    assert not found.owns("smtp.otra.com")


@pytest.mark.parametrize(
    ("change", "fault", "detail"),
    [
        ({"issuer": ISSUER + "/"}, SignInFault.METADATA_OTHER_ISSUER, ISSUER + "/"),
        ({"issuer": None}, SignInFault.METADATA_OTHER_ISSUER, "—"),
        (
            {"code_challenge_methods_supported": ["plain"]},
            SignInFault.METADATA_UNUSABLE,
            "code_challenge_methods_supported",
        ),
        (
            {"response_types_supported": ["token"]},
            SignInFault.METADATA_UNUSABLE,
            "response_types_supported",
        ),
        (
            {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
            SignInFault.METADATA_UNUSABLE,
            "token_endpoint_auth_methods_supported",
        ),
        ({"token_endpoint": "http://id.bodega.es/t"}, SignInFault.METADATA_UNUSABLE, ""),
        ({"token_endpoint": "https://evil.com/t"}, SignInFault.METADATA_UNUSABLE, ""),
        (
            {
                "authorization_endpoint": "https://id.otra.com/a",
                "token_endpoint": "https://id.otra.com/t",
            },
            SignInFault.METADATA_UNUSABLE,
            "token_endpoint",
        ),
        (
            {"authorization_endpoint": "https://accounts.google.com/o/oauth2/v2/auth"},
            SignInFault.METADATA_UNUSABLE,
            "",
        ),
        (
            {
                "authorization_endpoint": "https://oauth2.googleapis.com/a",
                "token_endpoint": "https://oauth2.googleapis.com/t",
            },
            SignInFault.METADATA_UNUSABLE,
            "",
        ),
    ],
)
def test_metadata_of_another_issuer_or_unsafe_ones_are_rejected(
    change: dict[str, object], fault: SignInFault, detail: str
) -> None:
    found = parse_metadata(json.dumps({**GOOD, **change}).encode(), ISSUER)
    assert isinstance(found, SignInFailure)
    assert found.fault is fault
    assert detail in found.detail


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff", b"[" * 100_000])
def test_invalid_metadata_are_rejected(body: bytes) -> None:
    found = parse_metadata(body, ISSUER)
    assert isinstance(found, SignInFailure)


# Responses --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "description", "expected"),
    [
        ("access_denied", "", SignInFault.DENIED),
        ("access_denied", "AADSTS65004: User declined", SignInFault.DENIED),
        ("invalid_grant", "AADSTS65001: not consented", SignInFault.ADMIN_CONSENT),
        ("access_denied", "AADSTS90094: admin", SignInFault.ADMIN_CONSENT),
        ("unauthorized_client", "AADSTS700016: not found", SignInFault.CLIENT_REFUSED),
        ("invalid_client", "", SignInFault.CLIENT_REFUSED),
        ("invalid_scope", "", SignInFault.SCOPE_MISSING),
        ("server_error", "busy", SignInFault.REFUSED),
        ("\x1b[31mweird", "", SignInFault.REFUSED),
    ],
)
def test_error_responses_have_specific_faults(
    error: str, description: str, expected: SignInFault
) -> None:
    found = failure_from_error(error, description)
    assert found.fault is expected
    assert found.detail.isprintable()


@pytest.mark.parametrize(
    ("wanted", "granted", "missing"),
    [
        (("mail",), (), ()),
        (("mail",), ("mail", "openid"), ()),
        (("mail",), ("openid",), ("mail",)),
        (
            ("https://outlook.office.com/SMTP.Send",),
            ("https://outlook.office365.com/SMTP.Send",),
            (),
        ),
        (("https://mail.google.com/",), ("openid", "email"), ("https://mail.google.com/",)),
    ],
)
def test_scopes_that_were_not_granted_are_missing(
    wanted: tuple[str, ...], granted: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    assert missing_scopes(wanted, granted) == missing


def test_redirect_with_a_repeated_parameter_is_rejected() -> None:
    assert query_parameters("/?code=1&state=2") == {"code": "1", "state": "2"}
    assert query_parameters("/?code=1&code=3&state=2") is None
    assert query_parameters("/?" + "a=1&" * 60) is None


# Clients ----------------------------------------------------------------------------------------


def test_source_contains_no_client_ids() -> None:
    assert built_in_clients() == ()


def test_technicians_file_has_clients_by_provider_or_issuer(home: Path) -> None:
    path = settings_path()
    assert path.is_relative_to(home)
    assert technician_clients(path) == ()
    path.parent.mkdir(parents=True)
    path.write_text(
        '[[client]]\nprovider = "google"\nclient_id = "g-1"\nclient_secret = "nicht geheim"\n'
        '[[client]]\nissuer = "https://id.bodega.es"\nclient_id = "b-1"\n'
        'redirect = "http://localhost:8400/vuelta"\n',
        encoding="utf-8",
    )
    known = known_clients()
    assert not isinstance(known, ClientsFailure)
    google = client_for(builtin("google"), known)
    assert google is not None
    assert (google.id, google.secret) == ("g-1", Secret("nicht geheim"))
    assert "nicht" not in repr(google)
    found = client_for(OAuthProvider("id.bodega.es", "x", ISSUER), known)
    assert found is not None
    assert found.redirect == "http://localhost:8400/vuelta"
    assert client_for(builtin("microsoft"), known) is None


@pytest.mark.parametrize(
    "text",
    [
        "[[client",
        "client = 3",
        '[[client]]\nclient_id = "x"',
        '[[client]]\nprovider = "google"',
        '[[client]]\nprovider = "google"\nclient_id = 3',
        '[[client]]\nprovider = "google"\nclient_id = "x"\nredirect = "http://evil.es:80/"',
        '[[client]]\nprovider = "google"\nclient_id = "x"\nredirect = "https://localhost:1/"',
        '[[client]]\nprovider = "google"\nclient_id = "x"\nredirect = "http://localhost/"',
    ],
)
def test_file_with_an_error_is_reported_and_not_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "oauth.toml"
    path.write_text(text)
    found = technician_clients(path)
    assert isinstance(found, ClientsFailure)
    assert found.where
    path.write_bytes(b"\xff")
    assert isinstance(technician_clients(path), ClientsFailure)


# The keyring ------------------------------------------------------------------------------------


def test_stored_sign_in_is_restored_for_its_provider_only() -> None:
    stored = StoredSignIn(ISSUER, "b-1", Secret("erneuern"), "ana@bodega.es")
    assert stored_from_text(to_text(stored)) == stored
    assert "erneuern" not in repr(stored)
    provider = OAuthProvider("id.bodega.es", "x", ISSUER, token=f"{ISSUER}/token")
    method = SignInMethod(account("mail.bodega.es"), provider, None)
    found = restored(stored, method)
    assert found is not None
    assert found.client.id == "b-1"
    other = replace(method, provider=replace(provider, issuer="https://evil.es"))
    assert restored(stored, other) is None


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", '{"issuer":1}', '{"refresh_token":""}'])
def test_invalid_keyring_entry_is_no_sign_in(text: str) -> None:
    assert stored_from_text(Secret(text)) is None


async def test_error_response_does_not_show_the_secrets_of_the_request() -> None:
    scripted = ScriptedNetwork()
    url = "https://id.bodega.example/token"
    sent = {
        "client_id": "public-id",
        "client_secret": "geheim-und-lang",
        "refresh_token": "1//0g-erneuern-und-lang",
    }
    echoed = " ".join(f"{key}={value}" for key, value in sent.items())
    response = {"error": "invalid_grant", "error_description": "x" * 100 + f" no: {echoed}"}
    scripted.posts[url] = HttpReply(400, url, json.dumps(response).encode())
    failure = await post(url, urlencode(sent), scripted.network())
    assert isinstance(failure, SignInFailure)
    assert failure.fault is SignInFault.CODE_REFUSED
    assert failure.detail.startswith("invalid_grant: xxx")
    assert "public-id" in failure.detail
    assert "geheim" not in failure.detail
    assert "erneuern" not in failure.detail
