"""PyAV's FFmpeg as a WHIP tool: H.264 of the test pattern, and Opus. ``pyav.py URL KEY SECONDS FOLDER``

Its FFmpeg makes itself a certificate of a curve that OpenSSL refuses, so it is given one, which it keeps in FOLDER.
"""

import datetime
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

WIDTH, HEIGHT, RATE = 1280, 720, 30
BLOCKS, SIZE = 56, 16


def credentials(folder: Path) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "whip")])
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
    certificate = builder.not_valid_after(now + datetime.timedelta(days=9)).sign(key, hashes.SHA256())
    files = {"cert_file": folder / "whip.crt", "key_file": folder / "whip.key"}
    files["cert_file"].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    encoding, form, none = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files["key_file"].write_bytes(key.private_bytes(encoding, form, none))
    return {name: str(path) for name, path in files.items()}


def draw(luma: np.ndarray, number: int) -> None:
    """As tests/peers/pattern reads it: time in 0.1 ms, number, checksum; the rest of the picture moves."""
    luma[:] = (np.arange(WIDTH) + number * 4) % 200 + 20
    octets = (int(time.time() * 10_000) & 0xFFFFFFFF).to_bytes(4, "big") + (number & 0xFFFF).to_bytes(2, "big")
    octets += bytes([(sum(octets) ^ 0x5A) & 255])
    bits = np.unpackbits(np.frombuffer(octets, np.uint8))
    luma[:SIZE, : BLOCKS * SIZE] = np.where(bits, 235, 16).repeat(SIZE)


def main(url: str, key: str, seconds: float, folder: str) -> None:
    options = {"authorization": key, "whip_flags": "dtls_active", **credentials(Path(folder))}
    with av.open(url, "w", format="whip", options=options) as out:
        video = out.add_stream("libx264", rate=RATE)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, video.gop_size = 4_000_000, 60
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "bf": "0"}
        video.codec_context.profile, video.codec_context.max_b_frames = "Baseline", 0
        audio = out.add_stream("libopus", rate=48_000)
        audio.layout = "stereo"
        began, number, heard = time.monotonic(), 0, 0
        luma = np.empty((HEIGHT, WIDTH), np.uint8)
        while time.monotonic() - began < seconds:
            draw(luma, number)
            picture = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
            picture.planes[0].update(luma.tobytes())
            for plane in picture.planes[1:]:
                plane.update(bytes([128]) * plane.buffer_size)
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            out.mux(video.encode(picture))
            while heard / 48_000 <= number / RATE:
                sound = av.AudioFrame(format="s16", layout="stereo", samples=960)
                sound.planes[0].update(bytes(960 * 4))
                sound.sample_rate, sound.pts, sound.time_base = 48_000, heard, Fraction(1, 48_000)
                out.mux(audio.encode(sound))
                heard += 960
            number += 1
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4])
