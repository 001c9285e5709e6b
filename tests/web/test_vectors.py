"""docs/vectors/pairing.json: what the page computes in a real browser."""

import json
from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.peers.fake_box import FakeBox

pytestmark = pytest.mark.asyncio(loop_scope="session")

VECTORS = json.loads((Path(__file__).parents[2] / "docs/vectors/pairing.json").read_text())

COMPUTE = """async ({ given, fingerprints, pairing, resume }) => {
    const unhex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
    const [{ lv, sha256, utf8 }, cpace, { KeySchedule }, { Seal }, { importPublic, publicJwk, thumbprint, verify }] =
        await Promise.all(["encoding", "cpace", "keys", "seal", "identity"].map((name) => import(`/${name}.js`)));
    const [session, nonceC, nonceR] = [given.session, given.nonce_c, given.nonce_r].map(unhex);
    const [fpC, fpR] = [fingerprints.fp_c, fingerprints.fp_r].map(unhex);
    const displayId = given.display_id, bound = { session, nonceC, nonceR, displayId, fpC, fpR };
    const signed = async (key, side) => verify(await importPublic(publicJwk(key)),
        unhex(pairing[`sig_${side}`]), `DDP-pair/1 ${side}`, unhex(pairing.th));

    const sid = (await sha256(lv(session, nonceC, nonceR))).slice(0, 16);
    const ci = lv("DDP-pair/1", displayId, fpC, fpR);
    const pkcs8 = unhex("302e020100300506032b656e04220420" + given.scalar_a);
    const scalar = await crypto.subtle.importKey("pkcs8", pkcs8, "X25519", false, ["deriveBits"]);
    const begun = await cpace.start(utf8(given.pin), ci, sid, scalar);
    const isk = await cpace.finish(begun, unhex(pairing.share_b), fpC, fpR);
    const th = await sha256(lv("DDP-pair/1", session, nonceC, nonceR, displayId, fpC, fpR, begun.share,
        unhex(pairing.share_b)));
    const keys = await KeySchedule.from(isk, bound);
    const sign = async (schedule, text) => hex(await crypto.subtle.sign("HMAC", await schedule.confirmation(), text));

    const traffic = async (schedule, jti, frames) => {
        const seal = new Seal(await schedule.sending(jti), await schedule.receiving(jti), session);
        const sent = [], opened = [];
        for (const { plaintext } of frames.frames_c2s) sent.push(hex(await seal.close(plaintext)));
        for (const { frame } of frames.frames_s2c) opened.push(await seal.open(unhex(frame).buffer));
        return { sent, opened };
    };
    const again = { ...bound, nonceC: unhex(resume.nonce_c), nonceR: unhex(resume.nonce_r) };
    const next = await KeySchedule.from(await keys.resumption(given.jti), again);
    const count = new Uint8Array([0, 0, 0, 0, 0, 0, 0, resume.last_seq_server]);
    return {
        fpC: hex(await thumbprint(given.sender_key)), fpR: hex(await thumbprint(given.display_key)),
        sid: hex(sid), ci: hex(ci), share: hex(begun.share), isk: hex(isk), th: hex(th),
        generator: hex(await cpace.generator(utf8(given.pin), ci, sid)),
        macs: [await sign(keys, lv("client", th)), await sign(keys, lv("server", th))],
        signatures: [await signed(given.sender_key, "client"), await signed(given.display_key, "server")],
        pairing: await traffic(keys, given.jti, pairing),
        resumeMac: await sign(next, lv("DDP-resume/1 server", unhex(resume.rh), again.nonceR, count, resume.jti)),
        resume: await traffic(next, resume.jti, resume),
    };
}"""


async def test_the_page_computes_what_the_vectors_say(page: Page, box: FakeBox) -> None:
    await page.goto(f"{box.url}tv.css")
    found = await page.evaluate(COMPUTE, VECTORS)
    pairing, resume, fingerprints = VECTORS["pairing"], VECTORS["resume"], VECTORS["fingerprints"]
    assert [found["fpC"], found["fpR"]] == [fingerprints["fp_c"], fingerprints["fp_r"]]
    for name in ("sid", "ci", "generator", "isk", "th"):
        assert found[name] == pairing[name], name
    assert found["share"] == pairing["share_a"]
    assert found["macs"] == [pairing["mac_client"], pairing["mac_server"]]
    assert found["signatures"] == [True, True]
    assert found["resumeMac"] == resume["mac"]
    for name in ("pairing", "resume"):
        assert found[name]["sent"] == [sealed["frame"] for sealed in VECTORS[name]["frames_c2s"]]
        assert found[name]["opened"] == [sealed["plaintext"] for sealed in VECTORS[name]["frames_s2c"]]
