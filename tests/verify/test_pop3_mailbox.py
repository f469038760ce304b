"""Round trips of a test message through a maildrop."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest

from mailsetup.model.dialogue import (
    DialogueFailure,
    DialogueFault,
    RoundTrip,
    Stage,
)
from mailsetup.verify.events import (
    Waiting,
)
from tests.support.network.maildrop import ALL_EVENTS, OTHERS, Maildrop, run_round_trip
from tests.support.network.scripted_logins import CANARY


async def test_only_the_test_message_is_read_and_removed() -> None:
    trip = await run_round_trip(Maildrop())
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert trip.outcome.folder == "INBOX"
    assert trip.outcome.attachment_intact
    assert trip.outcome.cleaned_up
    assert trip.left == list(OTHERS)
    assert trip.events == ALL_EVENTS
    touching = [c for c in trip.maildrop.commands if c.split()[0] in ("TOP", "RETR", "DELE")]
    assert touching == ["TOP 3", "RETR 3", "DELE 3"]
    assert len(trip.maildrop.logins) == 2


@pytest.mark.parametrize(
    "refused",
    [("UIDL",), ("TOP",), ("UIDL", "TOP")],
)
async def test_a_round_trip_works_without_uidl_and_top(refused: tuple[str, ...]) -> None:
    maildrop = Maildrop(refused=dict.fromkeys(refused, b"-ERR unknown\r\n"))
    big = b"Subject: big\r\n\r\n" + b"x" * 200_000 + b"\r\n"
    trip = await run_round_trip(maildrop, others=lambda _data: (big,))
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert trip.outcome.cleaned_up
    assert trip.left == [*OTHERS, big]
    assert [c for c in maildrop.commands if c.startswith(("RETR", "DELE"))] == ["RETR 4", "DELE 4"]


async def test_without_uidl_no_other_message_is_removed_when_numbers_change() -> None:
    maildrop = Maildrop(refused={"UIDL": b"-ERR unknown\r\n"})

    def remove_one(_data: bytes) -> Sequence[bytes]:
        del maildrop.stored[0]
        return ()

    trip = await run_round_trip(maildrop, others=remove_one)
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert trip.left == [OTHERS[1]]


async def test_without_top_nothing_is_read_where_reading_removes_messages() -> None:
    trip = await run_round_trip(Maildrop(capabilities=("SASL PLAIN", "EXPIRE 0")))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.code == "EXPIRE 0"
    assert trip.events == []
    assert not any(command.startswith("RETR") for command in trip.maildrop.commands)


async def test_retr_does_not_replace_a_failed_top_where_reading_removes_messages() -> None:
    capabilities = ("SASL PLAIN", "UIDL", "TOP", "EXPIRE 0")
    refused = {"TOP": b"-ERR unknown\r\n"}
    trip = await run_round_trip(Maildrop(capabilities=capabilities, refused=refused))
    assert isinstance(trip.outcome, DialogueFailure)
    assert not any(command.startswith("RETR") for command in trip.maildrop.commands)


@pytest.mark.parametrize("refused", [(), ("TOP",), ("UIDL", "TOP")])
async def test_the_number_of_new_messages_that_are_examined_is_limited(
    refused: tuple[str, ...],
) -> None:
    maildrop = Maildrop(refused=dict.fromkeys(refused, b"-ERR unknown\r\n"))
    many = [f"Subject: {n}\r\n\r\n{'x' * n}\r\n".encode() for n in range(120)]
    trip = await run_round_trip(maildrop, others=lambda _data: many, after=None)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.NOT_ARRIVED
    examined = [command for command in maildrop.commands if command.startswith(("TOP", "RETR"))]
    most = 50 if not refused else 5
    assert examined.count(examined[-1]) == 1
    assert sum(command.startswith("RETR") for command in examined) <= 11 * most
    if not refused:
        assert len(examined) == len(set(examined)) == 120
    assert trip.left == [*OTHERS, *many]


async def test_a_late_message_is_found_with_few_logins() -> None:
    trip = await run_round_trip(Maildrop(), after=100.0)
    assert isinstance(trip.outcome, RoundTrip)
    assert 100_000 <= trip.outcome.arrived_ms <= 120_000
    assert len(trip.maildrop.logins) <= 12
    assert [event for event in trip.events if not isinstance(event, Waiting)] == ALL_EVENTS
    waits = [event.seconds for event in trip.events if isinstance(event, Waiting)]
    assert waits == sorted(waits)
    assert len(waits) > 5


@pytest.mark.parametrize("wait", [1.0, 20.0, 120.0, 900.0])
async def test_the_search_for_a_missing_message_ends_in_time(wait: float) -> None:
    trip = await run_round_trip(Maildrop(), after=None, wait=wait)
    assert isinstance(trip.outcome, DialogueFailure)
    assert (trip.outcome.stage, trip.outcome.error) == (Stage.ARRIVAL, DialogueFault.NOT_ARRIVED)
    assert trip.seconds == pytest.approx(wait)
    assert len(trip.maildrop.logins) <= 12
    assert trip.left == list(OTHERS)


@pytest.mark.parametrize("delay", [7, 50, 100])
async def test_the_login_delay_of_the_server_is_respected(delay: int) -> None:
    maildrop = Maildrop(capabilities=("SASL PLAIN", "UIDL", "TOP", f"LOGIN-DELAY {delay}"))
    trip = await run_round_trip(maildrop, after=None)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.NOT_ARRIVED
    times = maildrop.logins
    assert all(later - earlier >= delay for earlier, later in pairwise(times))
    assert 2 <= len(times) <= 12
    assert trip.seconds <= 120.0


async def test_nothing_is_sent_where_the_login_delay_exceeds_the_wait() -> None:
    maildrop = Maildrop(capabilities=("SASL PLAIN", "UIDL", "TOP", "LOGIN-DELAY 900"))
    trip = await run_round_trip(maildrop)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.AUTH_RATE_LIMITED
    assert trip.outcome.text == "LOGIN-DELAY 901"
    assert trip.events == []
    assert trip.left == list(OTHERS)


@pytest.mark.parametrize(
    "refusal", [b"-ERR [IN-USE] busy\r\n", b"-ERR [LOGIN-DELAY] wait\r\n", b"-ERR [SYS/TEMP] x\r\n"]
)
async def test_a_temporary_refusal_of_the_login_is_waited_for(refusal: bytes) -> None:
    trip = await run_round_trip(Maildrop(refused_logins=[refusal, refusal]))
    assert isinstance(trip.outcome, RoundTrip), trip.outcome
    assert len(trip.maildrop.logins) == 4


async def test_nothing_is_sent_where_the_maildrop_stays_in_use() -> None:
    trip = await run_round_trip(Maildrop(refused_logins=[b"-ERR [IN-USE] busy\r\n"] * 20))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.IN_USE
    assert len(trip.maildrop.logins) <= 6
    assert trip.events == []


@pytest.mark.parametrize("refusal", [b"-ERR [AUTH] no\r\n", b"-ERR too many login attempts\r\n"])
async def test_a_refused_login_is_never_repeated(refusal: bytes) -> None:
    trip = await run_round_trip(Maildrop(refused_logins=[refusal] * 20))
    assert isinstance(trip.outcome, DialogueFailure)
    assert len(trip.maildrop.logins) == 1


async def test_a_search_that_could_not_log_in_does_not_report_a_missing_message() -> None:
    maildrop = Maildrop()

    def lock(_data: bytes) -> Sequence[bytes]:
        maildrop.refused_logins = [b"-ERR [IN-USE] busy\r\n"] * 20
        return ()

    trip = await run_round_trip(maildrop, others=lock)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.IN_USE
    assert len(maildrop.logins) <= 12


def without_attachment(data: bytes) -> bytes:
    return data.partition(b"\r\n\r\n")[0].replace(b"multipart/mixed", b"text/plain") + b"\r\n\r\n!"


def with_another(data: bytes) -> bytes:
    start = data.index(b"\r\n\r\n", data.index(b"octet-stream")) + 4
    other = b"B" if data[start : start + 1] == b"A" else b"A"
    return data[:start] + other + data[start + 1 :]


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (without_attachment, DialogueFault.ATTACHMENT_MISSING),
        (with_another, DialogueFault.ATTACHMENT_ALTERED),
    ],
)
async def test_an_altered_attachment_is_a_failure_and_the_message_is_removed(
    change: Callable[[bytes], bytes], error: DialogueFault
) -> None:
    trip = await run_round_trip(Maildrop(), change=change)
    assert isinstance(trip.outcome, DialogueFailure)
    assert (trip.outcome.stage, trip.outcome.error) == (Stage.ATTACHMENT, error)
    assert trip.left == list(OTHERS)


@pytest.mark.parametrize("refused", [(), ("TOP",)])
async def test_a_reply_that_quotes_the_test_message_is_not_mistaken_for_it(
    refused: tuple[str, ...],
) -> None:
    def answer(data: bytes) -> Sequence[bytes]:
        quoted = next(line for line in data.split(b"\r\n") if line.startswith(b"Message-ID"))
        own = quoted.partition(b": ")[2]
        head = b"Subject: Re\r\nMessage-ID: <x@y>\r\nIn-Reply-To: " + own
        return (head + b"\r\nReferences: " + own + b"\r\n\r\n" + data[:300] + b"\r\n",)

    maildrop = Maildrop(refused=dict.fromkeys(refused, b"-ERR unknown\r\n"))
    trip = await run_round_trip(maildrop, after=None, others=answer)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.NOT_ARRIVED
    assert len(trip.left) == 3
    assert not any(command.startswith("DELE") for command in maildrop.commands)
    # It is examined at once, not at every login.
    assert maildrop.commands.count("TOP 3") == 1


async def test_a_message_beyond_the_size_limit_is_not_sent() -> None:
    trip = await run_round_trip(Maildrop(), size=100)
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.error is DialogueFault.TOO_LARGE
    assert trip.outcome.limit == 100
    assert trip.maildrop.logins == []


@pytest.mark.parametrize("command", ["DELE", "QUIT"])
async def test_a_failed_removal_is_reported(command: str) -> None:
    trip = await run_round_trip(Maildrop(refused={command: b"-ERR no\r\n"}))
    assert isinstance(trip.outcome, RoundTrip)
    assert not trip.outcome.cleaned_up
    assert len(trip.left) == 3


@pytest.mark.parametrize("answer", [b"-ERR gone\r\n", b"garbage\r\n"])
async def test_a_message_that_cannot_be_fetched_is_not_removed(answer: bytes) -> None:
    trip = await run_round_trip(Maildrop(refused={"RETR": answer}))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.stage is Stage.ATTACHMENT
    assert len(trip.left) == 3


async def test_a_password_quoted_after_the_login_is_removed_from_the_failure() -> None:
    trip = await run_round_trip(Maildrop(refused={"STAT": b"-ERR " + CANARY.encode() + b"\r\n"}))
    assert isinstance(trip.outcome, DialogueFailure)
    assert trip.outcome.text == "•••"
