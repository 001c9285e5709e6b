"""HDR for a screen that is not: points that the standards give, and colours against a full conversion."""

from fractions import Fraction

import av
import numpy as np
import pytest

from receiver.decode import hdr
from receiver.decode.backends import SOFTWARE
from receiver.media import Colours, EncodedFrame

SIDE = 64


def frame(ycbcr: np.ndarray, format_: str = "yuv420p10le") -> av.VideoFrame:
    """A column of 16 x 16 squares, each of 10-bit Y, Cb and Cr (n, 3)."""
    out = av.VideoFrame(16, 16 * len(ycbcr), "yuv420p10le")
    for plane, values, side in zip(out.planes, ycbcr.T, (16, 8, 8), strict=True):
        rows = np.frombuffer(memoryview(plane), np.uint16).reshape(-1, plane.line_size // 2)
        rows[:, :side] = np.repeat(np.round(values).astype(np.uint16), side)[:, None]
    return out if format_ == "yuv420p10le" else out.reformat(format=format_)


def shown(picture: av.VideoFrame) -> np.ndarray:
    """RGB (n, 3) of the middle of each square, by BT.709's own formulas."""
    y, cb, cr = (
        np.frombuffer(memoryview(plane), np.uint8)
        .reshape(-1, plane.line_size)[side // 2 :: side, side // 2]
        .astype(float)
        for plane, side in zip(picture.planes, (16, 8, 8), strict=True)
    )
    y, cb, cr = (y - 16) / 219, (cb - 128) / 224, (cr - 128) / 224
    red, blue = y + 1.5748 * cr, y + 1.8556 * cb
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return 255 * np.stack([red, green, blue], -1).clip(0, 1)


@pytest.mark.parametrize(("light", "signal"), [(0.0, 0.0), (100, 0.508), (203, 0.581), (1000, 0.752), (10_000, 1.0)])
def test_points_of_the_curve(light: float, signal: float) -> None:
    """ITU-R BT.2408, tables of PQ levels."""
    assert hdr.pq_signal(light) == pytest.approx(signal, abs=0.0006)
    assert hdr.pq_light(np.array(signal)) == pytest.approx(light, rel=0.01, abs=1e-3)


def test_greys_are_exact_below_the_knee_and_roll_off_to_white() -> None:
    levels = np.array([0, 1, 5, 20, 50, 80])
    signals = np.array([hdr.pq_signal(level) for level in levels])
    found = shown(hdr.to_sdr(frame(np.stack([64 + 876 * signals, *[np.full(6, 512)] * 2], -1)), hdr.PQ))
    assert np.abs(found - 255 * ((levels / 203) ** (1 / 2.4))[:, None]).max() <= 2.5
    whole, _ = hdr.tables(hdr.PQ)
    assert (np.diff(whole.astype(int)) >= 0).all()
    assert (whole[64], whole[64 + round(876 * hdr.pq_signal(1000))], whole[940]) == (16, 235, 235)
    assert 16 + 219 * 0.85 < whole[64 + round(876 * hdr.pq_signal(203))] < 235, "there is room above white paper"


def colours() -> tuple[np.ndarray, np.ndarray]:
    """sRGB-like colours (0 to 255) whose white is 203 cd/m², and the same as PQ in BT.2020 (10-bit YCbCr)."""
    steps = np.array([32, 96, 160, 224])
    rgb = np.stack(np.meshgrid(steps, steps, steps), -1).reshape(-1, 3)
    rgb = rgb[rgb.max(1) - rgb.min(1) <= 128]
    light = 203 * (rgb / 255) ** 2.4 @ np.linalg.inv(hdr._2020_TO_709).T
    signal = np.vectorize(hdr.pq_signal)(light)
    y = signal @ [0.2627, 0.6780, 0.0593]
    cb, cr = (signal[:, 2] - y) / 1.8814, (signal[:, 0] - y) / 1.4746
    wanted = (hdr.pq_light(hdr._roll_off(signal)) / 203 @ hdr._2020_TO_709.T).clip(0, 1) ** (1 / 2.4)
    return 255 * wanted, np.stack([64 + 876 * y, 512 + 896 * cb, 512 + 896 * cr], -1)


@pytest.mark.parametrize("format_", hdr.FORMATS)
def test_colours_are_near_to_a_full_conversion(format_: str) -> None:
    wanted, ycbcr = colours()
    off = np.abs(shown(hdr.to_sdr(frame(ycbcr, format_), hdr.PQ)) - wanted)
    plain = np.abs(shown(frame(ycbcr).reformat(format="yuv420p")) - wanted)
    print(f"{format_}: off by {off.mean():.1f} of 255 on average, untreated by {plain.mean():.1f}")
    assert off.mean() < 9
    assert off.mean() < plain.mean() / 3


def test_hlg_keeps_its_greys() -> None:
    codes = np.array([64, 300, 502, 721, 940])
    found = shown(hdr.to_sdr(frame(np.stack([codes, *[np.full(5, 512)] * 2], -1)), hdr.HLG))
    assert np.abs(found - 255 * ((codes - 64) / 876)[:, None]).max() <= 1


def test_what_is_not_hdr_is_let_be() -> None:
    given = frame(np.array([[500, 512, 512]]))
    assert hdr.to_sdr(given, 1) is given
    eight = given.reformat(format="yuv420p")
    assert hdr.to_sdr(eight, hdr.PQ) is eight


@pytest.mark.parametrize("told", ["by the bitstream", "by the sender", "by nobody"])
def test_a_stream_of_ten_bits_is_decoded_and_mapped_where_it_is_hdr(told: str) -> None:
    encoder = av.CodecContext.create("libx265", "w")
    encoder.width = encoder.height = SIDE
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p10le", Fraction(1, 30), Fraction(30)
    signalled = ":colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc" if told == "by the bitstream" else ""
    encoder.options = {"tune": "zerolatency", "x265-params": f"repeat-headers=1:log-level=error:qp=4{signalled}"}
    grey = frame(np.repeat([[64 + 876 * hdr.pq_signal(50), 512, 512]], 4, 0)).reformat(SIDE, SIDE)
    grey.pts = 0
    data = b"".join(bytes(packet) for packet in [*encoder.encode(grey), *encoder.encode(None)])
    colours = Colours(9, 16, 9, False) if told == "by the sender" else None
    decoder = SOFTWARE.open("H265")
    (picture,) = decoder.decode(EncodedFrame(1, "video", "H265", 0, data, True, False, 0, 0, None, colours))
    if told == "by nobody":
        assert picture.frame.format.name == "yuv420p10le"
    else:
        assert (picture.frame.format.name, picture.frame.colorspace) == ("yuv420p", 1)
        assert np.abs(shown(picture.frame)[0] - 255 * (50 / 203) ** (1 / 2.4)).max() <= 4
    decoder.close()
