"""Passwords in Thunderbird's own store, encrypted by Thunderbird's own libraries."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from mailsetup.apply.installation import Installation
from mailsetup.apply.result import AlreadyThere, ApplyOutcome, ProfileApplied, Undone
from mailsetup.apply.thunderbird import nss_child, password_store
from mailsetup.apply.thunderbird.existing_profile import apply_existing
from mailsetup.apply.thunderbird.new_profile import apply_new_profile
from mailsetup.apply.thunderbird.profiles import ThunderbirdProfile
from mailsetup.apply.thunderbird.undo import undo
from mailsetup.files.atomic import OperationError
from mailsetup.model.secret import Secret
from mailsetup.model.settings import Account, Authentication, Protocol
from tests.support.programs import marionette
from tests.support.programs.thunderbird_profiles import tree
from tests.support.samples.accounts import account

pytestmark = [
    pytest.mark.thunderbird,
    pytest.mark.skipif(
        marionette.PROGRAM is None and not os.environ.get("CI"),
        reason="Thunderbird is not installed",
    ),
]

WORD = "contraseña-ñ 文"
ANA = account()

# Reads the store in a child process, as NSS can be initialised once in a process.
_READ = """
import json, sys
sys.path.insert(0, sys.argv[1])
from mailsetup.apply.thunderbird import nss_child
store = nss_child.NssStore(nss_child.load(sys.argv[2]), sys.argv[3])
print(json.dumps([store.decrypt(value) for value in json.load(sys.stdin)]))
"""
_LOCK = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
from mailsetup.apply.thunderbird import nss_child
nss = nss_child.load(sys.argv[2])
assert nss.NSS_Initialize(b"sql:" + sys.argv[3].encode(), b"", b"", b"secmod.db", 0x14) == 0
nss.PK11_GetInternalKeySlot.restype = ctypes.c_void_p
slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
assert nss.PK11_InitPin(slot, None, b"only the person knows") == 0
assert nss.NSS_Shutdown() in (0, -1)
"""


def installation(root: Path) -> Installation:
    assert marionette.PROGRAM is not None
    return Installation((marionette.PROGRAM,), root)


def child(script: str, profile: Path, document: object = None) -> object:
    folder = password_store.libraries(installation(profile))
    assert isinstance(folder, Path)
    root = str(Path(__file__).parents[3])
    done = subprocess.run(
        [sys.executable, "-c", script, root, str(folder), str(profile)],
        input=json.dumps(document).encode(),
        stdout=subprocess.PIPE,
        check=True,
    )
    return json.loads(done.stdout or b"null")


def read(profile: Path) -> list[tuple[str, object, object]]:
    """Host, user name and password of every login."""
    logins = json.loads((profile / "logins.json").read_bytes())["logins"]
    values = [entry[key] for entry in logins for key in ("encryptedUsername", "encryptedPassword")]
    with tempfile.TemporaryDirectory() as copy:  # opening it makes more files there
        shutil.copy(profile / "key4.db", copy)
        plain = child(_READ, Path(copy), values)
    assert isinstance(plain, list)
    return [
        (entry["hostname"], plain[2 * number], plain[2 * number + 1])
        for number, entry in enumerate(logins)
    ]


def applied(wanted: Account, root: Path, word: str = WORD) -> ProfileApplied:
    root.mkdir(exist_ok=True)
    done = apply_new_profile(wanted, installation(root), password=Secret(word))
    assert isinstance(done, ProfileApplied)
    assert done.password_stored
    return done


def place(done: ProfileApplied) -> ThunderbirdProfile:
    thunderbird = installation(done.profile.parent)
    return ThunderbirdProfile(done.name, done.profile, thunderbird, True, False)


@pytest.mark.parametrize("protocol", [Protocol.IMAP, Protocol.POP3])
def test_both_servers_get_the_password_under_thunderbirds_names(
    tmp_path: Path, protocol: Protocol
) -> None:
    done = applied(account(protocol=protocol), tmp_path)
    kind = {Protocol.IMAP: "imap", Protocol.POP3: "mailbox"}[protocol]
    assert read(done.profile) == [
        (f"{kind}://mail.bodega.example", "ana@bodega.example", WORD),
        ("smtp://smtp.bodega.example", "ana@bodega.example", WORD),
    ]
    for name in ("key4.db", "logins.json"):
        assert (done.profile / name).stat().st_mode & 0o777 == 0o600
    for path in done.profile.rglob("*"):
        assert path.is_dir() or WORD.encode() not in path.read_bytes()
    assert any("primary password" in note for note in done.notes)


def test_the_same_password_again_changes_nothing_and_another_one_replaces_it(
    tmp_path: Path,
) -> None:
    done = applied(ANA, tmp_path)
    before = tree(done.profile)
    assert isinstance(apply_existing(ANA, place(done), password=Secret(WORD)), AlreadyThere)
    assert tree(done.profile) == before
    changed = apply_existing(ANA, place(done), password=Secret("nueva"))
    assert isinstance(changed, ProfileApplied)
    assert changed.outcome is ApplyOutcome.PASSWORD
    assert [row[2] for row in read(done.profile)] == ["nueva", "nueva"]
    assert isinstance(undo(done.profile), Undone)
    assert tree(done.profile) == before


def test_other_logins_stay_as_they_are(tmp_path: Path) -> None:
    done = applied(ANA, tmp_path)
    key = (done.profile / "key4.db").read_bytes()
    before = json.loads((done.profile / "logins.json").read_bytes())
    before["ours"] = {"unknown": True}
    (done.profile / "logins.json").write_text(json.dumps(before))
    eva = account("eva@bodega.example")
    assert isinstance(apply_existing(eva, place(done), password=Secret("otra")), ProfileApplied)
    after = json.loads((done.profile / "logins.json").read_bytes())
    assert after["logins"][:2] == before["logins"]
    assert after["ours"] == {"unknown": True}
    assert after["nextId"] == 5
    assert len({entry["id"] for entry in after["logins"]}) == 4
    assert (done.profile / "key4.db").read_bytes() == key
    assert [row[1:] for row in read(done.profile)][2:] == [("eva@bodega.example", "otra")] * 2


def test_a_lone_surrogate_in_another_login_is_preserved(tmp_path: Path) -> None:
    done = applied(ANA, tmp_path)
    path = done.profile / "logins.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "x": "\ud83d"}))
    eva = account("eva@bodega.example")
    assert isinstance(apply_existing(eva, place(done), password=Secret("otra")), ProfileApplied)
    assert json.loads(path.read_bytes())["x"] == "\ud83d"
    assert len(read(done.profile)) == 4


def test_only_our_logins_are_removed_when_others_were_added_since(tmp_path: Path) -> None:
    done = applied(ANA, tmp_path)
    eva = account("eva@bodega.example")
    assert isinstance(apply_existing(eva, place(done), password=Secret("otra")), ProfileApplied)
    path = done.profile / "logins.json"
    later = json.loads(path.read_bytes())
    later["logins"].append({**later["logins"][0], "id": 9, "guid": "{later}"})
    path.write_text(json.dumps(later))
    assert isinstance(undo(done.profile, only_ours=True), Undone)
    assert [row[1] for row in read(done.profile)] == ["ana@bodega.example"] * 3


def test_a_primary_password_is_neither_guessed_nor_asked_for(tmp_path: Path) -> None:
    done = applied(ANA, tmp_path)
    shutil.copytree(done.profile, tmp_path / "locked")
    for name in ("key4.db", "logins.json"):
        (tmp_path / "locked" / name).unlink()
    child(_LOCK, tmp_path / "locked")
    with pytest.raises(OperationError, match="primary password"):
        password_store.stored(tmp_path / "locked", ANA, Secret(WORD), installation(tmp_path))
    assert not list((tmp_path / "locked").glob(".mailsetup-*"))


def test_unreadable_logins_are_not_changed(tmp_path: Path) -> None:
    done = applied(ANA, tmp_path)
    for content in (
        *(b"", b"[]", b'{"logins": 1}', b'{"logins": [1]}', b"[" * 100_000),
        b'{"logins": [], "x": 1e999}',
    ):
        (done.profile / "logins.json").write_bytes(content)
        with pytest.raises(OperationError, match="cannot be read"):
            password_store.stored(done.profile, ANA, Secret("x"), installation(tmp_path))
    (done.profile / "logins.json").unlink()
    (done.profile / "key4.db").write_bytes(b"no database" * 100)
    with pytest.raises(OperationError, match="could not be opened"):
        password_store.stored(done.profile, ANA, Secret("x"), installation(tmp_path))
    (done.profile / "key4.db-journal").write_bytes(b"")
    with pytest.raises(OperationError, match="did not end properly"):
        password_store.stored(done.profile, ANA, Secret("x"), installation(tmp_path))


def test_a_login_in_the_browser_stores_nothing(tmp_path: Path) -> None:
    oauth2 = account(
        "ana@gmail.com",
        authentication=(Authentication.OAUTH2,),
        incoming_host="imap.gmail.com",
        outgoing_host="smtp.gmail.com",
    )
    done = apply_new_profile(oauth2, installation(tmp_path), password=Secret(WORD))
    assert isinstance(done, ProfileApplied)
    assert not done.password_stored
    assert not (done.profile / "logins.json").exists()


def test_snaps_and_flatpaks_have_no_usable_libraries(tmp_path: Path) -> None:
    for command in (("flatpak", "run", "x"), ("/snap/bin/thunderbird",), ("no-such-program",)):
        assert password_store.libraries(Installation(command, tmp_path)) is None


def test_the_child_reports_missing_libraries(tmp_path: Path) -> None:
    request = {"libraries": str(tmp_path), "folder": str(tmp_path), "logins": []}
    assert nss_child.answer(request) == {"error": "libraries"}


def test_no_argument_of_any_process_holds_the_password(tmp_path: Path) -> None:
    seen: list[str] = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "subprocess.Popen" and not closed:
            seen.append(repr(arguments))

    closed: list[bool] = []
    sys.addaudithook(hook)
    applied(ANA, tmp_path)
    closed.append(True)
    assert seen
    assert not [call for call in seen if WORD in call or ascii(WORD)[1:-1] in call]
