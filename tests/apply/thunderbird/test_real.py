"""The real Thunderbird reads our files, field by field."""

import os
import shutil
from pathlib import Path

import pytest

from mailsetup.apply.artifact_writer import Written, write_artifact
from mailsetup.apply.result import ApplyFailure, ProfileApplied
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.apply.thunderbird.profile_lock import is_running
from mailsetup.export.exporter import Artifact
from mailsetup.export.programs.thunderbird import OAUTH2_HOSTS, Thunderbird
from mailsetup.formats.prefs_js import PrefsFile
from mailsetup.model.settings import Account, Protocol, SocketType
from tests.support.programs import marionette
from tests.support.programs.thunderbird_profiles import thunderbird_at
from tests.support.samples.accounts import account

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

PREFS = (
    rb"""user_pref("a", "\" \' \\ \x41 \u00f1 \ud83d\ude00 \n\r");user_pref('b', 'it"s');""",
    b'user_pref ( "a" ,\n "b" ) ;\npref("b", true);sticky_pref("c", - 5);user_pref("d", +007);',
    b'// user_pref("a", 1);\n# user_pref("b", 2);\n/* user_pref("c", 3); */user_pref("d", 4);',
    b'user_pref/**/("x",/* */5//\n)\n;#\n;;user_pref("a", 1);\x0cuser_pref("b", 1);',
    b'user_pref("a", 1.5);\nuser_pref("b", 2147483648);\nuser_pref("c", -2147483648);\n',
    b'user_pref("a", "\\t;");\nuser_pref("b", "\\u0000");user_pref("c", "\\ud83dx");pref("d", 1);',
    b'user_pref("a", nil);user_pref("b", "x", 3);user_pref(c, 1);user_prefs("d", 1);pref("e", 1);',
    b'user_pref("a", "raw\nline");\r\nuser_pref("a", "later");\nuser_pref("a", false);',
    b'user_pref("a", 1);\nuser_pref("b", "never closed\nuser_pref("c", 1);\nuser_pref("d", 1);',
    b'user_pref("a", 1);\n/* never closed\nuser_pref("b", 2);',
    b'user_pref("a", 1)\nuser_pref("b", 1);\nuser_pref("c", "\\xg1");user_pref("d", 1);',
    b'nonsense "x;y" // ;\n / /* ; */ user_pref("a", 1);\nuser_pref("b", 1);',
    b'\xff\nuser_pref("a", 1);user_pref("b", "\xff");user_pref("", 1);',
    b'user_pref("a", 1);\0user_pref("b", 1);',
    b'user_pref("a", 1);user_pref("b", "x\0y");user_pref("c", 1);',
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


def applied(wanted: Account, home: Path) -> ProfileApplied:
    root = home / ".thunderbird"
    root.mkdir(exist_ok=True)
    done = apply_new_profile(wanted, thunderbird_at(root))
    assert isinstance(done, ProfileApplied)
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


def test_thunderbird_finds_the_profile_by_name_and_opens_it_by_itself(
    tmp_path: Path,
) -> None:
    done = applied(IMAP, tmp_path)
    assert done.command[1:] == ("-P", done.name)
    with marionette.thunderbird(done.profile, tmp_path, done.command[1:]) as session:
        assert session.run(marionette.PROFILE) == {"current": done.name, "all": [done.name]}
        assert session.run(marionette.ACCOUNTS) == [expected(IMAP)]
        second = apply_new_profile(POP3, thunderbird_at(done.profile.parent))
        assert isinstance(second, ApplyFailure)
        assert "Thunderbird" in second.reason
    with marionette.thunderbird(done.profile, tmp_path, ()) as session:
        assert session.run(marionette.PROFILE) == {"current": done.name, "all": [done.name]}


def test_a_further_profile_does_not_become_the_default(tmp_path: Path) -> None:
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


def test_thunderbirds_own_import_adds_the_account_of_the_package(tmp_path: Path) -> None:
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


def test_the_hosts_with_oauth2_are_those_of_thunderbird(tmp_path: Path) -> None:
    marionette.need_version(153, "it knew fewer hosts")
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


def test_preferences_are_read_as_thunderbird_reads_them(tmp_path: Path) -> None:
    done = applied(IMAP, tmp_path)
    with marionette.thunderbird(
        done.profile, tmp_path, ("--profile", str(done.profile))
    ) as session:
        for text in PREFS:
            ours = PrefsFile(text)
            read = {name: ours.get(name) for name in ours}
            assert session.run(marionette.PARSE, list(text)) == read, text
