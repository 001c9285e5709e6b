"""The whole pure receiver against a sender that answers NACK and PLI, over a network that loses packets."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.peers.lossy_network import MS, Sender, Stage, assert_decodable, setup


def test_a_clean_network_gives_every_frame_over_the_wrap() -> None:
    network, stage = setup()
    network.jitter_ns = 0
    network.run(5)
    assert stage.numbers() == list(range(len(stage.numbers())))
    assert len(stage.frames) >= 148
    assert (network.reception.counters.nacks, network.sender.plis) == (0, 0)


def test_reordering_loses_nothing() -> None:
    network, stage = setup()
    network.run(0.2)
    network.jitter_ns = 30 * MS
    network.run(5)
    assert stage.numbers() == list(range(len(stage.numbers())))
    assert len(stage.frames) > 140


@pytest.mark.parametrize("seed", range(4))
def test_two_percent_loss_is_repaired_without_a_keyframe(seed: int) -> None:
    network, stage = setup(seed)
    network.loss = 0.02
    network.run(10)
    assert_decodable(stage)
    assert len(stage.frames) >= 0.97 * network.sender.number
    assert network.sender.plis <= 1
    assert network.reception.round_trip_ns is not None


@given(seed=st.integers(0, 10_000), loss=st.sampled_from([0.1, 0.3, 0.6, 1.0]), outage=st.floats(0.05, 4.0))
def test_it_recovers_from_any_outage(seed: int, loss: float, outage: float) -> None:
    """Both directions lose packets, keyframe requests too; half a second after it ends the picture moves again."""
    network, stage = setup(seed, first_sequence=seed * 7)
    network.run(0.5)
    network.loss = loss
    network.run(outage)
    network.loss = 0.0
    network.run(2.5)
    before = len(stage.frames)
    network.run(0.5)
    assert_decodable(stage)
    assert len(stage.frames) - before >= 14


def test_a_lost_keyframe_request_is_repeated() -> None:
    network, stage = setup()
    network.run(1)
    network.reception.request_keyframe()
    network.loss = 1.0
    network.run(0.35, frames=False)
    assert network.reception.counters.plis >= 2
    network.loss = 0.0
    network.run(1.5)
    assert stage.frames[-1].timestamp > stage.frames[0].timestamp
    assert network.sender.plis >= 1


def test_on_a_way_that_fills_up_it_does_not_ask_on_and_on_before_an_answer_can_come() -> None:
    """A queue that grows makes repairs late; asking on meanwhile would have the sender fill it with repairs."""
    network, stage = setup()
    network.loss, network.delay_ns = 0.02, 3 * MS
    network.run(2)
    network.delay_ns, network.loss = 100 * MS, 0.05
    before = network.sender.rtx_sequence
    lost = network.lost
    network.run(3)
    asked = network.sender.rtx_sequence - before
    assert asked <= 3 * (network.lost - lost)
    assert_decodable(stage)


def test_a_lost_tail_is_asked_for_without_waiting_for_the_next_frame() -> None:
    network, stage = setup()
    network.run(0.2)
    network.run(0.1, frames=False)
    count = len(stage.frames)
    for data in network.sender.frame()[:-1]:
        network.reception.rtp(data, network.now)
    network.run(0.3, frames=False)
    assert len(stage.frames) == count + 1


def test_a_sender_that_pauses_amid_its_frames_is_not_asked_for_what_is_still_to_come() -> None:
    """Chromium with more to send than it may: bursts 40 ms apart. A tail that is lost is asked for all the same."""
    network, stage = setup()
    network.run(0.2)
    network.run(0.1, frames=False)
    asked = network.reception.counters.nacks
    for _ in range(30):
        packets = network.sender.frame(packets=8)
        network.sender.history.clear()  # it can't send again what it has not sent
        for burst in packets[:4], packets[4:]:
            for data in burst:
                network.reception.rtp(data, network.now)
            network.run(0.04, frames=False)
    assert network.reception.counters.nacks == asked + 1
    assert_decodable(stage)
    count = len(stage.frames)
    for data in network.sender.frame()[:-1]:
        network.reception.rtp(data, network.now)
    network.run(0.3, frames=False)
    assert len(stage.frames) == count + 1


def test_a_stage_that_is_behind_costs_frames_then_a_keyframe() -> None:
    network, stage = setup()
    network.run(1)
    stage.ready = False
    network.run(2)
    plis, taken = network.sender.plis, len(stage.frames)
    assert plis <= 1  # asking while nobody takes frames would only load the network
    stage.ready = True
    network.run(0.5)
    assert stage.frames[taken].keyframe
    assert stage.frames[taken].discontinuity
    assert network.reception.counters.dropped["stage_behind"] >= 1
    assert_decodable(stage)


def test_a_new_stage_begins_with_a_keyframe_at_once() -> None:
    network, _ = setup()
    network.run(1)
    fresh = Stage()
    network.reception.attach(fresh)
    network.run(0.2)
    assert fresh.frames[0].keyframe
    assert len(fresh.frames) >= 3
    network.reception.attach(None)
    network.run(0.2)
    assert (
        network.reception.counters.dropped["no_stage"] + network.reception.counters.dropped["waiting_for_keyframe"] >= 5
    )


def test_a_sender_that_begins_anew_is_followed() -> None:
    network, stage = setup()
    network.run(0.5)
    last = stage.frames[-1].timestamp
    second = Sender(first_sequence=3)
    for data in second.frame():
        network.reception.rtp(data[:8] + struct.pack("!I", 999) + data[12:], network.now)
    assert stage.frames[-1].keyframe
    assert stage.frames[-1].timestamp > last
    assert stage.frames[-1].discontinuity
