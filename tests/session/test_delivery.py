"""Ordered, acknowledged, sent again at most twice: by a fake clock, and over a link that loses and shuffles."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receiver.clock import FakeClock
from receiver.session.delivery import ACK_NS, Arrival, Delivery
from receiver.session.intray import MAX_ANSWER_BYTES, MAX_SEEN, WINDOW, InTray, Seen, TooFarAhead
from receiver.session.outbox import MAX_BYTES, MAX_MESSAGES, BadAcknowledgement, Gap, Outbox, Unacknowledged

SECOND = 1_000_000_000


def test_a_message_is_sent_again_after_one_and_two_seconds_then_given_up() -> None:
    clock, outbox = FakeClock(), Outbox()
    outbox.push(b"a", clock.now())
    assert outbox.deadline == 1 * SECOND
    assert outbox.due(clock.advance(SECOND - 1)) == []
    assert outbox.due(clock.advance(1)) == [(1, b"a")]
    assert outbox.deadline == 3 * SECOND
    assert outbox.due(clock.advance(2 * SECOND - 1)) == []
    assert outbox.due(clock.advance(1)) == [(1, b"a")]
    assert outbox.due(clock.advance(2 * SECOND - 1)) == []
    with pytest.raises(Unacknowledged, match="message 1 was sent 3 times"):
        outbox.due(clock.advance(1))


def test_an_acknowledgement_is_cumulative() -> None:
    outbox = Outbox()
    for message in (b"a", b"b", b"c"):
        outbox.push(message, 0)
    assert outbox.acknowledged(2) == 2
    assert outbox.acknowledged(1) == 0
    assert outbox.due(SECOND) == [(3, b"c")]
    assert outbox.acknowledged(3) == 1
    assert outbox.deadline is None
    with pytest.raises(BadAcknowledgement, match="ack is 4"):
        outbox.acknowledged(4)


@pytest.mark.parametrize(("size", "fit"), [(1, MAX_MESSAGES), (MAX_BYTES // 4, 4)])
def test_the_outbox_is_bounded_by_messages_and_bytes(size: int, fit: int) -> None:
    outbox = Outbox()
    for _ in range(fit):
        outbox.push(bytes(size), 0)
    assert (len(outbox), outbox.overflowed) == (fit, False)
    outbox.push(b"x", 0)
    assert (len(outbox), outbox.overflowed) == (0, True)
    outbox.push(b"y", 0)
    assert len(outbox) == 0
    with pytest.raises(Gap):
        outbox.replay(fit, 0)


def test_a_resume_replays_what_the_peer_lacks_and_counts_anew() -> None:
    outbox = Outbox()
    for message in (b"a", b"b", b"c"):
        outbox.push(message, 0)
    outbox.acknowledged(1)
    outbox.due(SECOND)
    outbox.due(3 * SECOND)
    assert outbox.replay(2, 20 * SECOND) == [(3, b"c")]
    assert outbox.due(21 * SECOND) == [(3, b"c")]
    with pytest.raises(Gap, match="messages 2 to 2"):
        outbox.replay(1, 0)
    with pytest.raises(BadAcknowledgement):
        outbox.replay(4, 0)


def test_what_comes_early_waits_for_its_turn() -> None:
    tray: InTray[str] = InTray()
    assert tray.take(2, "b") == []
    assert tray.take(2, "b again") == []
    assert tray.take(1, "a") == ["a", "b"]
    assert tray.take(1, "a again") == []
    assert tray.taken == 2
    assert tray.take(WINDOW + 2, "far") == []
    with pytest.raises(TooFarAhead):
        tray.take(WINDOW + 3, "too far")


def test_answers_are_kept_within_bounds() -> None:
    seen = Seen()
    assert seen.is_new(7)
    assert not seen.is_new(7)
    assert seen.answer(7) is None
    seen.answered(7, 1, b"first")
    seen.answered(7, 2, b"second")
    assert seen.answer(7) == (1, b"first")
    for mid in range(100, 100 + MAX_SEEN):
        assert seen.is_new(mid)
        seen.answered(mid, None, bytes(MAX_ANSWER_BYTES // 8))
    assert seen.answer(7) is None
    assert sum(seen.answer(mid) is not None for mid in range(100, 100 + MAX_SEEN)) == 8


def test_a_sender_that_does_not_number_gets_no_numbers() -> None:
    delivery: Delivery[str] = Delivery()
    assert delivery.arrived(None, None, None, "a", 0).ready == ["a"]
    assert delivery.sending(b"x", 0) is None
    assert (delivery.ack, delivery.deadline) == (None, None)


def test_what_came_before_is_dropped_and_answered_from_the_cache() -> None:
    delivery: Delivery[str] = Delivery()
    assert delivery.arrived(1, None, 41, "ask", 0) == Arrival(["ask"])
    assert delivery.deadline == ACK_NS
    assert delivery.arrived(1, None, 41, "ask", 1) == Arrival([]), "not answered yet"
    assert delivery.tick(1).acknowledge
    assert delivery.sending(b"answer", 2, answers=41) == 1
    delivery.acknowledging()
    assert delivery.arrived(1, None, 41, "ask", 3) == Arrival([], (1, b"answer"))
    assert delivery.arrived(2, None, 41, "ask", 4) == Arrival([], (1, b"answer")), "a new seq does not make it new"
    assert delivery.ack == 2
    assert delivery.arrived(1, 1, 41, "ask", 5) == Arrival([]), "the answer has arrived"
    assert delivery.arrived(None, None, 41, "ask", 6) == Arrival([])


class Side:
    """One end of a bad link, as a session uses the parts."""

    def __init__(self) -> None:
        self.outbox, self.tray = Outbox(), InTray[bytes]()
        self.got: list[bytes] = []

    def receive(self, seq: int, ack: int, message: bytes) -> None:
        self.outbox.acknowledged(ack)
        self.got += self.tray.take(seq, message) if seq else []


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32), st.integers(1, 40), st.floats(0, 0.3), st.floats(0, 0.3))
def test_all_arrive_once_and_in_order_or_the_sender_knows(seed: int, count: int, loss: float, doubled: float) -> None:
    rng = random.Random(seed)
    sender, receiver, now = Side(), Side(), 0
    sent = [b"%d" % number for number in range(count)]
    wire: list[tuple[Side, int, int, bytes]] = []

    def put(to: Side, seq: int, ack: int, message: bytes) -> None:
        for _ in range(1 + (rng.random() < doubled)):
            if rng.random() >= loss:
                wire.insert(rng.randint(0, len(wire)), (to, seq, ack, message))

    gave_up = False
    for message in sent:
        put(receiver, sender.outbox.push(message, now), 0, message)
    while (deadline := sender.outbox.deadline) is not None:
        while wire:
            to, seq, ack, message = wire.pop()
            to.receive(seq, ack, message)
            if to is receiver:
                put(sender, 0, receiver.tray.taken, b"")
        if sender.outbox.deadline is None:
            break
        now = deadline
        try:
            for seq, message in sender.outbox.due(now):
                put(receiver, seq, 0, message)
        except Unacknowledged:
            gave_up = True
            break
    assert receiver.got == sent[: len(receiver.got)]
    assert gave_up or receiver.got == sent


@given(st.lists(st.tuples(st.integers(0, 600), st.binary(max_size=3)), max_size=60))
def test_any_numbers_are_taken_or_the_peers_fault(messages: list[tuple[int, bytes]]) -> None:
    tray, outbox, got = InTray[bytes](), Outbox(), 0
    for seq, message in messages:
        try:
            got += len(tray.take(seq, message))
        except TooFarAhead:
            assert seq > tray.taken + WINDOW
        try:
            outbox.acknowledged(seq)
        except BadAcknowledgement:
            assert seq > outbox.last
    assert got == tray.taken
