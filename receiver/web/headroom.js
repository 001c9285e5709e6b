// How fast to encode, where the way is narrow: so much below what the browser may send that no picture waits for others
// to leave. Pure.
//
// A browser sends about as fast as it believes the way to be, up to 40 ms' worth at once, and left to itself it encodes
// almost as much. Then a larger picture waits 40 ms for its second part, and what gathered when the way became narrower
// takes seconds to go: while that waits, a good part less is encoded. Whoever sends less than he may never learns that
// there is more; but where the limit is raised beyond what the browser believes in, it tries that out. So the limit is
// raised for a moment now and then.

export const EVERY_MS = 250;
const SHARE = 0.65;
const ENOUGH = 4_000_000; // bit/s. Moving 1080p looks well with it; below, the picture needs all that there is
const BEGIN_MS = 3000; // by then a browser has found out what a wide way takes
const TRY_MS = 4000;
const WAITING_MS = 80; // two of its bursts
const LITTLE = 0.3;
const LEAST = 1_000_000; // bit/s: packets wait in a computer that is too busy as well
const TOLERANCE = 0.05; // of the limit

export class Headroom {
  #most;
  #begins;
  #tried;

  /** `most`: bit/s that no picture needs more than. `now` in ms, here and below. */
  constructor(most, now) {
    this.#most = most;
    this.#begins = this.#tried = now + BEGIN_MS;
  }

  /** The limits to set now, one after the other, in bit/s. `available`: what the browser believes it may send, undefined
   * where it does not say; `sendMs`: how long packets waited in it of late; `limit`: the one that is set. */
  next({ available, sendMs }, limit, now) {
    if (!(available > 0) || now < this.#begins) return [];
    const waits = sendMs > WAITING_MS;
    const enough = waits ? Math.max(LEAST, LITTLE * available) : Math.max(ENOUGH, SHARE * available);
    const wanted = Math.round(Math.min(this.#most, enough));
    const settled = Math.abs(wanted - limit) < TOLERANCE * limit;
    if (waits || wanted === this.#most) this.#tried = now;
    if (now - this.#tried < TRY_MS) return settled ? [] : [wanted];
    this.#tried = now;
    return [this.#most, wanted];
  }
}
