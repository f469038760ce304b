"""The wizard's table of pages, and its guards."""

from dataclasses import replace

import pytest

from mailsetup.assistant.flow import FLOW, STEPS, TRANSIENT, Flow, Move, Page, targets
from mailsetup.assistant.wizard_state import (
    AccountOwner,
    BrowserSignIn,
    Search,
    SearchOutcome,
    ServerChoice,
    TypedCredentials,
    WizardState,
)
from mailsetup.model.settings import Account, Authentication
from mailsetup.model.symptom import Symptom
from tests.support.oauth.sign_ins import sign_in_as, sign_in_way
from tests.support.samples.check_results import ACCOUNT, discovery

FOUND = Search(outcome=SearchOutcome.FOUND)
NOT_FOUND = Search(outcome=SearchOutcome.NOT_FOUND)
FAILED = Search(outcome=SearchOutcome.FAILED, problem="The file cannot be read.")
SPAM = AccountOwner(symptom=Symptom.SPAM)
"""A complaint that needs a second mailbox."""


def walked(*moves: Move, state: WizardState | None = None) -> Flow:
    flow = Flow(state or WizardState(search=FOUND))
    for move in moves:
        flow.move(move)
    return flow


def after(page: Page, move: Move, state: WizardState) -> Page:
    """The page that follows by this state."""
    return Flow(state, page).move(move)


HAPPY = (
    Move.NEXT,
    Move.NEXT,
    Move.ENDED,
    Move.NEXT,
    Move.NEXT,
    Move.ENDED,
    Move.NEXT,
    Move.NEXT,
)


def test_without_obstacles_the_flow_leads_from_the_address_to_a_program() -> None:
    assert walked(*HAPPY).page is Page.DONE


def test_every_page_can_be_reached_and_belongs_to_one_step() -> None:
    reachable = {Page.WELCOME, *(page for row in FLOW for page in targets(*row))}
    assert reachable == set(Page)
    assert sorted(page for pages in STEPS for page in pages) == sorted(Page)


def test_every_page_has_a_move() -> None:
    assert {page for page, _move in FLOW} == set(Page)


@pytest.mark.parametrize("page", [p for p in Page if p not in (Page.WELCOME, Page.DONE)])
def test_cancel_works_on_every_page_between_start_and_end(page: Page) -> None:
    assert (page, Move.CANCEL) in FLOW


def test_back_from_the_result_leads_to_the_password_and_never_to_a_transient_page() -> None:
    flow = walked(*HAPPY[:6])
    assert flow.page is Page.RESULT
    assert flow.back() is Page.PASSWORD
    assert flow.back() is Page.FOUND
    assert flow.back() is Page.START
    assert flow.back() is Page.WELCOME
    assert not flow.can_go_back


def test_some_complaints_ask_for_a_second_mailbox_before_the_check() -> None:
    state = WizardState(search=FOUND, owner=SPAM)
    flow = walked(Move.TROUBLE, Move.NEXT, Move.NEXT, Move.ENDED, Move.NEXT, Move.NEXT, state=state)
    assert flow.page is Page.SECOND
    assert flow.move(Move.NEXT) is Page.TESTING
    flow.move(Move.ENDED)
    assert flow.back() is Page.SECOND
    assert flow.back() is Page.PASSWORD


def test_after_cancel_back_still_leads_to_the_first_page() -> None:
    flow = walked(Move.NEXT, Move.NEXT, Move.ENDED, Move.CANCEL)
    assert flow.page is Page.START
    assert flow.back() is Page.WELCOME


def test_back_on_the_first_page_stays_there() -> None:
    flow = Flow()
    assert flow.back() is Page.WELCOME


def test_history_never_holds_a_transient_page() -> None:
    flow = walked(*HAPPY)
    seen = []
    while flow.can_go_back:
        seen.append(flow.back())
    assert not TRANSIENT & set(seen)


def test_repeated_checks_do_not_lengthen_the_history() -> None:
    flow = walked(*HAPPY[:6])
    for _ in range(5):
        flow.move(Move.AGAIN)
        flow.move(Move.ENDED)
    assert flow.back() is Page.PASSWORD


def test_correcting_the_servers_from_the_result_leads_on_to_the_password() -> None:
    flow = walked(*HAPPY[:6])
    flow.move(Move.MANUAL)
    assert flow.move(Move.NEXT) is Page.PASSWORD


def test_another_account_starts_with_an_empty_history() -> None:
    flow = walked(*HAPPY, Move.ANOTHER)
    assert flow.page is Page.WELCOME
    assert not flow.can_go_back


def test_a_move_that_the_page_does_not_have_raises_key_error() -> None:
    assert not Flow().can(Move.ENDED)
    with pytest.raises(KeyError):
        Flow().move(Move.ENDED)


@pytest.mark.parametrize(
    ("page", "ahead"),
    [
        (Page.START, (Page.SEARCHING, Page.FOUND, Page.MANUAL)),
        (Page.FOUND, (Page.TESTING, Page.RESULT, Page.MANUAL)),
        (Page.PROGRAM, (Page.DONE,)),
        (Page.DONE, ()),
    ],
)
def test_likely_pages_are_known_up_to_the_next_one_that_waits_for_the_user(
    page: Page, ahead: tuple[Page, ...]
) -> None:
    flow = Flow()
    flow.page = page
    assert flow.ahead == ahead


# Guards -----------------------------------------------------------------------------------------

SIGN_IN_ONLY = (Authentication.OAUTH2,)
SIGN_IN_OR_PASSWORD = (Authentication.OAUTH2, Authentication.PASSWORD_CLEARTEXT)
TYPED_EARLY = TypedCredentials("secreta", early=True)


def account_with(ways: tuple[Authentication, ...]) -> Account:
    return replace(
        ACCOUNT,
        incoming=replace(ACCOUNT.incoming, host="outlook.office365.com", authentication=ways),
        outgoing=replace(ACCOUNT.outgoing, host="smtp.office365.com", authentication=ways),
    )


def with_account(*ways: Authentication, **parts: object) -> WizardState:
    state = WizardState(servers=ServerChoice(account_with(ways) if ways else ACCOUNT))
    for name, part in parts.items():
        setattr(state, name, part)
    return state


def test_every_outcome_of_a_guard_is_among_its_targets() -> None:
    for page, move in FLOW:
        for state in (WizardState(), WizardState(search=FAILED), WizardState(owner=SPAM)):
            assert after(page, move, state) in targets(page, move)


@pytest.mark.parametrize(
    ("search", "page"),
    [(FOUND, Page.FOUND), (NOT_FOUND, Page.MANUAL), (FAILED, Page.START), (Search(), Page.MANUAL)],
)
def test_the_search_leads_to_its_result(search: Search, page: Page) -> None:
    assert after(Page.SEARCHING, Move.ENDED, WizardState(search=search)) is page


@pytest.mark.parametrize("page", [Page.FOUND, Page.MANUAL])
def test_servers_that_only_take_a_sign_in_lead_to_it(page: Page) -> None:
    assert after(page, Move.NEXT, with_account(*SIGN_IN_ONLY)) is Page.SIGN_IN


def test_a_password_that_was_typed_while_searching_leads_to_the_check_at_once() -> None:
    assert after(Page.FOUND, Move.NEXT, with_account()) is Page.PASSWORD
    state = with_account(credentials=TYPED_EARLY)
    assert after(Page.FOUND, Move.NEXT, state) is Page.TESTING
    state.owner = SPAM
    assert after(Page.FOUND, Move.NEXT, state) is Page.SECOND


def test_a_hint_about_the_password_is_shown_before_the_check() -> None:
    state = with_account(
        credentials=TYPED_EARLY, search=replace(FOUND, discovery=discovery(confirm=False))
    )
    assert state.hint is not None
    assert after(Page.FOUND, Move.NEXT, state) is Page.PASSWORD
    state.servers = replace(state.servers, typed=True)
    assert state.hint is None


def test_without_a_registration_at_the_provider_a_password_is_asked_for_if_it_is_accepted() -> None:
    unknown = BrowserSignIn(method_known=True)
    for ways, page in ((SIGN_IN_OR_PASSWORD, Page.PASSWORD), (SIGN_IN_ONLY, Page.SIGN_IN)):
        assert after(Page.SIGN_IN, Move.WAY_KNOWN, with_account(*ways, sign_in=unknown)) is page


def test_a_sign_in_leads_to_the_check_only_where_it_is_usable() -> None:
    state = with_account(*SIGN_IN_ONLY)
    account = state.servers.account
    assert account is not None
    method = sign_in_way(account, known=True)
    assert after(Page.SIGN_IN, Move.SIGNED_IN, state) is Page.SIGN_IN
    other = sign_in_as(method, "eva@otra.example")
    state.sign_in = BrowserSignIn(method, method_known=True, result=other, in_use=True)
    assert after(Page.SIGN_IN, Move.SIGNED_IN, state) is Page.SIGN_IN
    own = sign_in_as(method, str(account.address))
    state.sign_in = replace(state.sign_in, result=own)
    assert after(Page.SIGN_IN, Move.SIGNED_IN, state) is Page.TESTING
    state.owner = SPAM
    assert after(Page.SIGN_IN, Move.SIGNED_IN, state) is Page.SECOND


@pytest.mark.parametrize(
    ("credentials", "sign_in", "page"),
    [
        (TypedCredentials("secreta", on_password_page=True), BrowserSignIn(), Page.PASSWORD),
        (TYPED_EARLY, BrowserSignIn(), Page.FOUND),
        (TYPED_EARLY, BrowserSignIn(in_use=True), Page.SIGN_IN),
    ],
)
def test_cancelling_the_check_leads_back_to_where_the_credentials_were_given(
    credentials: TypedCredentials, sign_in: BrowserSignIn, page: Page
) -> None:
    state = WizardState(credentials=credentials, sign_in=sign_in)
    assert after(Page.TESTING, Move.CANCEL, state) is page
