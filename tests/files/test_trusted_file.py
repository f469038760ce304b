"""Files that decide where passwords go are read only where no other user can have written them."""

import os
import stat
import sys
from pathlib import Path

import pytest

from mailsetup.assistant.texts.signin import clients_problem_sentence
from mailsetup.files.trusted_file import (
    OwnershipFailure,
    _fault,
    is_group_of_one,
    read_own,
)
from mailsetup.model.file_ownership import OwnershipFault
from mailsetup.model.sign_in import ClientsFailure
from mailsetup.oauth.clients import technician_clients

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such permissions")
LIMIT = 100


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "isp"
    folder.mkdir(0o755)
    tmp_path.chmod(0o700)
    return folder


@pytest.fixture
def file(folder: Path) -> Path:
    path = folder / "bodega.es.xml"
    path.write_bytes(b"content")
    path.chmod(0o644)
    return path


def test_an_own_file_is_read_up_to_the_limit(file: Path) -> None:
    assert read_own(file, LIMIT) == b"content"
    assert read_own(file, 3) == b"cont"


@pytest.mark.parametrize("mode", [0o646, 0o602, 0o666])
def test_a_file_that_others_may_write_is_not_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_own(file, LIMIT) == OwnershipFailure(file, OwnershipFault.WRITABLE)


@pytest.mark.parametrize("mode", [0o757, 0o777, 0o1777])
def test_a_folder_that_others_may_write_is_named(file: Path, folder: Path, mode: int) -> None:
    folder.chmod(mode)
    assert read_own(file, LIMIT) == OwnershipFailure(folder, OwnershipFault.WRITABLE)


def test_a_parent_folder_that_others_may_write_is_named_unless_it_is_sticky(
    file: Path, tmp_path: Path
) -> None:
    tmp_path.chmod(0o777)
    assert read_own(file, LIMIT) == OwnershipFailure(tmp_path, OwnershipFault.WRITABLE)
    tmp_path.chmod(0o1777)
    assert read_own(file, LIMIT) == b"content"


def test_a_link_is_checked_by_its_folder_and_its_target(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(0o755)
    link = other / "link.xml"
    link.symlink_to(file)
    assert read_own(link, LIMIT) == b"content"
    other.chmod(0o777)
    assert read_own(link, LIMIT) == OwnershipFailure(other, OwnershipFault.WRITABLE)
    other.chmod(0o755)
    file.parent.chmod(0o777)
    assert read_own(link, LIMIT) == OwnershipFailure(file.parent, OwnershipFault.WRITABLE)
    file.parent.chmod(0o755)
    file.chmod(0o666)
    assert read_own(link, LIMIT) == OwnershipFailure(file, OwnershipFault.WRITABLE)


def seen(mode: int, uid: int, gid: int) -> os.stat_result:
    return os.stat_result((stat.S_IFREG | mode, 1, 1, 1, uid, gid, 0, 0, 0, 0))


def test_files_of_root_are_trusted_and_those_of_other_users_are_not() -> None:
    other = os.geteuid() + 4321
    assert _fault(seen(0o644, other, other), sticky=False) is OwnershipFault.FOREIGN
    assert _fault(seen(0o644, 0, 0), sticky=False) is None
    assert _fault(seen(0o664, 0, 0), sticky=False) is OwnershipFault.WRITABLE
    assert _fault(seen(0o644, os.geteuid(), other), sticky=False) is None
    assert _fault(seen(0o664, os.geteuid(), other), sticky=False) is OwnershipFault.WRITABLE


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root can give files away"
)
def test_a_file_with_another_owner_is_not_read(file: Path, folder: Path) -> None:
    os.chown(file, 4321, 4321)
    assert read_own(file, LIMIT) == OwnershipFailure(file, OwnershipFault.FOREIGN)
    os.chown(file, 0, 0)
    os.chown(folder, 4321, 4321)
    assert read_own(file, LIMIT) == OwnershipFailure(folder, OwnershipFault.FOREIGN)


def test_a_private_group_has_no_other_members() -> None:
    import grp
    import pwd

    for person in pwd.getpwall():
        members = set(grp.getgrgid(person.pw_gid).gr_mem)
        if is_group_of_one(person.pw_uid, person.pw_gid):
            assert person.pw_uid != 0
            assert members <= {person.pw_name}
    assert not is_group_of_one(0, 0)
    assert not is_group_of_one(4_000_000, 4_000_000)


def test_pipes_and_folders_are_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(OSError, match="pipe"):
        read_own(folder / "pipe", LIMIT)
    with pytest.raises(IsADirectoryError):
        read_own(folder, LIMIT)
    with pytest.raises(FileNotFoundError):
        read_own(folder / "absent", LIMIT)
    with pytest.raises(OSError, match="null"):
        read_own(Path("/dev/null"), LIMIT)


def test_a_technicians_client_file_is_checked_alike(folder: Path) -> None:
    path = folder / "oauth.toml"
    path.write_text('[[client]]\nprovider = "google"\nclient_id = "mine"\n')
    path.chmod(0o666)
    problem = technician_clients(path)
    assert problem == ClientsFailure(str(path), "", OwnershipFault.WRITABLE)
    assert isinstance(problem, ClientsFailure)
    assert f"chmod go-w {path}" in clients_problem_sentence(problem)
    path.chmod(0o600)
    assert isinstance(technician_clients(path), tuple)
