"""The common part of the suites of terminal programs."""

from dataclasses import replace
from typing import TYPE_CHECKING, Unpack

import hypothesis
import pytest

from mailsetup import vault
from mailsetup.export.exporter import Artifact, ExportFailure
from mailsetup.export.programs import password_command
from mailsetup.export.programs.terminal_common import TerminalProgram
from mailsetup.model.address import EmailAddress
from mailsetup.model.settings import (
    Account,
    Authentication,
    Protocol,
    ServerSettings,
    SocketType,
)
from tests.contract import exporters as suite
from tests.contract.exporters import BASE
from tests.support.samples.accounts import ORDINARY, ServerChanges, account

AWKWARD_LOCALS = (
    "o'hara",
    "a`touch${IFS}x`",
    "$HOME",
    "${PATH}",
    "a%s%n",
    "a;b",
    "a#b",
    '"a b"',
    '"a\\"b"',
    "a|b&c",
    "a*b?c",
    "{a,b}",
    "~ana",
    "!ana",
    "=ana=",
    "/etc/ana",
    "ñandú",
)
"""Valid local parts with characters that have a meaning in a shell or a settings file."""

OAUTH2_ONLY = account(
    "ana@outlook.com",
    security=SocketType.STARTTLS,
    authentication=(Authentication.OAUTH2,),
    incoming_host="outlook.office365.com",
    outgoing_host="smtp.office365.com",
)


def with_local(local: str) -> Account:
    """An ordinary account with another address."""
    return replace(BASE, address=EmailAddress(local, "bodega.example"))


if TYPE_CHECKING:
    _Contract = suite.ExporterContract
else:
    # The suites are the direct subclasses of the contract; this mixin is none of them.
    _Contract = object


class TerminalContract(_Contract):
    """The contract of exporters, and: a command instead of a password, private files."""

    program: TerminalProgram
    reads_pop = False

    def exported(self, wanted: Account) -> Artifact:
        result = self.program.export(wanted)
        if isinstance(result, ExportFailure) and self.may_refuse(wanted, result):
            hypothesis.reject()
        assert isinstance(result, Artifact), result
        return result

    def may_refuse(self, wanted: Account, refused: ExportFailure) -> bool:
        """Whether the program itself cannot store an awkward name; tested separately."""
        return False

    def words(self, artifact: Artifact) -> list[list[str]]:
        """Every command in the files, as lists of words."""
        raise NotImplementedError

    @pytest.mark.parametrize("name", ORDINARY)
    def test_ordinary_accounts_give_steps_and_safely_named_files(self, name: str) -> None:
        if self.skips(name):
            self.refused(ORDINARY[name])
        else:
            super().test_ordinary_accounts_give_steps_and_safely_named_files(name)
            self.check(ORDINARY[name], self.exported(ORDINARY[name]))

    @pytest.mark.parametrize("name", ORDINARY)
    def test_the_same_account_gives_the_same_bytes(self, name: str) -> None:
        if not self.skips(name):
            super().test_the_same_account_gives_the_same_bytes(name)

    @pytest.mark.parametrize("name", ORDINARY)
    def test_no_file_or_step_sets_a_password(self, name: str) -> None:
        if not self.skips(name):
            super().test_no_file_or_step_sets_a_password(name)

    def skips(self, name: str) -> bool:
        return ORDINARY[name].incoming.protocol is Protocol.POP3 and not self.reads_pop

    def refused(self, wanted: Account) -> str:
        result = self.program.export(wanted)
        assert isinstance(result, ExportFailure)
        assert result.reason.endswith((".", "”."))
        return result.reason

    def with_both(self, wanted: Account, **changes: Unpack[ServerChanges]) -> Account:
        def changed(server: ServerSettings) -> ServerSettings:
            return replace(server, **changes)

        return replace(wanted, incoming=changed(wanted.incoming), outgoing=changed(wanted.outgoing))

    def test_files_are_private(self) -> None:
        assert all(file.private for file in self.exported(BASE).files)

    @pytest.mark.parametrize("local", AWKWARD_LOCALS)
    def test_the_command_reads_the_vaults_entry_for_the_address(self, local: str) -> None:
        wanted = with_local(local)
        commands = self.words(self.exported(wanted))
        assert len(commands) == 2
        for words in commands:
            assert words == [
                *("secret-tool", "lookup"),
                *("service", vault.SERVICE, "username", wanted.address.ascii),
            ]
        self.check(wanted, self.exported(wanted))

    def test_on_macos_the_command_reads_the_keychain(self) -> None:
        program = type(self.program)("darwin")
        artifact = program.export(BASE)
        assert isinstance(artifact, Artifact)
        for words in self.words(artifact):
            assert words == [
                *("security", "find-generic-password"),
                *("-s", vault.SERVICE, "-a", BASE.address.ascii, "-w"),
            ]

    def test_on_windows_a_note_names_the_intended_system(self) -> None:
        program = type(self.program)("win32")
        artifact = program.export(BASE)
        assert isinstance(artifact, Artifact)
        assert any("WSL" in note for note in artifact.notes)
        assert not any("WSL" in note for note in self.exported(BASE).notes)

    def test_the_steps_store_the_password_where_the_command_reads_it(self) -> None:
        first = self.exported(BASE).steps[0]
        (value,) = first.values
        words = value.value.split()
        assert words[:2] == ["secret-tool", "store"]
        assert words[-4:] == ["service", password_command.SERVICE, "username", "ana@bodega.example"]

    def test_an_address_that_a_command_takes_for_an_option_is_refused(self) -> None:
        self.refused(with_local("-ana"))

    def test_an_unsupported_authentication_method_is_refused(self) -> None:
        for kind in (Authentication.GSSAPI, Authentication.NTLM, Authentication.TLS_CLIENT_CERT):
            assert "mail.bodega.example" in self.refused(account(authentication=(kind,)))

    def test_a_provider_without_passwords_or_tokens_is_refused(self) -> None:
        self.refused(account(authentication=(Authentication.OAUTH2,)))

    def test_no_certificate_check_is_turned_off(self) -> None:
        loose = (b"insecure", b"certcheck", b"verify_host = no", b"verify_dates = no", b"\ntls off")
        for name, wanted in ORDINARY.items():
            if self.skips(name):
                continue
            for file in self.exported(wanted).files:
                assert not any(word in file.content.lower() for word in loose), file.name


def outgoing_without_login() -> Account:
    """An account whose outgoing server needs no login."""
    outgoing = replace(BASE.outgoing, authentication=(Authentication.NONE,), username="")
    return replace(BASE, outgoing=outgoing)
