"""What publications show, and what they must not."""

from dataclasses import dataclass, field

from receiver.app import publications
from receiver.config import Config
from receiver.link import IntakeStats, StreamStats


@dataclass
class Person:
    session_id: str
    sender_name: str
    role: str
    state: str
    casts: bool
    fingerprint: str = "secret"


@dataclass
class Cast:
    stream: int
    live: bool
    sender_name: str
    end_to_end: bool = True
    stats: tuple[StreamStats | None, IntakeStats | None] = field(default=(None, None))


def test_a_session_shows_who_not_by_which_key() -> None:
    assert publications.sessions([Person("s1", "Anna", "owner", "active", True)]) == {
        "s1": {"name": "Anna", "role": "owner", "state": "active", "casts": True}
    }


def test_a_stream_shows_what_the_stage_and_the_intake_say() -> None:
    shown = StreamStats(7, "VP8", 1280, 720, 29.5, 21.0, 300, 290, {"late": 10}, missed={"ready_late": 3})
    received = IntakeStats(7, 9000, 12, 1_000_000, 3, 1, 301, 0, {"incomplete": 2}, 4.5, "AEAD_AES_256_GCM")
    documents = publications.streams([Cast(7, True, "Anna", True, (shown, received)), Cast(8, False, "Ben", False)])
    assert documents["7"] == {
        "sender": "Anna",
        "live": True,
        "end_to_end": True,
        "codec": "VP8",
        "width": 1280,
        "height": 720,
        "fps": 29.5,
        "transit_ms": 21.0,
        "frames_decoded": 300,
        "frames_presented": 290,
        "missed": {"ready_late": 3},
        "packets_received": 9000,
        "packets_lost": 12,
        "bytes_received": 1_000_000,
        "nack_count": 3,
        "pli_count": 1,
        "round_trip_ms": 4.5,
        "dropped": {"late": 10, "incomplete": 2},
    }
    assert documents["8"] == {"sender": "Ben", "live": False, "end_to_end": False, "dropped": {}}


def test_settings_tell_nothing_of_files_network_or_log() -> None:
    config = Config()
    documents = publications.settings(config)
    assert documents["pace.mode"] == {"value": config.pace.mode}
    assert not [name for name in documents if name.startswith(("paths.", "http.", "log."))]
    assert str(config.paths.state_dir) not in repr(documents)
