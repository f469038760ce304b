"""The real Thunderbird reads what we wrote, field by field."""

import os
import shutil
from pathlib import Path

import pytest

from mailsetup.export.exporter import Artifact
from mailsetup.export.thunderbird import OAUTH2_HOSTS, Thunderbird
from mailsetup.export.thunderbird_profile import (
    Applied,
    ApplyRefused,
    apply_new_profile,
    is_running,
)
from mailsetup.export.write import Written, write_artifact
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.export import marionette
from tests.export.accounts import account

pytestmark = [
    pytest.mark.thunderbird,
    pytest.mark.skipif(
        marionette.PROGRAM is None and not os.environ.get("CI"),
        reason="Thunderbird is not installed",
    ),
]

IMAP = account(person='Ana "la de" Núñez \\ Ώ 文', username="ana+x'@bodega.example")
POP3 = account(
    "luis@bodega.example", protocol=Protocol.POP3, security=SocketType.STARTTLS, person="Luis"
)


def expected(wanted: Account) -> dict[str, object]:
    kind = {SocketType.TLS: 3, SocketType.STARTTLS: 2}
    return {
        "type": str(wanted.incoming.protocol),
        "host": wanted.incoming.host,
        "port": wanted.incoming.port,
        "socketType": kind[wanted.incoming.security],
        "authMethod": 3,
        "username": wanted.incoming.username,
        "email": wanted.address.ascii,
        "name": wanted.person,
        "smtpHost": wanted.outgoing.host,
        "smtpPort": wanted.outgoing.port,
        "smtpSocketType": kind[wanted.outgoing.security],
        "smtpAuthMethod": 3,
        "smtpUsername": wanted.outgoing.username,
        "isDefault": True,
    }


def applied(wanted: Account, home: Path) -> Applied:
    root = home / ".thunderbird"
    root.mkdir(exist_ok=True)
    done = apply_new_profile(wanted, root=root)
    assert isinstance(done, Applied)
    return done


def test_the_applied_profile_is_read_back_field_by_field_and_found_running(tmp_path: Path) -> None:
    for wanted in (IMAP, POP3):
        home = tmp_path / wanted.address.local
        home.mkdir()
        done = applied(wanted, home)
        copy = home / "copy"
        shutil.copytree(done.profile, copy)
        with marionette.thunderbird(copy, home, ("--profile", str(copy))) as session:
            assert session.run(marionette.ACCOUNTS) == [expected(wanted)]
            assert is_running(copy)
            assert not is_running(done.profile)
        assert not is_running(copy)


def test_thunderbird_finds_the_profile_by_name_and_keeps_it_for_plain_starts(
    tmp_path: Path,
) -> None:
    done = applied(IMAP, tmp_path)
    assert done.command[1:] == ("-P", done.name)
    with marionette.thunderbird(done.profile, tmp_path, done.command[1:]) as session:
        assert session.run(marionette.PROFILE) == {"current": done.name, "all": [done.name]}
        assert session.run(marionette.ACCOUNTS) == [expected(IMAP)]
        second = apply_new_profile(POP3, root=done.root)
        assert isinstance(second, ApplyRefused)
        assert "Thunderbird" in second.reason
    with marionette.thunderbird(done.profile, tmp_path, ()) as session:
        assert session.run(marionette.PROFILE) == {"current": done.name, "all": [done.name]}


def test_a_profile_beside_one_in_use_leaves_it_the_one_for_plain_starts(tmp_path: Path) -> None:
    first = applied(IMAP, tmp_path)
    with marionette.thunderbird(first.profile, tmp_path, first.command[1:]) as session:
        session.run(marionette.PROFILE)
    second = applied(POP3, tmp_path)
    with marionette.thunderbird(second.profile, tmp_path, second.command[1:]) as session:
        assert session.run(marionette.PROFILE) == {
            "current": second.name,
            "all": [first.name, second.name],
        }
        assert session.run(marionette.ACCOUNTS) == [expected(POP3)]
    with marionette.thunderbird(first.profile, tmp_path, ()) as session:
        assert session.run(marionette.ACCOUNTS) == [expected(IMAP)]


def test_thunderbirds_own_import_adds_the_package_to_what_is_there(tmp_path: Path) -> None:
    artifact = Thunderbird().export(POP3)
    assert isinstance(artifact, Artifact)
    written = write_artifact(artifact, tmp_path / "package")
    assert isinstance(written, Written)
    done = applied(IMAP, tmp_path)
    with marionette.thunderbird(
        done.profile, tmp_path, ("--profile", str(done.profile))
    ) as session:
        assert session.run_async(marionette.IMPORT, str(written.paths[0])) == "imported"
    with marionette.thunderbird(
        done.profile, tmp_path, ("--profile", str(done.profile))
    ) as session:
        assert session.run(marionette.ACCOUNTS) == [
            expected(IMAP),
            {**expected(POP3), "isDefault": False},
        ]


def test_the_hosts_with_oauth2_are_those_that_thunderbird_knows(tmp_path: Path) -> None:
    done = applied(IMAP, tmp_path)
    script = """
    const { OAuth2Providers } = ChromeUtils.importESModule(
      "resource:///modules/OAuth2Providers.sys.mjs");
    return arguments[0].filter(host => !OAuth2Providers.getHostnameDetails(host, "imap")
                                       && !OAuth2Providers.getHostnameDetails(host, "smtp")
                                       && !OAuth2Providers.getHostnameDetails(host, "pop3"));
    """
    with marionette.thunderbird(
        done.profile, tmp_path, ("--profile", str(done.profile))
    ) as session:
        assert session.run(script, [*OAUTH2_HOSTS, "mail.bodega.example"]) == [
            "mail.bodega.example"
        ]
