"""Decoders, proven by decoding, and the loudspeaker."""

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from receiver import board
from receiver.board import Profile
from receiver.decode.probe import Proof, prove_all
from receiver.decode.rank import best
from receiver.doctor.finding import Finding
from receiver.errors import BackendUnavailable, ConfigError
from receiver.sound import mixer
from receiver.sound.api import CHANNELS, RATE
from receiver.sound.mixer import Mixer
from receiver.sound.portaudio import load

AREA = "Decoding and sound"


def decoders(proofs: Sequence[Proof]) -> Iterator[Finding]:
    """One line for each codec: what decodes it, or what the CPU lacks for it. Casting needs any one of them, so all are
    needed only where none works."""
    chosen = best(proofs)
    for codec in dict.fromkeys(proof.codec for proof in proofs):
        if codec in chosen:
            yield Finding(AREA, codec, "ok", f"{chosen[codec].reason}.")
        else:
            reason = next((one.reason for one in proofs if one.codec == codec and not one.hardware), "")
            reason = reason or f"the board's profile leaves {codec} out, or only to devices that don't work"
            remedy = "Run scripts/run on a fresh clone to reinstall PyAV."
            yield Finding(AREA, codec, "missing", f"{_sentence(reason)}.", remedy, not chosen)


def devices(proofs: Sequence[Proof]) -> Iterator[Finding]:
    """One line for each way to decode on a device: what it decodes, or why not and what helps."""
    found = [proof for proof in proofs if proof.hardware]
    if not found:
        yield Finding(AREA, "Hardware", "off", "No device decodes: turned off by decode.hardware, or by the board.")
    for title in dict.fromkeys(proof.title for proof in found):
        mine = [proof for proof in found if proof.title == title]
        if works := [proof.codec for proof in mine if proof.ok]:
            yield Finding(AREA, title, "ok", f"Decodes {', '.join(works)}.")
        else:
            reason, _, remedy = mine[0].reason.partition("; ")
            yield Finding(AREA, title, "off", f"{_sentence(reason)}.", f"{_sentence(remedy)}." if remedy else "")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


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
            card = mixer.look(_alsa_name(sd, device)) if outputs and not fault else None
    except BackendUnavailable as error:
        return Finding(
            AREA, "Sound", "missing", "PortAudio, the library that plays sound, can't be loaded.", str(error)
        )
    return judge_sound(choice, outputs, fault, card)


def judge_sound(choice: str, outputs: Iterable[str], fault: str, card: Mixer | None = None) -> Finding:
    """``fault``: what the chosen device answered when asked; empty: it plays. ``card``: its mixer, where it has one."""
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
    if card is not None and card.shut:
        return Finding(
            AREA,
            "Sound",
            "missing",
            f"{chosen} plays, but nothing is heard: its card {card.card} is turned down at {', '.join(card.shut)}.",
            "Turn it up by alsamixer (package alsa-utils) or in the desktop's settings; 'alsactl init' by root does "
            "so for every card.",
        )
    return Finding(AREA, "Sound", "ok", f"{chosen} takes stereo at {RATE} Hz. All: {names}.")


def _alsa_name(sd: Any, device: str | None) -> str:
    """What ALSA calls the device that PortAudio has chosen: the card in its name, or a name of ALSA's configuration."""
    name = str(sd.query_devices(device, "output")["name"])
    card = re.search(r"\(hw:(\d+),\d+\)$", name)
    return f"hw:{card[1]}" if card else name


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


def profile(known: Profile, proofs: Sequence[Proof]) -> Iterator[Finding]:
    """Where the machine does not do what its board's profile promises. Profiles of whole families promise nothing."""
    if not known.match.machine and (wrong := board.overruled(known.ways(), proofs)):
        yield Finding(AREA, "Board", "off", f"{'; '.join(wrong)}.", "Load the decoder's driver, or update the kernel.")


def checks(choice: str, hardware: bool) -> Iterator[Finding]:
    """``choice``: sound.device; ``hardware``: decode.hardware."""
    known = None
    with contextlib.suppress(ConfigError):  # a broken profile is a finding of its own
        known = board.this()
    with _quiet():
        proofs = prove_all(known.ways() if known else None, hardware)
    yield from decoders(proofs)
    yield from devices(proofs)
    if known and hardware:
        yield from profile(known, proofs)
    yield sound(choice)
