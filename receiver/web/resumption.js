// Taking up a session over another socket (docs/DDP.md section 10, row 1a).

import { fromBase64url, lv, sha256, toBase64url, utf8 } from "./encoding.js";
import { KeySchedule } from "./keys.js";
import { Seal } from "./seal.js";

const CONTEXT = "DDP-resume/1";

const count = (number) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(number));
  return new Uint8Array(view.buffer);
};

export class Resumption {
  #identity;
  #bound;
  #secret;
  #next = null;

  /** The newest `session.token`. */
  token = "";

  constructor(identity, bound, secret) {
    this.#identity = identity;
    this.#bound = bound;
    this.#secret = secret;
  }

  static async from(identity, bound, keys, jti) {
    return new Resumption(identity, bound, await keys.resumption(jti));
  }

  /** The parameters of `ddp.resume`, and `accept(answer)`: the new Seal and the TV's last_seq; throws where the TV does
   * not prove itself. */
  async ask(lastSeq) {
    const { session, displayId, fpC, fpR } = this.#bound;
    const nonceC = crypto.getRandomValues(new Uint8Array(16));
    const token = await sha256(utf8(this.token));
    const rh = await sha256(lv(CONTEXT, session, nonceC, count(lastSeq), token, displayId, fpC, fpR));
    const params = {
      session: toBase64url(session),
      last_seq: lastSeq,
      token: this.token,
      nonce: toBase64url(nonceC),
      proof: toBase64url(await this.#identity.sign(`${CONTEXT} client`, rh)),
    };
    return { params, accept: (answer) => this.#accept(answer, nonceC, rh) };
  }

  // Whether the TV saw the last resume through is only known once a frame of its own has opened: until then both
  // secrets may be the one that it has, and its proof tells which.
  async #accept({ nonce, last_seq: lastSeq, jti, mac }, nonceC, rh) {
    const nonceR = fromBase64url(nonce, 16);
    const proof = lv(`${CONTEXT} server`, rh, nonceR, count(lastSeq), jti);
    for (const secret of [this.#next, this.#secret].filter(Boolean)) {
      const keys = await KeySchedule.from(secret, { ...this.#bound, nonceC, nonceR });
      if (!(await crypto.subtle.verify("HMAC", await keys.confirmation(), fromBase64url(mac, 32), proof))) continue;
      this.#secret = secret;
      this.#next = await keys.resumption(jti);
      return { seal: new Seal(await keys.sending(jti), await keys.receiving(jti), this.#bound.session), lastSeq };
    }
    throw new TypeError("the TV does not have the session's secret");
  }

  /** A frame of the TV's has opened: it has left the old secret behind, and so do we. */
  completed() {
    if (this.#next) [this.#secret, this.#next] = [this.#next, null];
  }
}
