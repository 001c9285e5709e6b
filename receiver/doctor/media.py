"""Decoders, proven by decoding, and the loudspeaker."""

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from av.codec import Codec
from av.codec.hwaccel import HWAccel, hwdevices_available

from receiver.decode.probe import Proof, prove_all
from receiver.doctor.finding import Finding
from receiver.errors import BackendUnavailable
from receiver.sound.api import CHANNELS, RATE
from receiver.sound.portaudio import load

AREA = "Decoding and sound"


def decoders(proofs: Sequence[Proof]) -> Iterator[Finding]:
    """One line for each codec. Casting needs any one of them, so all are needed only where none works."""
    none = not any(proof.ok for proof in proofs)
    for proof in proofs:
        state, remedy = ("ok", "") if proof.ok else ("missing", "Run scripts/run on a fresh clone to reinstall PyAV.")
        yield Finding(AREA, proof.codec, "ok" if state == "ok" else "missing", f"{proof.reason}.", remedy, none)


def hardware(tried: dict[str, str]) -> Finding:
    """``tried``: each device type that PyAV was built with, and why it can't decode H.264 here; empty: it can."""
    if works := [name for name, fault in tried.items() if not fault]:
        return Finding(AREA, "Hardware", "ok", f"A device for {', '.join(works)} answers.")
    if not tried:
        return Finding(AREA, "Hardware", "off", "This PyAV is built without hardware decoders; the CPU decodes.")
    faults = "; ".join(f"{name}: {fault}" for name, fault in tried.items())
    return Finding(AREA, "Hardware", "off", f"The CPU decodes, as no hardware decoder is usable ({faults}).")


def try_hardware() -> dict[str, str]:
    """Open every kind of device that PyAV knows. FFmpeg's errors have many types and each means: not here."""
    tried = {}
    codec = Codec("h264", "r")
    offered = {config.device_type.name for config in codec.hardware_configs or ()}
    for name in hwdevices_available():
        if name not in offered:
            tried[name] = "not for H.264 in this FFmpeg"
            continue
        try:
            with _quiet():
                HWAccel(name, allow_software_fallback=False).create(codec)
        except (OSError, RuntimeError, ValueError, NotImplementedError):
            tried[name] = "no such device or driver"
        else:
            tried[name] = ""
    return tried


def sound(choice: str) -> Finding:
    """``choice``: sound.device of the configuration. The device is asked whether it would play, but nothing plays."""
    if choice == "null":
        return Finding(AREA, "Sound", "off", "Turned off by sound.device.")
    try:
        with _quiet():
            sd = load()
            device = None if choice == "auto" else choice
            outputs = [one["name"] for one in sd.query_devices() if one["max_output_channels"] > 0]
            fault = _refusal(sd, device)
    except BackendUnavailable as error:
        return Finding(
            AREA, "Sound", "missing", "PortAudio, the library that plays sound, can't be loaded.", str(error)
        )
    return judge_sound(choice, outputs, fault)


def judge_sound(choice: str, outputs: Iterable[str], fault: str) -> Finding:
    """``fault``: what the chosen device answered when asked; empty: it plays."""
    names = ", ".join(outputs)
    if not names:
        return Finding(
            AREA,
            "Sound",
            "missing",
            "This machine has no sound output; casts are silent.",
            "Connect one, load its driver, or add this user to the group audio.",
        )
    if fault:
        return Finding(
            AREA, "Sound", "missing", f"The device {choice} refuses: {fault}.", f"Set sound.device to one of: {names}."
        )
    chosen = f"The device {choice}" if choice != "auto" else "The default device"
    return Finding(AREA, "Sound", "ok", f"{chosen} takes stereo at {RATE} Hz. All: {names}.")


def _refusal(sd: Any, device: str | None) -> str:
    try:
        sd.check_output_settings(device=device, channels=CHANNELS, dtype="int16", samplerate=RATE)
    except (sd.PortAudioError, ValueError) as error:
        return str(error).partition("\n")[0].rstrip(".")
    return ""


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """C libraries print their own complaints; ours say it better."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


def checks(choice: str) -> Iterator[Finding]:
    yield from decoders(prove_all())
    yield hardware(try_hardware())
    yield sound(choice)
