"""The PIN on the TV and the secret in its QR code."""

from collections import Counter

import pytest

from receiver.trust.pins import (
    PIN_LIFE,
    PIN_TRIES,
    QR_GRACE,
    QR_LIFE,
    NoPin,
    PinDesk,
    QrSecrets,
    draw_pin,
    hint_of,
)


def test_pins_are_eight_digits_with_leading_zeros_as_likely() -> None:
    pins = [draw_pin() for _ in range(5000)]
    assert all(len(pin) == 8 and pin.isdecimal() for pin in pins)
    for place in range(8):
        counts = Counter(pin[place] for pin in pins)
        assert len(counts) == 10
        assert 350 < min(counts.values()) <= max(counts.values()) < 650  # 500 expected, sd 21


def test_all_who_ask_share_the_pin_until_one_uses_it() -> None:
    desk = PinDesk()
    pin = desk.ask("alice", "Alice", 0)
    assert desk.ask("bob", "Bob", 5) is pin
    assert (pin.sender_name, pin.expires_ns) == ("Alice", PIN_LIFE)
    assert desk.current("bob", 6) is pin
    desk.clear()
    with pytest.raises(NoPin):
        desk.current("bob", 7)


def test_a_pin_is_for_those_who_asked() -> None:
    desk = PinDesk()
    desk.ask("alice", "Alice", 0)
    with pytest.raises(NoPin):
        desk.current("bob", 1)


def test_a_pin_expires() -> None:
    desk = PinDesk()
    desk.ask("alice", "Alice", 0)
    assert desk.deadline == PIN_LIFE
    assert desk.shown(PIN_LIFE - 1) is not None
    assert desk.shown(PIN_LIFE) is None
    assert desk.deadline is None


def test_a_pin_has_five_tries() -> None:
    desk = PinDesk()
    desk.ask("alice", "Alice", 0)
    assert [desk.failed() for _ in range(PIN_TRIES)] == [4, 3, 2, 1, 0]
    assert desk.shown(1) is None
    assert desk.failed() == 0


def test_the_last_to_leave_takes_the_pin() -> None:
    desk = PinDesk()
    desk.ask("alice", "Alice", 0)
    desk.ask("bob", "Bob", 0)
    desk.leave("alice")
    assert desk.shown(1) is not None
    desk.leave("bob")
    assert desk.shown(1) is None


def test_the_pin_is_not_in_its_representation() -> None:
    pin = PinDesk().ask("alice", "Alice", 0)
    assert pin.digits not in repr(pin)


def test_the_qr_secret_is_renewed_and_its_elder_stays_for_a_while() -> None:
    qr = QrSecrets(0)
    elder = qr.current
    assert not qr.tick(QR_LIFE - 1)
    assert qr.tick(QR_LIFE)
    assert qr.current != elder
    hint = hint_of(elder)
    assert qr.choose(hint, QR_LIFE + QR_GRACE - 1) == elder
    assert qr.choose(hint, QR_LIFE + QR_GRACE) == qr.current
    assert qr.choose(None, QR_LIFE) == qr.current
    assert qr.choose(b"none", QR_LIFE) == qr.current


def test_a_used_qr_secret_is_void_at_once() -> None:
    qr = QrSecrets(0)
    used = qr.current
    assert qr.used(used, 5)
    assert qr.choose(hint_of(used), 6) != used
    assert qr.deadline == 5 + QR_LIFE
    qr.tick(5 + QR_LIFE)
    elder = qr.choose(hint_of(used), 5 + QR_LIFE)
    assert elder == qr.current
    assert not qr.used(b"unknown secret..", 6)


def test_using_the_elder_leaves_the_code_on_the_tv() -> None:
    qr = QrSecrets(0)
    elder = qr.current
    qr.tick(QR_LIFE)
    shown = qr.current
    assert not qr.used(elder, QR_LIFE + 1)
    assert qr.current == shown
    assert qr.choose(hint_of(elder), QR_LIFE + 2) == shown
