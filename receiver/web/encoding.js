// Bytes and text: what both sides of docs/DDP.md section 10 must write alike.

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

export const utf8 = (text) => encoder.encode(text);
export const text = (bytes) => decoder.decode(bytes);

export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One part preceded by its length as LEB128: CPace's prepend_len. Strings go as UTF-8. */
export function prependLength(part) {
  const bytes = typeof part === "string" ? utf8(part) : part;
  const length = [];
  let rest = bytes.length;
  do {
    length.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>= 7;
  } while (rest);
  return concat(Uint8Array.from(length), bytes);
}

/** Length-prefixed concatenation: no two different lists of parts give the same bytes. */
export const lv = (...parts) => concat(...parts.map(prependLength));

export function toBase64url(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Base64url without padding to bytes; throws a TypeError where it is not that, or not `length` bytes. */
export function fromBase64url(value, length) {
  if (typeof value !== "string" || !/^[A-Za-z0-9_-]*$/.test(value) || value.length % 4 === 1) {
    throw new TypeError("not base64url");
  }
  const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
  if (length !== undefined && binary.length !== length) {
    throw new TypeError(`${binary.length} bytes where ${length} belong`);
  }
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
