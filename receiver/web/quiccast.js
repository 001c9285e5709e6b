// A cast over QUIC instead of WebRTC: the same promises as Cast's in cast.js, kept by a QuicStream.

import { QuicStream } from "./quic.js";

const OPEN_MS = 15_000;

export class QuicCast {
  #connection;
  #stream;
  #motion;
  #quic = null;
  #paused = false;
  #quiet = false;
  #over = false;

  onpath = () => {};
  onended = () => {};

  constructor(connection, stream, { motion }) {
    this.#connection = connection;
    this.#stream = stream;
    this.#motion = motion;
    stream.getVideoTracks()[0].addEventListener("ended", () => this.#over || this.onended());
  }

  get hasSound() {
    return this.#stream.getAudioTracks().length > 0;
  }

  /** What Meter reads, as from an RTCPeerConnection. */
  get peer() {
    return { getStats: async () => (await this.#quic?.stats()) ?? new Map() };
  }

  /** Asks where it is awaited and sends there. Called again, it makes another way beside the one there is. */
  async start() {
    const there = await this.#connection.request("quic.open", {}, OPEN_MS);
    if (this.#over) return;
    const next = new QuicStream();
    next.paused = this.#paused || this.#quiet;
    next.onend = () => next === this.#quic && !this.#over && this.onpath("failed");
    await next.start(this.#stream, there);
    if (this.#over) return next.stop();
    const before = this.#quic;
    this.#quic = next;
    before?.stop();
    this.onpath("connected");
  }

  again() {
    return this.start();
  }

  move(connection) {
    this.#connection = connection;
    const before = this.#quic;
    this.#quic = null;
    before?.stop();
    return this.start();
  }

  #hold() {
    if (this.#quic) this.#quic.paused = this.#paused || this.#quiet;
  }

  async quiet(on) {
    this.#quiet = on;
    this.#hold();
  }

  async pause() {
    this.#paused = true;
    this.#hold();
    if (this.#connection.isOpen) await this.#connection.request("display.pause");
  }

  async resume(held) {
    if (held) await this.#connection.request("display.play");
    this.#paused = false;
    this.#hold();
  }

  release() {
    this.#over = true;
    this.#quic?.stop();
    return { stream: this.#stream, motion: this.#motion };
  }

  stop() {
    if (this.#over) return;
    for (const track of this.release().stream.getTracks()) track.stop();
    if (this.#connection.isOpen) this.#connection.request("display.stop").catch(() => {});
  }
}
