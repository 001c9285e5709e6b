// CPACE-X25519-SHA512, initiator's side (draft-irtf-cfrg-cpace-21): from a short PIN, a strong shared key.
//
// WebCrypto multiplies; only Elligator2, which maps the PIN's hash to a point, is computed here. It runs on BigInt and
// so not in constant time: what it could leak is one PIN, shown once, good for two minutes and five tries.

import { concat, lv, prependLength } from "./encoding.js";

const P = 2n ** 255n - 19n;
const A = 486662n;
const HASH_BLOCK = 128; // SHA-512's input block in bytes
const DSI = "CPace255";

const modulo = (x) => ((x % P) + P) % P;

function power(base, exponent) {
  let result = 1n;
  for (let b = modulo(base), e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * b) % P;
    b = (b * b) % P;
  }
  return result;
}

const fromLittleEndian = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
const toLittleEndian = (value) => Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));

const sha512 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-512", bytes));

/** RFC 9380 section 6.7.1 for curve25519 with Z = 2, u-coordinate only. */
export function elligator2(r) {
  const v = modulo(-A * power(1n + 2n * r * r, P - 2n));
  const square = power(v * v * v + A * v * v + v, (P - 1n) / 2n) !== P - 1n;
  return square ? v : modulo(-v - A);
}

/** The generator that stands for the secret: 32 bytes, an X25519 u-coordinate. */
export async function generator(secret, channel, sid) {
  const padding = Math.max(0, HASH_BLOCK - 1 - prependLength(secret).length - prependLength(DSI).length);
  const hash = await sha512(lv(DSI, secret, new Uint8Array(padding), channel, sid));
  return toLittleEndian(elligator2(fromLittleEndian(hash.slice(0, 32)) & ((1n << 255n) - 1n)));
}

/** X25519; throws where the point is of low order. */
export async function multiply(scalar, point) {
  const peer = await crypto.subtle.importKey("raw", point, "X25519", true, []);
  const bits = await crypto.subtle.deriveBits({ name: "X25519", public: peer }, scalar, 256);
  const product = new Uint8Array(bits);
  if (product.every((byte) => byte === 0)) throw new RangeError("a point of low order");
  return product;
}

/** A fresh scalar that never leaves WebCrypto. */
export async function freshScalar() {
  return (await crypto.subtle.generateKey("X25519", false, ["deriveBits"])).privateKey;
}

/** Begin: returns our share Y_a and what `finish` needs. */
export async function start(secret, channel, sid, scalar) {
  return { sid, scalar, share: await multiply(scalar, await generator(secret, channel, sid)) };
}

/** The 64-byte ISK from the other side's share Y_b; throws where that is a point of low order. */
export async function finish(begun, peerShare, ada, adb) {
  const shared = await multiply(begun.scalar, peerShare);
  const transcript = concat(lv(begun.share, ada), lv(peerShare, adb));
  return sha512(concat(lv(`${DSI}_ISK`, begun.sid, shared), transcript));
}
