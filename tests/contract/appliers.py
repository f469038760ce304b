"""The contract of every applier: a suite of tests that one class a program inherits."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mailsetup import i18n
from mailsetup.apply import texts
from mailsetup.apply.applier import NEW_PLACE, Applier, ApplyRequest, ProfileApplier
from mailsetup.apply.installation import Computer
from mailsetup.apply.result import AlreadyThere, Applied, ApplyFailure, UndoFailure, Undone
from mailsetup.apply.targets import Target, find_target
from mailsetup.i18n.languages import LANGUAGES
from mailsetup.model.settings import Account, SocketType
from tests.contract.exporters import HOSTILE_TEXTS, with_server
from tests.support.programs.installed import linux, program
from tests.support.samples.accounts import ORDINARY, account

BASE = account()


def files(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the folders are those of Linux")
class ApplierContract:
    """Inherited by one class a program; the names of its tests are the contract."""

    program: str
    """The id of the program's row."""
    command: str
    """The program's command, which makes it installed."""

    @pytest.fixture
    def computer(self, tmp_path: Path) -> Computer:
        """A computer with an empty home, with the program installed."""
        program(tmp_path / "usr/bin" / self.command)
        return replace(linux(tmp_path), temporary=True)

    @property
    def target(self) -> Target:
        found = find_target(self.program)
        assert found is not None
        return found

    @property
    def applier(self) -> Applier:
        assert self.target.load_applier is not None
        return self.target.load_applier()

    def applied(self, wanted: Account, computer: Computer) -> Applied:
        result = self.applier.apply(ApplyRequest(wanted), computer)
        assert not isinstance(result, ApplyFailure), result.reason
        return result

    def failed(self, request: ApplyRequest, computer: Computer) -> str:
        """The sentence of a failure, after which every file is as it was."""
        before = files(computer.home)
        result = self.applier.apply(request, computer)
        assert isinstance(result, ApplyFailure)
        assert result.reason.endswith(".")
        assert files(computer.home) == before
        return result.reason

    def test_the_row_finds_the_installed_program(self, tmp_path: Path, computer: Computer) -> None:
        assert self.target.is_installed(computer) is True
        assert self.target.is_installed(linux(tmp_path / "empty")) is False

    @pytest.mark.parametrize("name", ORDINARY)
    def test_an_ordinary_account_is_written_below_the_home(
        self, name: str, computer: Computer
    ) -> None:
        self.applied(ORDINARY[name], computer)
        written = files(computer.home)
        host = ORDINARY[name].incoming.host.encode()
        assert any(host in content for content in written.values())

    def test_files_are_private(self, computer: Computer) -> None:
        self.applied(BASE, computer)
        for path in computer.home.rglob("*"):
            if path.is_file() and b"bodega" in path.read_bytes():
                inside = [path, *path.relative_to(computer.home).parents]
                modes = [(computer.home / one).stat().st_mode & 0o077 for one in inside[:-1]]
                assert 0 in modes, f"{path} can be read by others"

    def test_the_same_account_again_changes_no_file(self, computer: Computer) -> None:
        self.applied(BASE, computer)
        before = files(computer.home)
        again = self.applier.apply(ApplyRequest(BASE), computer)
        assert isinstance(again, AlreadyThere | ApplyFailure)
        assert files(computer.home) == before

    def test_two_accounts_are_both_there(self, computer: Computer) -> None:
        self.applied(BASE, computer)
        self.applied(account("luis@otra.example"), computer)
        content = b"".join(files(computer.home).values())
        assert b"ana@bodega.example" in content
        assert b"luis@otra.example" in content

    @pytest.mark.parametrize("text", HOSTILE_TEXTS[1:], ids=ascii)
    def test_hostile_text_is_refused(self, text: str, computer: Computer) -> None:
        for wanted in (replace(BASE, person=text), *with_server(BASE, username=text)):
            self.failed(ApplyRequest(wanted), computer)

    def test_a_server_without_encryption_is_refused(self, computer: Computer) -> None:
        for wanted in with_server(BASE, security=SocketType.NONE):
            self.failed(ApplyRequest(wanted), computer)

    def test_a_program_that_is_not_installed_is_refused(self, tmp_path: Path) -> None:
        self.failed(ApplyRequest(BASE), linux(tmp_path / "empty"))

    def test_a_home_that_cannot_be_written_is_a_failure(self, computer: Computer) -> None:
        if os.geteuid() == 0:
            pytest.skip("root writes everywhere")
        computer.home.chmod(0o500)
        try:
            self.failed(ApplyRequest(BASE), computer)
        finally:
            computer.home.chmod(0o700)

    def test_every_result_has_its_sentences_in_every_language(self, computer: Computer) -> None:
        result = self.applied(BASE, computer)
        for language in LANGUAGES:
            with i18n.override_language(language):
                title = self.target.title
                lines = texts.lines(result, title, BASE.address)
                sentences = (texts.title(result, title), texts.sentence(result, title), *lines)
                assert all(sentence and "{" not in sentence for sentence in sentences)
                assert title in texts.title(result, title)


class ProfileApplierContract(ApplierContract):
    """For programs with places to choose from, whose changes can be undone."""

    @property
    def profiles(self) -> ProfileApplier:
        assert self.target.load_profile_applier is not None
        return self.target.load_profile_applier()

    @pytest.fixture
    def changed(self, computer: Computer) -> Path:
        """The place with an account of ours."""
        self.applied(BASE, computer)
        found = self.profiles.last_change(BASE.address.ascii, "", computer)
        assert isinstance(found, Path)
        return found

    def test_places_are_named_and_the_default_is_first(self, computer: Computer) -> None:
        assert list(self.profiles.places(computer)) == []
        self.applied(BASE, computer)
        request = ApplyRequest(account("luis@otra.example"), NEW_PLACE)
        assert not isinstance(self.applier.apply(request, computer), ApplyFailure)
        defaults = [place.is_default for place in self.profiles.places(computer)]
        assert defaults == sorted(defaults, reverse=True)
        assert all(place.name for place in self.profiles.places(computer))

    def test_an_unknown_place_is_refused(self, computer: Computer) -> None:
        self.failed(ApplyRequest(BASE, "no-such-place"), computer)

    def test_undo_restores_every_file(self, computer: Computer, changed: Path) -> None:
        before = files(computer.home)
        other = account("luis@otra.example")
        request = ApplyRequest(other, str(changed))
        assert not isinstance(self.applier.apply(request, computer), ApplyFailure)
        place = self.profiles.last_change(other.address.ascii, "", computer)
        assert place == changed
        undone = self.profiles.undo(changed, only_ours=False, computer=computer)
        assert isinstance(undone, Undone)
        assert not undone.only_ours
        assert files(computer.home) == before

    def test_undo_of_everything_leaves_an_empty_home(
        self, computer: Computer, changed: Path
    ) -> None:
        assert isinstance(self.profiles.undo(changed, only_ours=False, computer=computer), Undone)
        assert files(computer.home) == {}

    def test_without_a_change_there_is_nothing_to_undo(
        self, computer: Computer, changed: Path
    ) -> None:
        self.profiles.undo(changed, only_ours=False, computer=computer)
        again = self.profiles.undo(changed, only_ours=False, computer=computer)
        assert isinstance(again, UndoFailure)
        assert again.reason.endswith(".")
        for place in ("", "no-such-place"):
            found = self.profiles.last_change(BASE.address.ascii, place, computer)
            assert isinstance(found, UndoFailure)
            assert found.reason.endswith(".")
