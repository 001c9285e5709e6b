// A cast that is on: its phases, its figures, pause and resume, and the end from any side.

import { Cast } from "./cast.js";
import { canQuic } from "./quic.js";
import { QuicCast } from "./quiccast.js";
import { Meter, describe } from "./stats.js";
import { sentence } from "./words.js";

const STATS_MS = 1000;
const SILENCE_MS = 4000; // after this long without feedback browsers think the way back to be narrow
const PATH_LOST = "The picture can't reach the TV any more. Check that both are on the same network, then share again.";
const NO_WEBRTC_MS = 6000; // a path within one network stands in well under one
const WAITING = "Waiting for the TV. What you chose stays chosen, and goes on by itself.";

export class Sharing {
  #ui;
  #name;
  #connection;
  #cast;
  #over;
  #timer;
  #paused = false;
  #pausedBy = "";
  #offeredAgain = false;
  #path = "";
  #found = false; // a path has stood; where it breaks, another of its kind is the way to mend it
  #away = false;
  #quiet = false;
  #live = false;
  #display = {};

  /** `over(view, message)`: called once, with "ready" where the person or a refusal ended it, else "ended". */
  constructor(ui, displayName, connection, stream, { motion, over }) {
    this.#ui = ui;
    this.#name = displayName;
    this.#connection = connection;
    this.#over = over;
    const chosen = new URLSearchParams(location.search).get("transport") === "quic";
    this.#take(new (chosen && canQuic() ? QuicCast : Cast)(connection, stream, { motion }));
  }

  #take(cast) {
    this.#cast = cast;
    this.#cast.onended = () => this.end("ready", "Sharing was ended in the browser.");
    this.#cast.onpath = (state) => this.#pathChanged(state);
  }

  async start() {
    this.#ui.show("sharing", { ...describe({}, {}), pause: "Pause" });
    this.#phase("starting");
    const meter = new Meter();
    this.#timer = setInterval(() => this.#measure(meter), STATS_MS);
    if (this.#cast instanceof Cast && canQuic()) setTimeout(() => this.#tryQuic(), NO_WEBRTC_MS);
    await this.#try(() => this.#cast.start());
  }

  // WebRTC finds no way, as where a policy forbids it UDP: QUIC is another path for the same stream.
  #tryQuic() {
    const found = this.#found || ["connected", "completed"].includes(this.#cast.peer?.iceConnectionState);
    if (!this.#over || found || this.#away || !(this.#cast instanceof Cast)) return;
    const { stream, motion } = this.#cast.release();
    this.#take(new QuicCast(this.#connection, stream, { motion }));
    this.#try(() => this.#cast.start());
  }

  /** What fails ends the sharing, unless its session is gone meanwhile: then it begins anew in the next one. */
  async #try(step) {
    const connection = this.#connection;
    try {
      await step();
    } catch (error) {
      if (this.#connection === connection) this.end("ready", sentence(error));
    }
  }

  async #measure(meter) {
    const ours = await meter.read(this.#cast.peer);
    if (!this.#paused && this.#over) this.#ui.set(describe(ours, this.#display, this.#cast.hasSound));
  }

  /** A sealed notification of the TV's. */
  notified(method, params) {
    if (method === "display.stats") this.#display = params;
    if (method === "display.state") this.#held(params);
    if (method !== "session.state") return;
    if (params.state === "live") this.#live = true;
    if (params.state === "ended") {
      this.#cast.gone();
      this.end("ended", params.reason || "The TV ended it.");
    } else if (params.state === "live" || params.state === "reconnecting") this.#phase(params.state, params.reason);
    if (params.again) this.#mend();
  }

  /** A moderator, or someone at the TV, has paused it or let it go on. */
  #held({ state, by }) {
    this.#pausedBy = state === "paused" ? by : "";
    this.#paused = state === "paused";
    this.#ui.set({ ...describe({}, {}), pause: this.#paused ? "Resume" : "Pause" });
    this.#phase(this.#live ? "live" : "starting");
  }

  /** The socket is lost and another one is tried; or it has been found, after so many ms of silence. */
  suspended(lost, silence) {
    this.#away = lost;
    if (lost) return this.#phase("reconnecting");
    if (this.#quiet) this.#cast.quiet((this.#quiet = false));
    // The path may come back by itself, with the narrow bandwidth of the outage: a new one beside it is often sooner.
    if (this.#path === "connected") this.#phase(this.#live ? "live" : "starting");
    if (this.#path !== "connected" || silence > SILENCE_MS) this.#mend();
  }

  /** Nothing of the TV's can be reached. */
  away() {
    if (!this.#quiet) this.#cast.quiet((this.#quiet = true));
  }

  #mend() {
    this.#offeredAgain = true;
    if (this.#path !== "connected") this.#phase("reconnecting");
    this.#try(() => this.#cast.again());
  }

  // A path that failed is offered anew behind the same session, once; a path that came up may fail again.
  #pathChanged(state) {
    this.#path = state;
    if (state === "connected") {
      this.#found = true;
      this.#offeredAgain = false;
      if (this.#live && !this.#away) this.#phase("live");
    } else if (state === "disconnected") {
      this.#phase("reconnecting");
    } else if (state === "failed" && !this.#away) {
      if (this.#offeredAgain) this.end("ended", PATH_LOST);
      else this.#mend();
    }
  }

  /** The session is gone, and another one is looked for; the capture stays. */
  lost() {
    this.#connection = null;
    this.#away = true;
    this.#live = false;
    this.#display = {};
    if (this.#pausedBy) this.#paused = false;
    this.#pausedBy = "";
    this.#phase("reconnecting", WAITING);
  }

  /** The same capture goes on in another session. Rejects with a Refusal. */
  async move(connection) {
    this.#connection = connection;
    this.#away = this.#quiet = false;
    this.#offeredAgain = true; // one that never stands is not offered for ever
    await this.#cast.move(connection);
    if (this.#paused) this.#phase("paused");
  }

  /** Ends, and leaves the capture to the caller. */
  release() {
    this.#finish();
    return this.#cast.release();
  }

  #phase(phase, reason = "") {
    const now = this.#paused ? "paused" : phase;
    const [headline, message] = {
      starting: [`Starting on ${this.#name}`, "Waiting for the first picture on the TV."],
      live: [`Your screen is on ${this.#name}`, ""],
      paused: [`Paused on ${this.#name}`, this.#pausedBy
        ? `The TV holds the last picture: ${this.#pausedBy} has paused it.`
        : `${this.#live ? "The TV holds the last picture. " : ""}Nothing of your screen leaves here.`],
      reconnecting: [`Reconnecting to ${this.#name}`, reason || "The network was interrupted; trying to go on."],
    }[now];
    this.#ui.phase = now;
    this.#ui.enable("pause", this.#live || this.#paused); // before that the TV has no picture to hold
    this.#ui.set({ headline, message });
  }

  async togglePause() {
    this.#paused = !this.#paused;
    this.#pausedBy = "";
    this.#ui.set({ ...describe({}, {}), pause: this.#paused ? "Resume" : "Pause" });
    this.#phase(this.#live ? "live" : "starting");
    await this.#try(() => (this.#paused ? this.#cast.pause() : this.#cast.resume(this.#live)));
  }

  #finish() {
    const over = this.#over;
    this.#over = null;
    clearInterval(this.#timer);
    return over;
  }

  end(view, message) {
    const over = this.#finish();
    if (!over) return;
    this.#cast.stop();
    over(view, message);
  }
}
