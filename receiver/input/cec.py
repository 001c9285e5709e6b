"""What HDMI-CEC messages say, and what a playback device says and answers (HDMI 1.4b, Supplement 1). Pure.

A frame is a header (initiator and destination, a nibble each), an opcode and its operands. We are a playback device:
"one touch play" wakes the TV and makes it show us; "system standby" sends it to sleep, but only while it shows us, for
a TV that somebody watches something else on is not ours to turn off. TVs lie: many never answer, some claim to be on
while they are not, some send key presses without ever releasing them. So nothing here waits for an answer, a question
that gets none means "unknown", and a key that is not repeated is released after ``KEY_TIMEOUT_NS``.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Literal

from receiver.errors import ProtocolError

TV, BROADCAST = 0, 15
MAX_FRAME = 16
KEY_TIMEOUT_NS = 550_000_000
"""Section CEC 13.13.2: a held key is repeated every 200 to 500 ms, and released where that does not come."""

Power = Literal["on", "standby", "unknown"]


class CecError(ProtocolError):
    """A frame that can't be read."""


class Opcode(IntEnum):
    """Those that are spoken here (table CEC 8 and following)."""

    FEATURE_ABORT = 0x00
    IMAGE_VIEW_ON = 0x04
    STANDBY = 0x36
    USER_CONTROL_PRESSED = 0x44
    USER_CONTROL_RELEASED = 0x45
    ROUTING_CHANGE = 0x80
    ACTIVE_SOURCE = 0x82
    REQUEST_ACTIVE_SOURCE = 0x85
    SET_STREAM_PATH = 0x86
    GIVE_DEVICE_POWER_STATUS = 0x8F
    REPORT_POWER_STATUS = 0x90
    INACTIVE_SOURCE = 0x9D


KEYS: dict[int, str] = {
    0x00: "select",
    0x01: "up",
    0x02: "down",
    0x03: "left",
    0x04: "right",
    0x09: "home",
    0x0A: "menu",
    0x0B: "menu",
    0x0D: "back",
    0x2B: "select",
    0x30: "channel_up",
    0x31: "channel_down",
    0x41: "volume_up",
    0x42: "volume_down",
    0x43: "mute",
    0x44: "play",
    0x45: "stop",
    0x46: "pause",
    0x48: "rewind",
    0x49: "fast_forward",
    0x61: "play_pause",
}
"""User control codes (table CEC 27) to names of a remote's keys; digits are added below."""
KEYS |= {0x20 + digit: str(digit) for digit in range(10)}


@dataclass(frozen=True, slots=True)
class Frame:
    """``initiator`` and ``destination``: logical addresses, 0 the TV, 15 nobody or everybody."""

    initiator: int
    destination: int
    opcode: int
    operands: bytes = b""

    @classmethod
    def read(cls, data: bytes) -> "Frame | None":
        """From the wire; None for a poll, which is a header alone. Raises CecError."""
        if not 1 <= len(data) <= MAX_FRAME:
            raise CecError(f"a CEC frame has 1 to {MAX_FRAME} bytes, this one has {len(data)}")
        return None if len(data) == 1 else cls(data[0] >> 4, data[0] & 0x0F, data[1], data[2:])

    def write(self) -> bytes:
        return bytes((self.initiator << 4 | self.destination, self.opcode)) + self.operands


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the TV's remote control goes down or up. ``again``: it has been down already, and is still held."""

    name: str
    down: bool
    again: bool = False


@dataclass(slots=True)
class Playback:
    """Our part of the conversation. ``address``: our logical address, 15 while we have none; ``path``: our physical
    address (four nibbles, 0xFFFF: not connected); ``active``: whether the TV shows us, as far as it says."""

    address: int = BROADCAST
    path: int = 0xFFFF
    active: bool = False
    power: Power = "unknown"
    _held: str | None = None
    _release_at: int = 0
    keys: list[Key] = field(default_factory=list)

    @property
    def connected(self) -> bool:
        return self.address != BROADCAST and self.path != 0xFFFF

    def wake(self) -> list[Frame]:
        """Turn the TV on and make it show us; nothing where we are not connected. Said twice, since a TV that is just
        waking up may miss the second word of the first time."""
        if not self.connected:
            return []
        self.active = True
        return [Frame(self.address, TV, Opcode.IMAGE_VIEW_ON), self._here_we_are()]

    def sleep(self) -> list[Frame]:
        """Send the TV to standby, if it shows us."""
        if not self.connected or not self.active:
            return []
        self.active = False
        return [Frame(self.address, TV, Opcode.INACTIVE_SOURCE, self._path()), self._to_tv(Opcode.STANDBY)]

    def ask_power(self) -> list[Frame]:
        return [self._to_tv(Opcode.GIVE_DEVICE_POWER_STATUS)] if self.connected else []

    def moved(self, address: int, path: int) -> None:
        """The adapter has another address now; unplugged, or plugged in elsewhere, the TV shows us no more."""
        if (address, path) != (self.address, self.path):
            self.address, self.path = address, path
            self.active, self.power = False, "unknown"
            self.release()

    def take(self, frame: Frame, now: int) -> list[Frame]:
        """What we say to a frame; keys are added to ``keys``."""
        match frame.opcode:
            case Opcode.USER_CONTROL_PRESSED if frame.operands:
                self._press(frame.operands[0], now)
            case Opcode.USER_CONTROL_RELEASED:
                self.release()
            case Opcode.ACTIVE_SOURCE if len(frame.operands) >= 2:
                self.active = int.from_bytes(frame.operands[:2]) == self.path
            case Opcode.ROUTING_CHANGE if len(frame.operands) >= 4:
                self.active = int.from_bytes(frame.operands[2:4]) == self.path
            case Opcode.SET_STREAM_PATH if len(frame.operands) >= 2:
                self.active = int.from_bytes(frame.operands[:2]) == self.path
                return [self._here_we_are()] if self.active and self.connected else []
            case Opcode.REQUEST_ACTIVE_SOURCE:
                return [self._here_we_are()] if self.active and self.connected else []
            case Opcode.REPORT_POWER_STATUS if frame.initiator == TV and frame.operands:
                # 2 and 3 are on the way to on and to standby
                self.power = {0: "on", 1: "standby", 2: "on", 3: "standby"}.get(frame.operands[0], "unknown")  # type: ignore[assignment]
            case Opcode.STANDBY if frame.initiator == TV:
                self.active, self.power = False, "standby"
                self.release()
        return []

    def _press(self, code: int, now: int) -> None:
        name = KEYS.get(code)
        again = name == self._held
        if not again:
            self.release()
            self._held = name
        if name is not None:
            self.keys.append(Key(name, True, again))
        self._release_at = now + KEY_TIMEOUT_NS

    def release(self) -> None:
        """Let go of the key that is held."""
        if self._held is not None:
            self.keys.append(Key(self._held, False))
            self._held = None

    def poll(self, now: int) -> None:
        """Release a key whose repetition did not come."""
        if self._held is not None and now >= self._release_at:
            self.release()

    def deadline(self) -> int | None:
        """When to call ``poll``."""
        return self._release_at if self._held is not None else None

    def _here_we_are(self) -> Frame:
        return Frame(self.address, BROADCAST, Opcode.ACTIVE_SOURCE, self._path())

    def _to_tv(self, opcode: Opcode) -> Frame:
        return Frame(self.address, TV, opcode)

    def _path(self) -> bytes:
        return self.path.to_bytes(2)
