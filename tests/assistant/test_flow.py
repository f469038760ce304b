"""The wizard's table of pages."""

import pytest

from mailsetup.assistant.flow import FLOW, STEPS, TRANSIENT, Flow, Move, Page


def walked(*moves: Move) -> Flow:
    flow = Flow()
    for move in moves:
        flow.move(move)
    return flow


HAPPY = (
    Move.NEXT,
    Move.NEXT,
    Move.FOUND,
    Move.NEXT,
    Move.NEXT,
    Move.ENDED,
    Move.NEXT,
    Move.NEXT,
)


def test_the_straight_way_leads_from_the_address_to_a_working_program() -> None:
    assert walked(*HAPPY).page is Page.DONE


def test_every_page_can_be_reached_and_belongs_to_one_step() -> None:
    reachable = {Page.WELCOME} | set(FLOW.values())
    assert reachable == set(Page)
    assert sorted(page for pages in STEPS for page in pages) == sorted(Page)


def test_every_page_has_a_way_out() -> None:
    assert {page for page, _move in FLOW} == set(Page)


@pytest.mark.parametrize("page", [p for p in Page if p not in (Page.WELCOME, Page.DONE)])
def test_cancel_works_on_every_page_between_start_and_end(page: Page) -> None:
    assert (page, Move.CANCEL) in FLOW


def test_back_from_the_result_leads_to_the_password_and_never_to_a_page_that_works() -> None:
    flow = walked(*HAPPY[:6])
    assert flow.page is Page.RESULT
    assert flow.back() is Page.PASSWORD
    assert flow.back() is Page.FOUND
    assert flow.back() is Page.START
    assert flow.back() is Page.WELCOME
    assert not flow.can_go_back


def test_a_complaint_asks_for_a_second_mailbox_on_the_way_to_the_test() -> None:
    flow = walked(Move.TROUBLE, Move.NEXT, Move.NEXT, Move.FOUND, Move.NEXT, Move.SECOND)
    assert flow.page is Page.SECOND
    assert flow.move(Move.NEXT) is Page.TESTING
    flow.move(Move.ENDED)
    assert flow.back() is Page.SECOND
    assert flow.back() is Page.PASSWORD


def test_cancelling_keeps_the_way_back_to_the_first_page() -> None:
    flow = walked(Move.NEXT, Move.NEXT, Move.FOUND, Move.CANCEL)
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


def test_testing_again_and_again_does_not_make_the_way_back_longer() -> None:
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


def test_a_move_that_the_page_does_not_have_is_a_defect() -> None:
    assert not Flow().can(Move.ENDED)
    with pytest.raises(KeyError):
        Flow().move(Move.ENDED)


@pytest.mark.parametrize(
    ("page", "ahead"),
    [
        (Page.START, (Page.LOOKING, Page.FOUND, Page.MANUAL)),
        (Page.FOUND, (Page.TESTING, Page.RESULT, Page.MANUAL)),
        (Page.PROGRAM, (Page.DONE,)),
        (Page.DONE, ()),
    ],
)
def test_what_comes_next_is_known_up_to_the_page_where_one_stops(
    page: Page, ahead: tuple[Page, ...]
) -> None:
    flow = Flow()
    flow.page = page
    assert flow.ahead == ahead
