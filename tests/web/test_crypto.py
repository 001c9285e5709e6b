"""The page's arithmetic in a real browser, against the draft's vectors and against receiver.trust."""

import hashlib
import hmac
import json
import secrets
from typing import Any

import pytest
from playwright.async_api import Page

from receiver.trust.encoding import b64decode, b64encode, lv
from receiver.trust.identity import parse_jwk
from receiver.trust.keys import KeySchedule
from receiver.trust.pairing import signed_text
from receiver.trust.seal import Opener, Sealer
from tests.peers.fake_box import FakeBox

pytestmark = pytest.mark.asyncio(loop_scope="session")

# draft-irtf-cfrg-cpace-21, appendix B.1
PRS = b"Password".hex()
CI = "0b415f696e69746961746f720b425f726573706f6e646572"
SID = "7e4b4791d6a8ef019b936c79fb7f2c57"
GENERATOR = "d04bf6d41f6a289632a2e929fa29bebd51092512a7829fdde7d314b62f05a73f"
SCALAR_A = "21b4f4bd9e64ed355c3eb676a28ebedaf6d8f17bdc365995b319097153044080"
SHARE_A = "1d13c89278cdadd826f6d8d7f887701430f8380ddc17611cdd6dc989ce0c9f32"
SHARE_B = "248cccf6d5cdc3646f0ad593f9e6cef4e69d4945f8372e623512ecea32185623"
ISK = (
    "6e19b875f7a561d6b3ca3dbb9ef42ac55de3e717881018204b8922b4d5e53bb2"
    "aa82c300bea7b65d2b671da71922ddf6472301b79bc270adfa8bf413285f2263"
)
LOW_ORDER = [
    "00" * 32,
    "01" + "00" * 31,
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
]
# RFC 9380, appendix J.4.2: u[0] and Q.x
ELLIGATOR2 = [
    (
        "608d892b641f0328523802a6603427c26e55e6f27e71a91a478148d45b5093cd",
        "51125222da5e763d97f3c10fcc92ea6860b9ccbbd2eb1285728f566721c1e65b",
    ),
    (
        "46f5b22494bfeaa7f232cc8d054be68561af50230234d7d1d63d1d9abeca8da5",
        "7d56d1e08cb0ccb92baf069c18c49bb5a0dcd927eff8dcf75ca921ef7f3e6eeb",
    ),
]

TOOLS = """
    const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    const pkcs8 = (scalar) => unhex("302e020100300506032b656e04220420" + scalar);
    const scalarKey = (scalar) => crypto.subtle.importKey("pkcs8", pkcs8(scalar), "X25519", false, ["deriveBits"]);
"""


async def run(page: Page, box: FakeBox, body: str, argument: object = None) -> Any:
    """Runs ``body``, an async function's, in the page's origin; ``$`` is ``argument``."""
    await page.goto(f"{box.url}tv.css")
    return await page.evaluate(f"async ($) => {{ {TOOLS} {body} }}", argument)


async def test_generator_share_and_key_are_those_of_the_draft(page: Page, box: FakeBox) -> None:
    vector = {"prs": PRS, "ci": CI, "sid": SID, "scalar": SCALAR_A, "b": SHARE_B}
    found = await run(
        page,
        box,
        """const cpace = await import("/cpace.js");
        const secret = unhex($.prs), channel = unhex($.ci), sid = unhex($.sid);
        const begun = await cpace.start(secret, channel, sid, await scalarKey($.scalar));
        const ada = new TextEncoder().encode("ADa"), adb = new TextEncoder().encode("ADb");
        const isk = await cpace.finish(begun, unhex($.b), ada, adb);
        return [hex(await cpace.generator(secret, channel, sid)), hex(begun.share), hex(isk)];""",
        vector,
    )
    assert found == [GENERATOR, SHARE_A, ISK]


async def test_elligator2_is_that_of_rfc_9380(page: Page, box: FakeBox) -> None:
    body = """const { elligator2 } = await import("/cpace.js");
        return $.map((u) => elligator2(BigInt("0x" + u)).toString(16).padStart(64, "0"));"""
    assert await run(page, box, body, [u for u, _ in ELLIGATOR2]) == [x for _, x in ELLIGATOR2]


async def test_points_of_low_order_are_refused(page: Page, box: FakeBox) -> None:
    body = """const cpace = await import("/cpace.js");
        const begun = { sid: unhex($.sid), scalar: await scalarKey($.scalar), share: unhex($.points[0]) };
        const tried = $.points.map((point) => cpace.finish(begun, unhex(point), [], []));
        return (await Promise.allSettled(tried)).map(({ status }) => status);"""
    found = await run(page, box, body, {"sid": SID, "scalar": SCALAR_A, "points": LOW_ORDER})
    assert found == ["rejected"] * len(LOW_ORDER)


async def test_keys_stay_inside_the_browser(page: Page, box: FakeBox) -> None:
    body = """const { freshScalar } = await import("/cpace.js");
        return (await freshScalar()).extractable;"""
    assert await run(page, box, body) is False


@pytest.mark.parametrize("sizes", [[], [0], [1, 0], [127, 128], [16384, 3]])
async def test_lv_writes_what_the_receiver_writes(page: Page, box: FakeBox, sizes: list[int]) -> None:
    parts = [secrets.token_bytes(size) for size in sizes]
    body = """const { lv } = await import("/encoding.js");
        return hex(lv(...$.map(unhex), "Wohnzimmer · 居間"));"""
    assert await run(page, box, body, [part.hex() for part in parts]) == lv(*parts, "Wohnzimmer · 居間").hex()


async def test_base64url_goes_there_and_back(page: Page, box: FakeBox) -> None:
    values = [secrets.token_bytes(size) for size in range(20)]
    body = """const { toBase64url, fromBase64url } = await import("/encoding.js");
        return $.map((value) => [toBase64url(unhex(value)), hex(fromBase64url(toBase64url(unhex(value))))]);"""
    found = await run(page, box, body, [value.hex() for value in values])
    assert found == [[b64encode(value), value.hex()] for value in values]


async def test_what_is_not_base64url_is_refused(page: Page, box: FakeBox) -> None:
    values = ["A", "AA==", "A+AA", "A/AA", "AA AA", "ä", None, 7]
    body = """const { fromBase64url } = await import("/encoding.js");
        return $.map((value) => { try { return fromBase64url(value); } catch (error) { return error.name; } });"""
    assert await run(page, box, body, values) == ["TypeError"] * len(values)


async def test_identity_signs_and_names_itself_as_the_receiver_reads_it(page: Page, box: FakeBox) -> None:
    th = secrets.token_bytes(32)
    body = """const { Identity } = await import("/identity.js");
        const one = await Identity.load(), again = await Identity.load();
        const signature = await one.sign("DDP-pair/1 client", unhex($));
        return [one.jwk, hex(one.fingerprint), hex(again.fingerprint), hex(signature)];"""
    jwk, fingerprint, kept, signature = await run(page, box, body, th.hex())
    assert parse_jwk(jwk).thumbprint.hex() == fingerprint == kept
    assert parse_jwk(jwk).verify(bytes.fromhex(signature), signed_text("client", th))


async def test_schedule_and_seal_fit_the_receivers(page: Page, box: FakeBox) -> None:
    isk, session, nonce_c, nonce_r, fp_c, fp_r = (secrets.token_bytes(n) for n in (64, 16, 16, 16, 32, 32))
    keys = KeySchedule(isk, nonce_c + nonce_r, "tv-test", session, fp_c, fp_r)
    sealer = Sealer(keys.key("sig s2c", "jti-1"), session)
    down = [sealer.seal(json.dumps({"n": n}).encode()) for n in range(3)]
    given = {"isk": isk, "session": session, "nonceC": nonce_c, "nonceR": nonce_r, "fpC": fp_c, "fpR": fp_r}
    body = """const { KeySchedule } = await import("/keys.js"), { Seal } = await import("/seal.js");
        const b = Object.fromEntries(Object.entries($.bound).map(([name, value]) => [name, unhex(value)]));
        const keys = await KeySchedule.from(b.isk, { ...b, displayId: "tv-test" });
        const seal = new Seal(await keys.sending("jti-1"), await keys.receiving("jti-1"), b.session);
        const mac = await crypto.subtle.sign("HMAC", await keys.confirmation(), unhex("00"));
        const opened = [];
        for (const frame of $.down) opened.push(await seal.open(unhex(frame).buffer));
        const replay = await seal.open(unhex($.down[0]).buffer).then(() => "accepted", () => "refused");
        const up = await Promise.all(["a", "bc", ""].map((text) => seal.close(text)));
        return { opened, replay, up: up.map(hex), mac: hex(new Uint8Array(mac)) };"""
    argument = {"bound": {name: value.hex() for name, value in given.items()}, "down": [f.hex() for f in down]}
    found = await run(page, box, body, argument)
    assert found["opened"] == ['{"n": 0}', '{"n": 1}', '{"n": 2}']
    assert found["replay"] == "refused"
    opener = Opener(keys.key("sig c2s", "jti-1"), session)
    assert [opener.open(bytes.fromhex(frame)) for frame in found["up"]] == [b"a", b"bc", b""]
    assert found["mac"] == hmac.digest(keys.key("confirm", ""), b"\0", "sha256").hex()


@pytest.mark.parametrize("bit", [0, 70, 150])
async def test_one_flipped_bit_does_not_open(page: Page, box: FakeBox, bit: int) -> None:
    key, session = secrets.token_bytes(32), secrets.token_bytes(16)
    frame = bytearray(Sealer(key, session).seal(b"{}"))
    frame[bit // 8] ^= 1 << bit % 8
    body = """const { Seal } = await import("/seal.js");
        const key = await crypto.subtle.importKey("raw", unhex($.key), "AES-GCM", false, ["decrypt"]);
        const opened = new Seal(null, key, unhex($.session)).open(unhex($.frame).buffer);
        return opened.then(() => "opened", () => "refused");"""
    given = {"key": key.hex(), "session": session.hex(), "frame": bytes(frame).hex()}
    assert await run(page, box, body, given) == "refused"


async def test_thumbprint_is_that_of_rfc_7638(page: Page, box: FakeBox) -> None:
    jwk = {"kty": "EC", "crv": "P-256", "x": b64encode(bytes(32)), "y": b64encode(bytes(32)), "use": "sig"}
    canonical = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    body = """const { thumbprint } = await import("/identity.js");
        const { toBase64url } = await import("/encoding.js"); return toBase64url(await thumbprint($));"""
    found = await run(page, box, body, jwk)
    assert b64decode(found, 32, "thumbprint") == hashlib.sha256(canonical.encode()).digest()
