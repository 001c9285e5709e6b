"""In a guest: a sound card begins muted; this turns all of it up, as alsa-utils does on a box (scripts/install)."""

import ctypes


def unmute(card: str = "hw:0", on: bool = True) -> None:
    """Every playback switch on, or off, and every volume full, by ALSA's own library (alsa/mixer.h)."""
    alsa = ctypes.CDLL("libasound.so.2")
    alsa.snd_mixer_first_elem.restype = alsa.snd_mixer_elem_next.restype = ctypes.c_void_p
    mixer = ctypes.c_void_p()
    assert alsa.snd_mixer_open(ctypes.byref(mixer), 0) == 0
    assert alsa.snd_mixer_attach(mixer, card.encode()) == 0
    assert alsa.snd_mixer_selem_register(mixer, None, None) == 0
    assert alsa.snd_mixer_load(mixer) == 0
    element = ctypes.c_void_p(alsa.snd_mixer_first_elem(mixer))
    while element:
        if alsa.snd_mixer_selem_has_playback_switch(element):
            alsa.snd_mixer_selem_set_playback_switch_all(element, int(on))
        low, high = ctypes.c_long(), ctypes.c_long()
        if alsa.snd_mixer_selem_has_playback_volume(element):
            alsa.snd_mixer_selem_get_playback_volume_range(element, ctypes.byref(low), ctypes.byref(high))
            alsa.snd_mixer_selem_set_playback_volume_all(element, high)
        element = ctypes.c_void_p(alsa.snd_mixer_elem_next(element))
    alsa.snd_mixer_close(mixer)
