"""A cast's sound comes out of the box's sound card by ALSA, with the picture.

The host records what the card plays, and the file grows as it is played. So the time of a beep is when the file had
grown so far, give or take what QEMU and its file buffer (two of 20 ms each).
"""

import asyncio
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import msgspec
import numpy as np
import pytest

from receiver.link import SetTap, TapPicture, TapSound
from receiver.media import EncodedFrame
from receiver.sound.mixer import look
from tests.peers.stage_process import Camera, StageProcess
from tests.vm.guest.checkers import shown_ns
from tests.vm.guest.mixer import unmute

CARD = Path("/dev/snd/pcmC0D0p")
NO_CARD = "this guest's kernel has no driver for its sound card"
RECORDING = Path("/out/sound.wav")
HEADER = 44
RATE = 48_000
FRAME_BYTES = 4
BLOCK = 960
SIZE = (640, 360)
FPS = 15
SECONDS = 12
SETTLED_S = 4
"""The device's buffer and the delay of the pictures are found out meanwhile."""
TONE_HZ = 1000
IN_STEP_S = 0.15
HEARD_IN_STEP_S = 0.25
"""An emulated processor misses beeps, and what it plays is up to 0.1 s later than it thinks."""


def beeping(at: float) -> bool:
    """For the first fifth of each second."""
    return at % 1 < 0.2


def sound() -> list[bytes]:
    """Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.format, encoder.layout = RATE, "s16", "stereo"
    encoder.time_base, encoder.options = Fraction(1, RATE), {"application": "lowdelay", "compression_level": "0"}
    packets: list[bytes] = []
    for number in range(50):
        wave = 9000 * np.sin(2 * np.pi * TONE_HZ * np.arange(BLOCK) / RATE) * beeping(number * BLOCK / RATE)
        frame = av.AudioFrame.from_ndarray(np.repeat(wave.astype(np.int16), 2).reshape(1, -1), "s16", "stereo")
        frame.sample_rate, frame.pts = RATE, number * BLOCK
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def film(camera: Camera) -> list[EncodedFrame]:
    """A second: white as long as it beeps, then dark."""
    lumas = [np.full(SIZE[::-1], 200 if beeping(number / FPS) else 40, np.uint8) for number in range(FPS)]
    return [camera.encode(luma, keyframe=number == 0) for number, luma in enumerate(lumas)]


async def cast(camera: Camera, pictures: list[EncodedFrame], packets: list[bytes]) -> None:
    """As they are captured, a little later."""
    start = time.monotonic_ns()
    due = [(number / FPS, True, number) for number in range(SECONDS * FPS)]
    due += [(number / 50, False, number) for number in range(SECONDS * 50)]
    for at, is_picture, number in sorted(due):
        captured = start + int(at * 1e9)
        await asyncio.sleep(max(0.0, (captured - time.monotonic_ns()) / 1e9))
        now = time.monotonic_ns()
        if is_picture:
            frame = msgspec.structs.replace(
                pictures[number % FPS],
                timestamp=number * 90_000 // FPS,
                first_packet_ns=now,
                complete_ns=now,
                capture_ns=captured,
            )
        else:
            data = packets[number % 50]
            frame = EncodedFrame(1, "audio", "opus", number * BLOCK, data, True, False, now, now, captured)
        camera.send(frame)


async def growth(grown: list[tuple[int, int]]) -> None:
    """How large the recording is, and when, again and again."""
    while True:
        grown.append((RECORDING.stat().st_size, time.monotonic_ns()))
        await asyncio.sleep(0.01)


async def hear(stage: StageProcess, pictures: list[TapPicture], sounds: list[TapSound]) -> None:
    """What the stage says that it shows and plays."""
    while (message := await stage.link.receive()) is not None:
        pictures += [message] if isinstance(message, TapPicture) else []
        sounds += [message] if isinstance(message, TapSound) else []


def begins(level: np.ndarray, loud: float, quiet: int) -> np.ndarray:
    """Where it becomes loud after so many that were not."""
    on = level > loud
    return np.array([n for n in np.flatnonzero(on) if n >= quiet and not on[n - quiet : n].any()], int)


def apart(beeps: list[float], flashes: list[float]) -> list[float]:
    """How much later each beep is than the nearest flash, once all has settled."""
    settled = [beep for beep in beeps if beep > flashes[0] + SETTLED_S]
    return [min((beep - flash for flash in flashes), key=abs) for beep in settled]


def test_the_card_begins_turned_down() -> None:
    """By its mixer alone, which nothing plays for."""
    if not CARD.exists():
        pytest.skip(NO_CARD)
    card = look("default")
    assert card is not None
    assert (card.card, bool(card.shut)) == ("HDA Intel", True)


async def test_the_sound_comes_with_the_picture() -> None:
    if not CARD.exists():
        pytest.skip(NO_CARD)
    unmute()
    stage = await StageProcess.start("--output", "kms", "--sound", "auto", "--software")
    try:
        await stage.is_ready()
        print(stage.ready.sound_reason)
        stage.link.send(SetTap(True, 0, 0, 2, 2))
        camera = stage.attach(1)
        grown: list[tuple[int, int]] = []
        pictures: list[TapPicture] = []
        sounds: list[TapSound] = []
        watching = [asyncio.create_task(one) for one in (growth(grown), hear(stage, pictures, sounds))]
        await cast(camera, film(camera), sound())
        await asyncio.sleep(1)
        for task in watching:
            task.cancel()
        await stage.stop()
    finally:
        await stage.kill()

    white = [picture.luma[0] > 120 for picture in pictures]
    flashes = [shown_ns(now) / 1e9 for was, is_, now in zip(white, white[1:], pictures[1:], strict=False) if is_ > was]
    told = np.concatenate([np.abs(np.frombuffer(one.samples, np.int16)[::2]) for one in sounds])
    when = np.concatenate([one.heard_ns / 1e9 + np.arange(len(one.samples) // FRAME_BYTES) / RATE for one in sounds])
    promised = when[begins(told, 3000, RATE // 5)].tolist()
    wave = np.frombuffer(RECORDING.read_bytes()[HEADER:], np.int16)[::2]
    sizes, times = np.array(grown).T
    played = [
        times[np.searchsorted(sizes, HEADER + at * FRAME_BYTES)] / 1e9
        for at in begins(np.abs(wave.astype(int)), 3000, RATE // 5)
    ]
    promised_apart, played_apart = apart(promised, flashes), apart(played, flashes)
    print(f"{len(flashes)} flashes; ms from flash to beep, as told: {np.round(promised_apart, 3) * 1000}")
    print(f"and as recorded: {np.round(played_apart, 3) * 1000}")
    assert len(played_apart) >= (SECONDS - SETTLED_S) / 3
    assert abs(np.median(promised_apart)) < IN_STEP_S
    assert abs(np.median(played_apart)) < HEARD_IN_STEP_S
    loudest = wave[np.argmax(np.convolve(np.abs(wave.astype(int)), np.ones(RATE // 20), "valid")) :][: RATE // 20]
    pitch = np.argmax(np.abs(np.fft.rfft(loudest))) * RATE / len(loudest)
    assert abs(pitch - TONE_HZ) <= 20, "it is the tone that was cast"


def test_the_doctor_says_that_the_card_is_turned_down() -> None:
    if not CARD.exists():
        pytest.skip(NO_CARD)
    unmute(on=False)
    muted = sound_finding()
    print(muted)
    assert muted.startswith("missing: ")
    assert "its card HDA Intel is turned down at " in muted
    unmute()
    assert sound_finding().startswith("ok: ")


def sound_finding() -> str:
    """What the doctor says of it, in a process of its own: PortAudio stays with whoever has loaded it."""
    ask = "from receiver.doctor.media import sound; found = sound('auto'); print(found.state, found.reason, sep=': ')"
    return subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout
