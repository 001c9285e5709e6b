"""Whether a sound card is turned down: many begin muted, and then nothing is heard however well they are played on.

By ALSA's own library (alsa/mixer.h), which PortAudio brings along.
"""

import contextlib
import ctypes
from collections.abc import Iterator
from ctypes import byref, c_char_p, c_int, c_long, c_void_p
from typing import NamedTuple

GATES = ("Master", "PCM")
"""Controls that all sound goes through, each of them."""
WAYS_OUT = ("Speaker", "Headphone", "Front", "Line Out", "Bass Speaker", "Speaker+LO", "Headphone+LO", "IEC958", "HDMI")
"""Controls of the card's sockets: sound comes out of those that are open."""
CHANNELS = 32
_POINTERS = (
    *("snd_mixer_first_elem", "snd_mixer_elem_next", "snd_hctl_ctl"),
    *("snd_mixer_selem_get_name", "snd_ctl_card_info_get_name"),
)


class Control(NamedTuple):
    """``silent``: its switch is off, or its volume as low as it goes."""

    name: str
    silent: bool


class Mixer(NamedTuple):
    """What a card has between its player and its sockets."""

    card: str
    controls: tuple[Control, ...]

    @property
    def shut(self) -> tuple[str, ...]:
        """The controls for whose sake nothing is heard; empty where something may be."""
        gates = [one.name for one in self.controls if one.silent and one.name in GATES]
        ways = [one for one in self.controls if one.name in WAYS_OUT]
        return (*gates, *(one.name for one in ways if all(way.silent for way in ways)))


def look(device: str) -> Mixer | None:
    """The mixer of an ALSA device, such as ``default`` or ``hw:0``; None where it has none, or ALSA is not here."""
    mixer = c_void_p()
    try:
        alsa = ctypes.CDLL("libasound.so.2")
    except OSError:
        return None
    for name in _POINTERS:
        getattr(alsa, name).restype = c_void_p
    if alsa.snd_mixer_open(byref(mixer), 0) != 0:
        return None
    try:
        if (
            alsa.snd_mixer_attach(mixer, device.encode()) != 0
            or alsa.snd_mixer_selem_register(mixer, None, None) != 0
            or alsa.snd_mixer_load(mixer) != 0
        ):
            return None
        return Mixer(_card(alsa, mixer, device), tuple(_controls(alsa, mixer)))
    finally:
        alsa.snd_mixer_close(mixer)


def _card(alsa: ctypes.CDLL, mixer: c_void_p, device: str) -> str:
    """What the card calls itself."""
    hctl, info = c_void_p(), c_void_p()
    if alsa.snd_mixer_get_hctl(mixer, device.encode(), byref(hctl)) != 0:
        return device
    if alsa.snd_ctl_card_info_malloc(byref(info)) != 0:
        return device
    with contextlib.ExitStack() as undo:
        undo.callback(alsa.snd_ctl_card_info_free, info)
        if alsa.snd_ctl_card_info(c_void_p(alsa.snd_hctl_ctl(hctl)), info) != 0:
            return device
        return _text(alsa.snd_ctl_card_info_get_name(info)) or device


def _controls(alsa: ctypes.CDLL, mixer: c_void_p) -> Iterator[Control]:
    """Those that sound is played through."""
    element = c_void_p(alsa.snd_mixer_first_elem(mixer))
    while element:
        switch = alsa.snd_mixer_selem_has_playback_switch(element)
        volume = alsa.snd_mixer_selem_has_playback_volume(element)
        if switch or volume:
            silent = (switch and not _any(alsa, element, "switch", 0)) or (volume and not _any_volume(alsa, element))
            yield Control(_text(alsa.snd_mixer_selem_get_name(element)), bool(silent))
        element = c_void_p(alsa.snd_mixer_elem_next(element))


def _any_volume(alsa: ctypes.CDLL, element: c_void_p) -> bool:
    low, high = c_long(), c_long()
    alsa.snd_mixer_selem_get_playback_volume_range(element, byref(low), byref(high))
    return low.value == high.value or _any(alsa, element, "volume", low.value)


def _any(alsa: ctypes.CDLL, element: c_void_p, what: str, above: int) -> bool:
    """Whether a channel's switch or volume is above that."""
    ask, value = getattr(alsa, f"snd_mixer_selem_get_playback_{what}"), (c_int if what == "switch" else c_long)()
    return any(
        ask(element, channel, byref(value)) == 0 and value.value > above
        for channel in range(CHANNELS)
        if alsa.snd_mixer_selem_has_playback_channel(element, channel)
    )


def _text(address: int | None) -> str:
    return (c_char_p(address).value or b"").decode(errors="replace")
