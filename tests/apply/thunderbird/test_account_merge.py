"""Adding an account to a profile with accounts: keys, recognition, and corrections."""

from dataclasses import replace

import pytest

from mailsetup.apply.thunderbird.account_merge import plan
from mailsetup.apply.thunderbird.account_repair import MergePlan
from mailsetup.apply.thunderbird.accounts import accounts_in
from mailsetup.export.exporter import ExportFailure
from mailsetup.formats.prefs_js import PrefsFile, PrefValue
from mailsetup.model.folders import Folders
from mailsetup.model.settings import Account, Authentication, Protocol, SocketType
from tests.support.programs.thunderbird_profiles import ANA, LUIS, used_prefs
from tests.support.samples.accounts import OAUTH2, account


def planned(
    content: PrefsFile,
    wanted: Account = ANA,
    *,
    folders: Folders | None = None,
    user_js: PrefsFile | None = None,
) -> MergePlan:
    made = plan(content, wanted, folders=folders, user_js=user_js)
    assert isinstance(made, MergePlan), made
    return made


def merged(content: PrefsFile, made: MergePlan) -> PrefsFile:
    after = content.changed(made.values)
    assert after is not None
    return PrefsFile(after)


def untouched(before: PrefsFile, after: PrefsFile, *keys: str) -> None:
    """Every preference of the existing account is unchanged."""
    for name in before:
        if name.startswith(keys):
            assert after.get(name) == before.get(name), name


OTHERS = ("mail.account.", "mail.server.", "mail.identity.", "mail.smtpserver.", "mail.smtp.")


def test_an_account_is_added_with_unused_keys() -> None:
    before = used_prefs()
    made = planned(before)
    after = merged(before, made)
    assert made.added
    assert not made.corrected
    assert after.get("mail.accountmanager.accounts") == "account1,account2,account3"
    assert after.get("mail.smtpservers") == "smtp1,smtp2"
    assert after.get("mail.account.account3.server") == "server3"
    assert after.get("mail.account.account3.identities") == "id2"
    assert after.get("mail.identity.id2.smtpServer") == "smtp2"
    assert after.get("mail.accountmanager.defaultaccount") == "account1"
    assert after.get("mail.smtp.defaultserver") == "smtp1"
    untouched(before, after, *(prefix for prefix in OTHERS if prefix != "mail.account."))
    luis, ana = accounts_in(after.content, "x")
    assert (luis.address, ana.address) == ("luis@otra.example", "ana@bodega.example")
    assert str(ana.incoming) == str(ANA.incoming)
    assert str(ana.outgoing) == str(ANA.outgoing)


def test_thunderbirds_next_account_gets_another_key() -> None:
    # Thunderbird takes the number after ``lastKey`` without checking that it is free.
    assert planned(used_prefs()).values["mail.account.lastKey"] == 3
    assert "mail.account.lastKey" not in planned(used_prefs(account__lastKey=7)).values
    assert "mail.account.lastKey" not in planned(used_prefs(account__lastKey=None)).values


def test_keys_that_occur_anywhere_are_not_used() -> None:
    before = PrefsFile(
        used_prefs().content
        + b'user_pref("calendar.registry.x.imip.identity.key", "id2");\n'
        + b'user_pref("mail.server.server3.something", true);\n'
        + b'user_pref("mail.ui-rdf.account3", true);\n'
    )
    after = merged(before, planned(before))
    assert after.get("mail.account.account4.server") == "server4"
    assert after.get("mail.account.account4.identities") == "id3"


def test_an_empty_profile_gets_a_default_account_and_server() -> None:
    after = merged(PrefsFile(b""), planned(PrefsFile(b"")))
    assert after.get("mail.accountmanager.accounts") == "account1"
    assert after.get("mail.accountmanager.defaultaccount") == "account1"
    assert after.get("mail.smtp.defaultserver") == "smtp1"


def test_local_folders_are_no_default_account() -> None:
    before = used_prefs(
        accountmanager__accounts="account2", accountmanager__defaultaccount="account2"
    )
    assert planned(before).values["mail.accountmanager.defaultaccount"] == "account3"


def test_the_same_account_again_changes_nothing() -> None:
    before = used_prefs(ANA)
    assert planned(before).values == {}
    assert not planned(before).added
    pop3 = account(protocol=Protocol.POP3)
    assert planned(before, pop3).added, "another type is another account"


def test_unwritten_defaults_count_as_correct() -> None:
    before = used_prefs(
        ANA,
        server__server1__port=None,
        server__server1__authMethod=None,
        smtpserver__smtp1__port=None,
        smtpserver__smtp1__authMethod=None,
    )
    assert planned(before).values == {}


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("server__server1__hostname", "imap.typo.example"),
        ("server__server1__port", 143),
        ("server__server1__socketType", 0),
        ("server__server1__authMethod", 4),
        ("server__server1__userName", "ana"),
        ("smtpserver__smtp1__hostname", "smtp.typo.example"),
        ("smtpserver__smtp1__port", 25),
        ("smtpserver__smtp1__try_ssl", 0),
        ("smtpserver__smtp1__authMethod", 1),
        ("smtpserver__smtp1__username", "ana"),
    ],
)
def test_only_the_wrong_value_is_corrected(name: str, wrong: PrefValue) -> None:
    before = used_prefs(ANA, **{name: wrong})
    made = planned(before)
    assert not made.added
    assert len(made.corrected) == 1
    assert made.corrected[0].endswith(".")
    after = merged(before, made)
    right = used_prefs(ANA)
    assert {key: after.get(key) for key in after} == {key: right.get(key) for key in right}
    assert planned(after).values == {}


@pytest.mark.parametrize("named", [None, "smtp7"])
def test_a_missing_outgoing_server_is_added(named: str | None) -> None:
    before = used_prefs(
        ANA,
        identity__id1__smtpServer=named,
        smtpservers=None,
        smtp__defaultserver=None,
    )
    made = planned(before)
    after = merged(before, made)
    key = after.text("mail.smtpservers")
    assert after.get("mail.identity.id1.smtpServer") == key
    assert after.get("mail.smtp.defaultserver") == key
    assert after.get(f"mail.smtpserver.{key}.hostname") == ANA.outgoing.host
    assert "smtp.bodega.example" in made.corrected[0]


def test_an_outgoing_server_that_others_use_is_not_changed() -> None:
    both = merged(used_prefs(), planned(used_prefs()))
    shared = both.changed({"mail.identity.id2.smtpServer": "smtp1", "mail.smtpservers": "smtp1"})
    assert shared is not None
    before = PrefsFile(shared)
    after = merged(before, planned(before))
    untouched(before, after, "mail.smtpserver.smtp1.", "mail.identity.id1.", "mail.smtp.")
    key = after.text("mail.identity.id2.smtpServer")
    assert key != "smtp1"
    assert after.get(f"mail.smtpserver.{key}.hostname") == ANA.outgoing.host


def test_an_existing_correct_outgoing_server_is_used() -> None:
    second = account("info@otra.example", username="luis@otra.example")
    second = replace(second, incoming=ANA.incoming, outgoing=LUIS.outgoing)
    before = used_prefs()
    made = planned(before, second)
    after = merged(before, made)
    assert after.get("mail.smtpservers") == "smtp1"
    assert after.get("mail.identity.id2.smtpServer") == "smtp1"
    assert not [name for name in after if name.startswith("mail.smtpserver.smtp2")]


def test_another_mailbox_with_the_same_sender_is_not_repaired() -> None:
    forwarded = account(
        "ana@bodega.example",
        username="ana.privat@big.example",
        incoming_host="imap.big.example",
        outgoing_host="smtp.big.example",
    )
    before = used_prefs(forwarded)
    made = planned(before)
    assert made.added
    untouched(before, merged(before, made), "mail.server.server1.", "mail.identity.id1.")


def test_folder_uris_follow_a_changed_host_or_user() -> None:
    old = "imap://ana@imap.old.example"
    before = used_prefs(
        ANA,
        server__server1__hostname="imap.old.example",
        server__server1__userName="ana",
        identity__id1__fcc_folder=f"{old}/Sent",
        server__server1__spamActionTargetAccount=old,
        identity__id1__draft_folder="mailbox://nobody@Local%20Folders/Drafts",
    )
    after = merged(before, planned(before))
    new = "imap://ana%40bodega.example@mail.bodega.example"
    assert after.get("mail.identity.id1.fcc_folder") == f"{new}/Sent"
    assert after.get("mail.server.server1.spamActionTargetAccount") == new
    assert str(after.get("mail.identity.id1.draft_folder")).startswith("mailbox://nobody@")


def test_special_use_folders_are_set() -> None:
    folders = Folders(sent="INBOX/Enviados ñ", drafts="Drafts", trash="Papelera", junk="Spam")
    made = planned(used_prefs(), folders=folders)
    root = "imap://ana%40bodega.example@mail.bodega.example"
    assert made.values["mail.identity.id2.fcc_folder"] == f"{root}/INBOX/Enviados &APE-"
    assert made.values["mail.identity.id2.fcc_folder_picker_mode"] == "1"
    assert made.values["mail.identity.id2.draft_folder"] == f"{root}/Drafts"
    assert made.values["mail.server.server3.trash_folder_name"] == "Papelera"
    assert made.values["mail.server.server3.spamActionTargetFolder"] == f"{root}/Spam"
    pop3 = planned(used_prefs(), account(protocol=Protocol.POP3), folders=folders)
    assert not [name for name in pop3.values if "folder" in name]
    hostile = planned(used_prefs(), folders=replace(folders, sent='x\n");user_pref("a", 1);'))
    assert not [name for name in hostile.values if "folder" in name]


def test_a_repair_preserves_folders_that_the_user_chose() -> None:
    root = "imap://ana%40bodega.example@mail.bodega.example"
    chosen: dict[str, PrefValue | None] = {
        "identity__id1__fcc_folder": f"{root}/Archivo",
        "identity__id1__fcc_folder_picker_mode": "1",
        "server__server1__trash_folder_name": "Basura",
        "server__server1__moveTargetMode": 1,
        "server__server1__spamActionTargetFolder": f"{root}/Dudoso",
        "identity__id1__draft_folder": f"{root}/Drafts",
        "identity__id1__drafts_folder_picker_mode": "0",
    }
    folders = Folders(sent="Enviados", drafts="Borradores", trash="Papelera", junk="Spam")
    made = planned(used_prefs(ANA, **chosen), folders=folders)
    assert made.values == {
        "mail.identity.id1.draft_folder": f"{root}/Borradores",
        "mail.identity.id1.drafts_folder_picker_mode": "1",
    }


def test_pop3_leaves_messages_on_the_server_and_oauth2_has_its_number() -> None:
    pop3 = planned(used_prefs(), account(protocol=Protocol.POP3)).values
    assert pop3["mail.server.server3.leave_on_server"] is True
    assert planned(used_prefs(), OAUTH2).values["mail.server.server3.authMethod"] == 10
    password = used_prefs(OAUTH2, server__server1__authMethod=3, smtpserver__smtp1__authMethod=3)
    assert planned(password, OAUTH2).values == {}, "the password works there, too"
    only = replace(
        OAUTH2, incoming=replace(OAUTH2.incoming, authentication=(Authentication.OAUTH2,))
    )
    assert planned(password, only).values == {"mail.server.server1.authMethod": 10}


def test_an_account_without_a_sender_gets_one() -> None:
    before = used_prefs(ANA, account__account1__identities=None)
    made = planned(before)
    after = merged(before, made)
    key = after.text("mail.account.account1.identities")
    assert after.get(f"mail.identity.{key}.useremail") == "ana@bodega.example"
    assert after.get(f"mail.identity.{key}.smtpServer") == "smtp1"


def test_a_conflicting_user_js_is_refused() -> None:
    fixed = PrefsFile(b'user_pref("mail.accountmanager.accounts", "account1");')
    refused = plan(used_prefs(), ANA, user_js=fixed)
    assert isinstance(refused, ExportFailure)
    assert "mail.accountmanager.accounts" in refused.reason
    harmless = PrefsFile(b'user_pref("mail.server.server1.check_new_mail", false);')
    assert planned(used_prefs(), user_js=harmless).added


def test_starttls_and_tls_are_distinguished() -> None:
    starttls = account(security=SocketType.STARTTLS)
    made = planned(used_prefs(ANA), starttls)
    assert made.values["mail.server.server1.socketType"] == 2
    assert made.values["mail.server.server1.port"] == 143
    assert made.values["mail.smtpserver.smtp1.try_ssl"] == 2
    assert len(made.corrected) == 2
