"""Folders that mail programs do not show."""

import pytest

from mailsetup.diagnosis.catalogue import explain
from mailsetup.diagnosis.checks.folders import (
    SpecialUse,
    folder_findings,
    special_folders,
    unassigned_special_uses,
)
from mailsetup.model.dialogue import LoggedIn
from mailsetup.model.finding import Status
from mailsetup.model.network_options import NetworkOptions
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Protocol, ServerSettings, SocketType
from mailsetup.net.network import open_network
from mailsetup.verify.imap.folder import Folder, from_modified_utf7
from mailsetup.verify.imap.session import ImapSession
from mailsetup.verify.login import log_in, open_as
from tests.support.servers.real_servers import RealServers


def folder(wire: str, *flags: str) -> Folder:
    return Folder(wire, from_modified_utf7(wire), frozenset(flags))


INBOX = folder("INBOX")
MARKED = (
    INBOX,
    folder("Gesendet", r"\sent"),
    folder("Entw&APw-rfe", r"\drafts"),
    folder("Spam-Verdacht", r"\junk"),
    folder("M&APw-ll", r"\trash"),
    folder("Kunden"),
)
SUBSCRIBED = frozenset(each.wire for each in MARKED[:5])


def test_no_finding_when_all_special_folders_are_subscribed() -> None:
    assert folder_findings(MARKED, SUBSCRIBED) == ()
    assert unassigned_special_uses(MARKED) == ()


@pytest.mark.parametrize("hidden", MARKED[1:5], ids=lambda each: each.wire)
def test_each_unsubscribed_special_folder_is_named(hidden: Folder) -> None:
    (finding,) = folder_findings(MARKED, SUBSCRIBED - {hidden.wire})
    assert finding.id == "account.folders.unsubscribed"
    assert finding.status is Status.WARN
    assert finding.facts == {"folders": (hidden.name,)}
    assert hidden.name in explain(finding).title


def test_no_finding_when_subscriptions_are_unknown() -> None:
    assert folder_findings(MARKED, None) == ()


def test_inbox_counts_as_subscribed() -> None:
    assert folder_findings((folder("Inbox"),), frozenset(), receiving=("INBOX",)) == ()


def test_unsubscribed_ordinary_folder_is_not_reported() -> None:
    assert "Kunden" not in SUBSCRIBED
    assert folder_findings(MARKED, SUBSCRIBED) == ()


@pytest.mark.parametrize("name", ["Kunden", "kunden", "INBOX.Kunden", "INBOX/Kunden"])
def test_unsubscribed_folder_that_receives_mail_is_named(name: str) -> None:
    (finding,) = folder_findings(MARKED, SUBSCRIBED, receiving=(name, "INBOX"))
    assert finding.facts == {"folders": ("Kunden",)}
    assert folder_findings(MARKED, SUBSCRIBED | {"Kunden"}, receiving=(name,)) == ()


def test_folder_with_two_roles_is_named_once() -> None:
    (finding,) = folder_findings(MARKED, {"INBOX"}, receiving=("Gesendet", "Kunden"))
    assert finding.facts["folders"] == ("Gesendet", "Entwürfe", "Spam-Verdacht", "Müll", "Kunden")


def test_second_folder_for_the_same_use_may_be_unsubscribed() -> None:
    folders = (INBOX, folder("INBOX.Sent"), folder("INBOX.Sent Items"))
    assert folder_findings(folders, {"INBOX.Sent Items"}) == ()
    (finding,) = folder_findings(folders, {"INBOX"})
    assert finding.facts["folders"] == ("INBOX.Sent",)


def test_special_use_attribute_takes_precedence_over_the_name() -> None:
    folders = (INBOX, folder("Sent"), folder("Elementos enviados", r"\sent"))
    assert special_folders(folders, SpecialUse.SENT) == folders[2:]
    (finding,) = folder_findings(folders, {"Sent"})
    assert finding.facts["folders"] == ("Elementos enviados",)


@pytest.mark.parametrize(
    ("name", "use"),
    [
        ("Sent", SpecialUse.SENT),
        ("Sent Items", SpecialUse.SENT),
        ("INBOX.Sent-Mail", SpecialUse.SENT),
        ("Enviados", SpecialUse.SENT),
        ("Elementos enviados", SpecialUse.SENT),
        ("Drafts", SpecialUse.DRAFTS),
        ("INBOX/Borradores", SpecialUse.DRAFTS),
        ("Papelera", SpecialUse.TRASH),
        ("Deleted Items", SpecialUse.TRASH),
        ("Elementos eliminados", SpecialUse.TRASH),
        ("INBOX.spam", SpecialUse.JUNK),
        ("Correo no deseado", SpecialUse.JUNK),
    ],
)
def test_usual_names_imply_the_use_without_an_attribute(name: str, use: SpecialUse) -> None:
    folders = (INBOX, folder(name))
    assert special_folders(folders, use) == folders[1:]
    assert unassigned_special_uses(folders) == tuple(each for each in SpecialUse if each != use)


@pytest.mark.parametrize("name", ["Sentences", "Presented", "Consent", "Trashcan-Project", "INBOX"])
def test_other_names_imply_no_use(name: str) -> None:
    assert unassigned_special_uses((folder(name),)) == tuple(SpecialUse)


def test_noselect_folder_is_ignored() -> None:
    folders = (INBOX, folder("Sent", r"\noselect", r"\sent"))
    assert SpecialUse.SENT in unassigned_special_uses(folders)
    assert folder_findings(folders, {"INBOX"}) == ()


def test_missing_special_folders_are_evidence_but_no_finding() -> None:
    assert folder_findings((INBOX,), {"INBOX"}) == ()
    (finding,) = folder_findings((INBOX, folder("Sent", r"\sent")), {"INBOX"})
    assert finding.evidence["missing"] == (r"\Drafts", r"\Junk", r"\Trash")


def test_hostile_folder_names_are_sanitised_and_cut() -> None:
    folders = (INBOX, folder("x\x1b[31m" + "y" * 500, r"\sent"))
    (finding,) = folder_findings(folders, {"INBOX"})
    shown = explain(finding).title
    assert "\x1b" not in shown
    assert len(shown) < 200


# Against Dovecot ----------------------------------------------------------------------------


@pytest.mark.servers
async def test_folders_listed_by_dovecot(servers: RealServers) -> None:
    address, password = "carpetas@bodega.test", "correcto-carpetas"
    servers.add_account(address, password)
    server = ServerSettings(Protocol.IMAP, "imap.bodega.test", 993, SocketType.TLS, address)
    options = NetworkOptions(
        resolver=(servers.ip, 53), ca_files=(servers.ca_file,), use_proxy=False
    )
    async with open_network(options) as net:
        session = await open_as(ImapSession, server, net)
        assert isinstance(session, ImapSession)
        async with session:
            assert isinstance(await log_in(session, Secret(password), net), LoggedIn)
            # The folders that were listed together with the quota.
            folders = await session.folders()
            assert folder_findings(folders, session.subscribed, receiving=("INBOX",)) == ()
            for line in ("CREATE Clientes", "CREATE &AOk-t&AOk-", "SUBSCRIBE Sent"):
                await session.command(line)
            folders = await session.folders()
            assert unassigned_special_uses(folders) == (SpecialUse.DRAFTS, SpecialUse.TRASH)
            # A rule names its folder in decoded form.
            (finding,) = folder_findings(folders, session.subscribed, receiving=("été", "INBOX"))
            assert finding.facts == {"folders": ("Junk", "été")}
            for line in ("SUBSCRIBE Junk", "SUBSCRIBE &AOk-t&AOk-"):
                await session.command(line)
            folders = await session.folders()
            assert folder_findings(folders, session.subscribed, receiving=("été",)) == ()
