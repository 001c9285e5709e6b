// The key schedule of docs/DDP.md section 10: one HKDF, one label for each use.

import { concat, lv } from "./encoding.js";

const HMAC = { name: "HMAC", hash: "SHA-256", length: 256 };
const AES = { name: "AES-GCM", length: 256 };

/** `bound`: {session, nonceC, nonceR, displayId, fpC, fpR}; everything a key must not be good for elsewhere. */
export class KeySchedule {
  #secret;
  #bound;

  constructor(secret, bound) {
    this.#secret = secret;
    this.#bound = bound;
  }

  /** `secret`: 32 bytes or more, or the key "resume" of the schedule before. */
  static async from(secret, bound) {
    const uses = ["deriveKey", "deriveBits"];
    const isKey = secret instanceof CryptoKey;
    return new KeySchedule(isKey ? secret : await crypto.subtle.importKey("raw", secret, "HKDF", false, uses), bound);
  }

  #how(label, jti) {
    const { session, nonceC, nonceR, displayId, fpC, fpR } = this.#bound;
    const info = lv("screen-share-key", label, displayId, session, jti, fpC, fpR);
    return { name: "HKDF", hash: "SHA-256", salt: concat(nonceC, nonceR), info };
  }

  #derive(label, jti, kind, uses) {
    return crypto.subtle.deriveKey(this.#how(label, jti), this.#secret, kind, false, uses);
  }

  /** What the schedule after a resume is made from. */
  async resumption(jti) {
    const bits = await crypto.subtle.deriveBits(this.#how("resume", jti), this.#secret, 256);
    return crypto.subtle.importKey("raw", bits, "HKDF", false, ["deriveKey", "deriveBits"]);
  }

  confirmation() {
    return this.#derive("confirm", "", HMAC, ["sign", "verify"]);
  }

  sending(jti) {
    return this.#derive("sig c2s", jti, AES, ["encrypt"]);
  }

  receiving(jti) {
    return this.#derive("sig s2c", jti, AES, ["decrypt"]);
  }
}
