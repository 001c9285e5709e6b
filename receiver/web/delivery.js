// Both directions of a session's messages, over however many sockets: docs/DDP.md section 3, as receiver/session does it.

const PATIENCE_MS = [1000, 2000, 2000]; // after sending, after sending again, and after the second time
const ACK_MS = 200;
const MAX_KEPT = 256;
const WINDOW = 256;

export class Delivery {
  #last = 0;
  #kept = [];
  #early = new Map();
  #ackBy = Infinity;

  /** All of the TV's messages up to this one have been taken: the cumulative acknowledgement. */
  taken = 0;

  /** Numbers a message and keeps it until it is acknowledged. Throws where too many wait. */
  keep(message, now) {
    if (this.#kept.length === MAX_KEPT) throw new RangeError("the TV acknowledges nothing");
    const seq = ++this.#last;
    const numbered = { ...message, seq, mid: seq };
    this.#kept.push({ seq, numbered, due: now + PATIENCE_MS[0], sent: 1 });
    return numbered;
  }

  /** The messages whose turn it now is, of those that have come. */
  arrived(message, now) {
    const { seq, ack } = message;
    if (Number.isInteger(ack)) this.#kept = this.#kept.filter((kept) => kept.seq > ack);
    if (seq === undefined) return [message];
    if (!Number.isInteger(seq) || seq > this.taken + WINDOW) throw new RangeError("a number that can't be");
    this.#ackBy = Math.min(this.#ackBy, now + (seq > this.taken ? ACK_MS : 0));
    if (seq > this.taken) this.#early.set(seq, message);
    const ready = [];
    while (this.#early.has(this.taken + 1)) {
      ready.push(this.#early.get(++this.taken));
      this.#early.delete(this.taken);
    }
    return ready;
  }

  /** The acknowledgement goes out now, with whatever is sent. */
  acknowledging() {
    this.#ackBy = Infinity;
    return this.taken;
  }

  /** What is due: messages to send again, and whether to acknowledge. Throws where the TV has not answered in time. */
  due(now) {
    const again = this.#kept.filter((kept) => kept.due <= now);
    for (const kept of again) {
      if (kept.sent === PATIENCE_MS.length) throw new RangeError("a message was not acknowledged");
      kept.due = now + PATIENCE_MS[kept.sent++];
    }
    return { again: again.map(({ numbered }) => numbered), acknowledge: now >= this.#ackBy };
  }

  /** Another socket, at whose other end all up to `lastSeq` has arrived: what to send it. */
  replay(lastSeq, now) {
    this.#kept = this.#kept.filter((kept) => kept.seq > lastSeq);
    for (const kept of this.#kept) Object.assign(kept, { due: now + PATIENCE_MS[0], sent: 1 });
    return this.#kept.map(({ numbered }) => numbered);
  }
}
