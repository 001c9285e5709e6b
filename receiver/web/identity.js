// Who we are and whom we know: our identity key, and the keys of the TVs we have paired with, in IndexedDB.

import { lv, sha256, toBase64url, utf8 } from "./encoding.js";

const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

async function open() {
  const request = indexedDB.open("ddp", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("keys");
    request.result.createObjectStore("displays");
  };
  return settled(request);
}

/** RFC 7638: SHA-256 over the required members in their fixed order. 32 bytes. */
export const thumbprint = ({ crv, kty, x, y }) => sha256(utf8(JSON.stringify({ crv, kty, x, y })));

export const publicJwk = ({ crv, kty, x, y }) => ({ kty, crv, x, y });

/** A display's public key from its JWK; throws where it is not a P-256 point. */
export const importPublic = (jwk) =>
  crypto.subtle.importKey("jwk", { ...publicJwk(jwk), ext: true }, ECDSA, true, ["verify"]);

export const verify = (key, signature, label, hash) => crypto.subtle.verify(SIGNING, key, signature, lv(label, hash));

export class Identity {
  #pair;
  #database;

  constructor(pair, jwk, fingerprint, database) {
    this.#pair = pair;
    this.#database = database;
    this.jwk = jwk;
    this.fingerprint = fingerprint;
  }

  /** The kept key, or a fresh one. Where the browser keeps nothing (private windows), it lasts as long as the page. */
  static async load() {
    const database = await open().catch(() => null);
    const kept = database && (await settled(database.transaction("keys").objectStore("keys").get("identity")));
    const pair = kept ?? (await crypto.subtle.generateKey(ECDSA, false, ["sign", "verify"]));
    const jwk = publicJwk(await crypto.subtle.exportKey("jwk", pair.publicKey));
    const identity = new Identity(pair, jwk, await thumbprint(jwk), database);
    if (!kept) await identity.#keep("keys", "identity", pair);
    return identity;
  }

  async sign(label, hash) {
    return new Uint8Array(await crypto.subtle.sign(SIGNING, this.#pair.privateKey, lv(label, hash)));
  }

  /** "new", "known", or "changed" where this display has shown another key before. */
  async recognise(displayId, fingerprint) {
    if (!this.#database) return "new";
    const pinned = await settled(this.#database.transaction("displays").objectStore("displays").get(displayId));
    if (!pinned) return "new";
    return pinned === toBase64url(fingerprint) ? "known" : "changed";
  }

  /** Remember the key of a display that has just proven that it knows the PIN. */
  remember(displayId, fingerprint) {
    return this.#keep("displays", displayId, toBase64url(fingerprint));
  }

  async #keep(store, key, value) {
    if (!this.#database) return;
    try {
      await settled(this.#database.transaction(store, "readwrite").objectStore(store).put(value, key));
    } catch {
      this.#database = null; // the browser keeps no keys here: go on as a guest
    }
  }
}
