// Sealed frames: u64 sequence number, then AES-256-GCM (docs/DDP.md section 10).

import { concat, text, utf8 } from "./encoding.js";

const HEADER = 8;

const numbered = (sequence) => {
  const header = new DataView(new ArrayBuffer(HEADER));
  header.setBigUint64(0, sequence);
  return new Uint8Array(header.buffer);
};

export class Seal {
  #sendKey;
  #receiveKey;
  #bound;
  #sent = 0n;
  #received = 0n;

  constructor(sendKey, receiveKey, session) {
    this.#sendKey = sendKey;
    this.#receiveKey = receiveKey;
    this.#bound = concat(utf8("ddp.v2"), session);
  }

  #how(header) {
    return { name: "AES-GCM", iv: concat(new Uint8Array(4), header), additionalData: this.#bound };
  }

  /** The number is taken at once; the caller must send frames in the order of its calls. */
  async close(message) {
    const header = numbered(this.#sent++);
    const sealed = await crypto.subtle.encrypt(this.#how(header), this.#sendKey, utf8(message));
    return concat(header, new Uint8Array(sealed));
  }

  /** Throws where the frame is out of order, altered or not for us: the connection is then over. */
  async open(buffer) {
    const header = new Uint8Array(buffer, 0, HEADER);
    if (new DataView(buffer).getBigUint64(0) !== this.#received) throw new RangeError("a frame out of order");
    this.#received += 1n;
    const plain = await crypto.subtle.decrypt(this.#how(header), this.#receiveKey, new Uint8Array(buffer, HEADER));
    return text(new Uint8Array(plain));
  }
}
