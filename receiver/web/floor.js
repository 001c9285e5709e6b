// The floor: who shares now, waiting for a turn with the screen already chosen, and answering those who ask.

import { sentence } from "./words.js";

const LATER = "You can choose what to share and ask to take over.";

const BY_ITSELF = "When it is your turn, your screen goes on the TV by itself.";

/** Names as people list them. */
export function listed(people) {
  const names = people.map(({ name }) => name);
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const number = (position) => (position === 1 ? "You are next" : `You are number ${position} in the queue`);

export class Floor {
  #ui;
  #connection;
  #state = null; // the TV's last floor.state; an older TV sends none
  #control = []; // who asks us to let them control the TV
  #shown = null; // who asks in the question that is shown now
  #held = null; // what waits for its turn: the stream, and how to begin with it

  constructor(ui, connection) {
    this.#ui = ui;
    this.#connection = connection;
  }

  /** A sealed notification of the TV's. */
  notified(method, params) {
    if (method === "input.state") {
      this.#control = params.asked_by;
      this.#answerable();
    }
    if (method !== "floor.state") return;
    this.#state = params;
    this.#answerable();
    if (this.#held) this.#waited();
    else this.#sayWhoShares();
  }

  get #you() {
    return this.#state.you;
  }

  get #moderated() {
    return this.#state.mode === "moderated" && this.#you.role === "viewer";
  }

  /** Whether an offer would be taken now, as far as the page knows. */
  get isFree() {
    if (!this.#state || this.#you.state === "presenting") return true;
    return !this.#moderated && this.#state.presenting.length < this.#state.places && this.#state.queue.length === 0;
  }

  /** For the view in which people choose what to share. */
  show() {
    this.#sayWhoShares();
  }

  #sayWhoShares() {
    if (!this.#state || this.#ui.view !== "ready") return;
    const { presenting } = this.#state;
    const now = presenting.length ? `${listed(presenting)} ${presenting.length > 1 ? "are" : "is"} sharing now.` : "";
    const how = this.#moderated ? "A moderator decides who shares; choose what to share, then ask." : LATER;
    this.#ui.set({ floor: this.isFree ? now : `${now} ${how}`.trim() });
  }

  // ---- waiting for a turn

  /** Keeps what was chosen until it is our turn. `begin(stream)` is then called; `drop(message)` where it never is. */
  hold(stream, begin, drop) {
    const video = stream.getVideoTracks()[0];
    this.#held = { stream, begin, drop, asked: false };
    video.addEventListener("ended", () => this.#held?.stream === stream && this.drop("Sharing was ended in the browser."));
    this.#showBusy();
  }

  #showBusy() {
    const { presenting } = this.#state;
    const name = listed(presenting);
    const many = presenting.length > 1;
    const free = { headline: "It is your turn", message: "Nobody shares on this TV now.", ask: "Share now" };
    const texts = this.isFree ? free : this.#moderated
      ? { headline: "Ask to share", message: "A moderator decides who shares on this TV.", ask: "Ask to share" }
      : {
          headline: `${name || "Somebody"} ${many ? "are" : "is"} sharing`,
          message: many
            ? "One of them can give you their place at once. If nobody does, it is your turn when one stops."
            : `Ask, and ${name || "they"} can let you at once. If not, it is your turn when they stop.`,
          ask: "Ask to take over",
        };
    if (this.#ui.view === "busy") this.#ui.set(texts);
    else this.#ui.show("busy", texts);
  }

  async ask() {
    this.#held.asked = true;
    this.#ui.show("waiting", { headline: "Asking…", message: "" });
    const held = this.#held;
    try {
      await this.#connection.request("floor.request");
      if (this.#held === held) this.#waited();
    } catch (error) {
      if (this.#held === held) this.drop(sentence(error));
    }
  }

  #waited() {
    const { state, position } = this.#you;
    if (state === "presenting") {
      const { stream, begin } = this.#held;
      this.#held = null;
      begin(stream);
    } else if (!this.#held.asked) {
      this.#showBusy();
    } else if (state === "watching") {
      if (this.#held.told) this.drop("A moderator did not let you share now. You can ask again.");
    } else {
      this.#held.told = true;
      this.#ui.set(state === "asking" ? this.#waitsForModerator() : this.#waitsInLine(position));
    }
  }

  #waitsForModerator() {
    return { headline: "Waiting for a moderator", message: `The TV shows that you ask. ${BY_ITSELF}` };
  }

  #waitsInLine(position) {
    const name = listed(this.#state.presenting);
    const { asked } = this.#state.queue.find(({ session }) => session === this.#you.session) ?? {};
    const now = asked ? `${name} can let you at once.` : `${name || "Somebody"} would like to go on first.`;
    return { headline: number(position), message: `${now} ${BY_ITSELF}` };
  }

  /** Lets go of what was chosen, and of the place in the queue. */
  drop(message = "") {
    if (!this.#held) return;
    const { stream, asked, drop } = this.#held;
    this.#held = null;
    for (const track of stream.getTracks()) track.stop();
    if (asked && this.#connection.isOpen) this.#connection.request("floor.release").catch(() => {});
    drop(message);
  }

  // ---- being asked

  /** Who awaits our answer: those who ask to share, then those who ask to control the TV. */
  get #askers() {
    const asked = this.#state?.you.asked_by ?? [];
    const sharers = this.#state?.queue.filter(({ session }) => asked.includes(session)) ?? [];
    return [...sharers.map((who) => ({ ...who, about: "floor" })), ...this.#control.map((who) => ({ ...who, about: "input" }))];
  }

  /** A question stays until it is over, so that nobody answers another one than they have read. */
  #answerable() {
    const askers = this.#askers;
    const same = ({ session, about }) => session === this.#shown?.session && about === this.#shown.about;
    const first = (this.#shown = askers.find(same) ?? askers[0] ?? null);
    const more = askers.length > 1 ? `${askers.length - 1} more after that.` : "";
    const shares = first?.about === "floor";
    const ends = shares && this.#you.state === "presenting" && this.#state.mode !== "moderated" ? "If you let them, your sharing ends." : "";
    const headline = first && `${first.name} asks to ${shares ? "share" : "control this TV"}`;
    this.#ui.question = first && { headline, message: [ends, more].filter(Boolean).join(" ") };
  }

  /** Lets who is shown to ask do so, or not. */
  async answer(yes) {
    const shown = this.#shown;
    if (!shown) return;
    this.#shown = null;
    this.#ui.question = null;
    try {
      await this.#connection.request(`${shown.about}.${yes ? "approve" : "deny"}`, { session: shown.session });
    } catch {
      this.#answerable(); // they may have left meanwhile; the newest state says who asks now
    }
  }

  close() {
    this.#ui.question = null;
    if (!this.#held) return;
    for (const track of this.#held.stream.getTracks()) track.stop();
    this.#held = null;
  }
}
