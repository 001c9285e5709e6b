// Getting to trust each other, message by message (docs/DDP.md section 10, rows 1 to 4, 2a and 3a).

import * as cpace from "./cpace.js";
import { fromBase64url, lv, sha256, toBase64url, utf8 } from "./encoding.js";
import { importPublic, thumbprint, verify } from "./identity.js";
import { KeySchedule } from "./keys.js";
import { Resumption } from "./resumption.js";
import { Seal } from "./seal.js";
import { Refusal } from "./words.js";

const PAIRING = "DDP-pair/1";
const REUNION = "DDP-auth/1";
const HINT_BYTES = 4;
const PIN_LIFE_S = 120;
const NOT_DDP = "What answers at this address does not speak this page's protocol. Reload the page, then try again.";
const IMPOSTOR = "What answered could not prove that it is the TV, so nothing was sent."
  + " Check the address, then connect again.";

/** Ours as docs/DDP.md section 1 writes it. */
function capability() {
  const known = RTCRtpSender.getCapabilities?.("video")?.codecs ?? [{ mimeType: "video/VP8" }];
  const names = new Set(known.map(({ mimeType }) => mimeType.split("/")[1].toUpperCase()));
  const codecs = ["H264", "VP8", "VP9", "AV1"].filter((name) => names.has(name)).map((name) => `"${name}"`);
  return `ddp=2.1, transport=(ws), compression=(gzip br), display=(mirror), codecs=(${codecs.join(" ")}), pair=(cpace), back=(key pointer wheel touch)`;
}

/** `ddp.hello`: who we both are. Nothing in the answer is proven yet. */
export async function greet(connection, identity, name) {
  const nonceC = crypto.getRandomValues(new Uint8Array(16));
  const answer = await connection.request("ddp.hello", {
    capability: capability(),
    jwk: identity.jwk,
    name,
    nonce: toBase64url(nonceC),
  });
  try {
    const { ddp_session_id: sessionId, display_id: displayId, display_name: displayName, jwk, nonce } = answer;
    if (typeof displayId !== "string" || typeof displayName !== "string") throw new TypeError("not a display");
    const displayKey = await importPublic(jwk);
    const bound = {
      session: fromBase64url(sessionId, 16),
      nonceC,
      nonceR: fromBase64url(nonce, 16),
      displayId,
      fpC: identity.fingerprint,
      fpR: await thumbprint(jwk),
    };
    connection.sessionId = sessionId;
    return { displayId, displayName, displayKey, bound, tellsBack: /\bback=\(\w/.test(answer.capability) };
  } catch {
    throw new Refusal(NOT_DDP);
  }
}

/** `pair.start`: the TV now shows a PIN. Returns for how many seconds. */
export async function askForPin(connection) {
  const { expires_in_s: life } = await connection.request("pair.start", { method: "pin" });
  return Number.isFinite(life) ? life : PIN_LIFE_S;
}

/** `pair.start` with a QR code's secret; the hint says which of the last two codes it is from. */
export async function useCode(connection, secret) {
  const hint = (await sha256(lv("DDP-pair/1 qr", secret))).slice(0, HINT_BYTES);
  await connection.request("pair.start", { method: "qr", hint: toBase64url(hint) });
}

/** Proves both ways who knows the secret (the PIN's digits or the QR's bytes), then seals the connection. */
export async function prove(connection, identity, greeting, secret) {
  const { session, nonceC, nonceR, displayId, fpC, fpR } = greeting.bound;
  const sid = (await sha256(lv(session, nonceC, nonceR))).slice(0, 16);
  const channel = lv(PAIRING, displayId, fpC, fpR);
  const begun = await cpace.start(secret, channel, sid, await cpace.freshScalar());
  const { share } = await connection.request("pair.share", { share: toBase64url(begun.share) });
  const finish = (peerShare) => cpace.finish(begun, peerShare, fpC, fpR);
  await conclude(connection, identity, greeting, "pair.confirm", PAIRING, begun.share, share, finish);
  await identity.remember(displayId, fpR);
}

/** With a display that knows us, and that we know: a fresh exchange which both identity keys sign. No PIN. */
export async function reunite(connection, identity, greeting) {
  const ours = await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  const ourShare = new Uint8Array(await crypto.subtle.exportKey("raw", ours.publicKey));
  const { share } = await connection.request("auth.start", { share: toBase64url(ourShare) });
  const finish = (peerShare) => cpace.multiply(ours.privateKey, peerShare);
  await conclude(connection, identity, greeting, "auth.confirm", REUNION, ourShare, share, finish);
}

// Each side's mac says that it has the key, its signature that it is who it was; from then on every frame is sealed.
async function conclude(connection, identity, { bound, displayKey }, method, context, ourShare, share, finish) {
  const { session, nonceC, nonceR, displayId, fpC, fpR } = bound;
  const { peerShare, secret } = await taken(share, finish);
  const th = await sha256(lv(context, session, nonceC, nonceR, displayId, fpC, fpR, ourShare, peerShare));
  const keys = await KeySchedule.from(secret, bound);
  const confirmation = await keys.confirmation();
  const answer = await connection.request(method, {
    mac: toBase64url(new Uint8Array(await crypto.subtle.sign("HMAC", confirmation, lv("client", th)))),
    sig: toBase64url(await identity.sign(`${context} client`, th)),
  });
  if (!(await isTheDisplay(answer, confirmation, displayKey, context, th))) throw new Refusal(IMPOSTOR);
  const resumption = await Resumption.from(identity, bound, keys, answer.jti);
  connection.useSeal(new Seal(await keys.sending(answer.jti), await keys.receiving(answer.jti), session), resumption);
}

async function taken(share, finish) {
  try {
    const peerShare = fromBase64url(share, 32);
    return { peerShare, secret: await finish(peerShare) };
  } catch {
    throw new Refusal(IMPOSTOR);
  }
}

async function isTheDisplay({ mac, sig, jti }, confirmation, displayKey, context, th) {
  try {
    if (typeof jti !== "string" || !jti) return false;
    const knowsSecret = crypto.subtle.verify("HMAC", confirmation, fromBase64url(mac, 32), lv("server", th));
    const holdsKey = verify(displayKey, fromBase64url(sig, 64), `${context} server`, th);
    return (await knowsSecret) && (await holdsKey);
  } catch {
    return false;
  }
}

/** Eight digits as CPace takes them. */
export const pinSecret = (digits) => utf8(digits);
