"""The contract with aiortc: what the tap relies on must be there, and said in words where it isn't."""

import asyncio
import socket
from collections import Counter

import aiortc
import pytest

from receiver.ingest import aiortc_tap
from receiver.ingest.aiortc_tap import PeerTransport


def test_what_the_tap_relies_on_is_there() -> None:
    assert aiortc_tap.check() == []


def test_another_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiortc, "__version__", "2.0.0")
    assert aiortc_tap.check() == ["aiortc is 2.0.0, not 1.16.0"]


def test_a_missing_method_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(aiortc.RTCDtlsTransport, "_set_role")
    assert "RTCDtlsTransport has no _set_role" in aiortc_tap.check()


@pytest.mark.parametrize(
    ("datagram", "cause"),
    [
        (b"", "empty_datagram"),
        (b"\x80" * 40, "early_media"),
        (b"\x16\xfe\xfd" + bytes(40), "dtls_from_stranger"),
        (b"\xff" * 40, "foreign_datagram"),
        (b"\x00\x01\x00\x08\x21\x12\xa4\x42" + bytes(20), None),
        (b"\x00", "malformed_stun"),
    ],
)
async def test_nothing_of_a_stranger_reaches_aiortc(datagram: bytes, cause: str | None) -> None:
    dropped: Counter[str] = Counter()
    transport = PeerTransport(dropped)
    local = await transport.open()
    address = next(candidate for candidate in local.candidates if ":" not in candidate.host)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(datagram, (address.host, address.port))
        await asyncio.sleep(0.05)
    await transport.close()
    assert transport._connection._queue.qsize() <= 1  # only the end mark of close()
    assert set(dropped) == ({cause} if cause else set())


async def test_the_answer_gets_what_the_transport_has() -> None:
    transport = PeerTransport(Counter())
    local = await transport.open()
    assert len(local.ufrag) >= 4
    assert len(local.password) >= 22
    assert len(local.fingerprint.split(":")) == 32
    assert local.candidates
    await transport.close()
    assert transport.closed.done()
