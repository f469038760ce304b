"""The state of the wizard."""

from dataclasses import replace

from mailsetup.assistant.wizard_state import (
    AccountOwner,
    BrowserSignIn,
    CheckState,
    ComputerFacts,
    Search,
    ServerChoice,
    TechnicianChoice,
    TypedCredentials,
    TypedSecondMailbox,
    WizardState,
)
from mailsetup.model.address import EmailAddress
from tests.support.oauth.sign_ins import sign_in_as, sign_in_way
from tests.support.samples.check_results import ACCOUNT, ADDRESS, discovery, report


def filled() -> WizardState:
    checked = report(healthy=True)
    return WizardState(
        owner=AccountOwner("Ana", str(ADDRESS), ADDRESS),
        search=Search(discovery=discovery(confirm=True), agreed=("correo-iberico.es",)),
        servers=ServerChoice(ACCOUNT),
        credentials=TypedCredentials("canario-1", early=True, keep=True),
        sign_in=BrowserSignIn(method_known=True, keep=True),
        second=TypedSecondMailbox(password="canario-2"),
        check=CheckState(checked, checked),
        computer=ComputerFacts(user_name="Ana", keyring="Secret Service", keyring_known=True),
        technician=TechnicianChoice(),
    )


def test_no_secret_appears_in_the_representation() -> None:
    state = filled()
    state.sign_in = BrowserSignIn(result=sign_in_as(sign_in_way(ACCOUNT, known=True), ""))
    assert state.sign_in.result is not None
    secrets = [secret.reveal() for secret in state.secrets]
    assert len(secrets) >= 3
    assert not [secret for secret in secrets if secret in repr(state)]


def test_a_snapshot_does_not_follow_later_changes() -> None:
    state = filled()
    before = state.snapshot()
    state.set_password("otra")
    state.start_over()
    assert before.credentials.password == "canario-1"
    assert before.check.report is not None


def test_another_address_drops_what_was_found_and_another_domain_the_password() -> None:
    state = filled()
    state.set_address(ADDRESS)
    assert state.search.discovery is not None
    state.set_address(replace(ADDRESS, local="eva"))
    assert (state.search, state.servers) == (Search(), ServerChoice())
    assert state.credentials == TypedCredentials("canario-1", keep=True)
    state.set_address(EmailAddress("eva", "otrodominio.es"))
    assert state.credentials == TypedCredentials()


def test_another_password_or_account_drops_the_result_of_the_check() -> None:
    state = filled()
    state.set_password("canario-1")
    state.set_account(ACCOUNT)
    assert state.check.report is not None
    state.set_password("otra")
    assert state.check == CheckState()
    state = filled()
    state.set_account(replace(ACCOUNT, person="Eva"))
    assert state.check == CheckState()
    assert state.sign_in == BrowserSignIn(keep=True)


def test_starting_over_leaves_the_facts_of_the_computer_unchanged() -> None:
    state = filled()
    computer = state.computer
    state.start_over()
    assert state == WizardState(computer=computer, technician=state.technician)
    state.move_to(None)
    assert state.computer == ComputerFacts(user_name="Ana")
