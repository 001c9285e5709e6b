// Controlling the TV: asking for it, then keyboard, pad, remote keys and text as input.event (docs/DDP.md section 12).

import { sentence } from "./words.js";

const ALIVE_MS = 1000; // the TV lets go of what nobody vouches for during three of these
const TAP_MS = 350;
const TAP_PX = 12;
const NOTCH_PX = 100; // of a wheel in Chromium and Firefox
const SCROLL_PX = 24; // two fingers move so far for one notch
const TEXT = 256;
const BUTTONS = ["left", "middle", "right"];

export class Remote {
  #ui;
  #connection;
  #display;
  #over;
  #beside;
  #state = "none";
  #held = new Map(); // what we hold down, by its name: the event that says so
  #fingers = new Map(); // on the pad: where each came down, and where it is
  #move = null;
  #wheel = [0, 0];
  #done = new AbortController();
  #alive;

  /** `over(message)` is called once control has ended, whoever ended it. `beside`: in the view that is shown, for
   * somebody who shares meanwhile; else in a view of its own. */
  constructor(ui, connection, display, over, beside = false) {
    this.#ui = ui;
    this.#connection = connection;
    this.#display = display;
    this.#over = over;
    this.#beside = beside;
  }

  get isBeside() {
    return this.#beside;
  }

  async start() {
    this.#place.hidden = true;
    if (!this.#beside) this.#ui.show("control");
    document.querySelector(`section[data-view="${this.#ui.view}"] [data-place="remote"]`).append(this.#place);
    this.#say("Asking for control…", "", "Don't ask");
    this.#listen();
    try {
      this.#is((await this.#connection.request("input.request")).state);
    } catch (error) {
      this.#finish(sentence(error));
    }
  }

  /** A sealed notification of the TV's. */
  notified(method, params) {
    if (method === "input.state") this.#is(params.you);
  }

  get #place() {
    return document.querySelector("#remote");
  }

  #say(headline, message, stop) {
    this.#ui.set(this.#beside
      ? { "control-headline": headline, "control-message": message, control: stop }
      : { headline, message, uncontrol: stop });
  }

  #is(state) {
    const before = this.#state;
    if (state === before || this.#done.signal.aborted) return;
    this.#state = state;
    if (state === "asking") {
      this.#say("Waiting to be let", "The TV shows that you ask. Whoever shares, or a moderator, can let you.", "Don't ask");
    } else if (state === "granted") {
      this.#place.hidden = false;
      if (this.#beside) this.listen();
      this.#say(`You control ${this.#display}`, "The TV shows your name meanwhile.", "Stop controlling");
    } else if (before === "granted") {
      this.#finish("You no longer control the TV: somebody there ended it.");
    } else if (before === "asking") {
      this.#finish("You were not let control the TV. You can ask again.");
    }
  }

  /** The keyboard goes to the TV, and to no button or box of the page that was pressed before. */
  listen() {
    document.activeElement?.blur?.();
  }

  /** Gives control back. */
  end(message) {
    this.release();
    if (this.#connection.isOpen) this.#connection.request("input.release").catch(() => {});
    this.#finish(message);
  }

  /** Lets go of everything; nothing more is sent. */
  close() {
    this.release();
    clearInterval(this.#alive);
    this.#done.abort();
    this.#place.hidden = true;
    if (this.#beside) this.#say("", "", "Control this TV");
  }

  #finish(message) {
    if (this.#done.signal.aborted) return;
    this.#held.clear();
    this.close();
    this.#over(message);
  }

  // ---- sending

  #send(event) {
    if (this.#state !== "granted" || !this.#connection.isOpen) return;
    this.#connection.request("input.event", event).catch((error) => {
      if (!this.#done.signal.aborted) this.#ui.set({ [this.#beside ? "control-message" : "message"]: sentence(error) });
    });
  }

  #down(name, event) {
    if (this.#held.has(name)) return;
    this.#held.set(name, event);
    this.#send({ ...event, action: "down" });
  }

  #up(name, place = {}) {
    const event = this.#held.get(name);
    if (!event) return;
    this.#held.delete(name);
    this.#send({ ...event, ...place, action: "up" });
  }

  /** Lets go of all that is held, as when the window loses the keyboard. */
  release() {
    for (const name of [...this.#held.keys()]) this.#up(name);
    for (const button of document.querySelectorAll(".keys .down")) button.classList.remove("down");
    this.#fingers.clear();
  }

  /** Types what is in the field, and empties it. */
  type(field) {
    const letters = Array.from(field.value);
    for (let at = 0; at < letters.length; at += TEXT) this.#send({ kind: "text", text: letters.slice(at, at + TEXT).join("") });
    if (!letters.length) this.#send({ kind: "key", code: "Enter" });
    field.value = "";
  }

  // ---- what people do

  #listen() {
    const { signal } = this.#done;
    const on = (target, names, act, options = {}) => {
      for (const name of names) target.addEventListener(name, act, { signal, ...options });
    };
    on(document, ["keydown"], (event) => this.#key(event, true));
    on(document, ["keyup"], (event) => this.#key(event, false));
    on(window, ["blur", "pagehide"], () => this.release());
    on(document, ["visibilitychange"], () => document.hidden && this.release());
    for (const button of document.querySelectorAll("[data-key]")) this.#button(button, on);
    const pad = document.querySelector("#pad");
    on(pad, ["pointerdown"], (event) => this.#touch(event, pad));
    on(pad, ["pointermove"], (event) => this.#drag(event, pad));
    on(pad, ["pointerup", "pointercancel"], (event) => this.#lift(event, pad));
    on(pad, ["contextmenu"], (event) => event.preventDefault());
    on(pad, ["wheel"], (event) => this.#turn(event), { passive: false });
    this.#alive = setInterval(() => {
      for (const event of this.#held.values()) this.#send({ ...event, action: "down" });
    }, ALIVE_MS);
  }

  #key(event, isDown) {
    if (this.#state !== "granted" || !event.code || event.target.closest?.("input, button, #question")) return;
    event.preventDefault();
    const name = `key ${event.code}`;
    if (isDown) this.#down(name, { kind: "key", code: event.code });
    else this.#up(name);
  }

  #button(button, on) {
    const { key } = button.dataset;
    const name = `button ${key}`;
    on(button, ["pointerdown"], (event) => {
      button.setPointerCapture(event.pointerId);
      button.classList.add("down");
      this.#down(name, { kind: "key", code: key });
    });
    on(button, ["pointerup", "pointercancel", "lostpointercapture"], () => {
      button.classList.remove("down");
      this.#up(name);
    });
    on(button, ["contextmenu"], (event) => event.preventDefault());
    on(button, ["click"], ({ detail }) => detail === 0 && this.#send({ kind: "key", code: key })); // by the keyboard
  }

  #spot({ clientX, clientY }, pad) {
    const { left, top, width, height } = pad.getBoundingClientRect();
    const part = (value) => Math.min(1, Math.max(0, value));
    return { x: part((clientX - left) / width), y: part((clientY - top) / height) };
  }

  #touch(event, pad) {
    pad.setPointerCapture(event.pointerId);
    pad.classList.add("used");
    this.listen();
    event.preventDefault();
    const { clientX: x, clientY: y, timeStamp, pointerType } = event;
    this.#fingers.set(event.pointerId, { x, y, startX: x, startY: y, since: timeStamp, alone: this.#fingers.size === 0 });
    for (const finger of this.#fingers.values()) finger.alone &&= this.#fingers.size === 1;
    const button = BUTTONS[event.button];
    if (pointerType === "mouse" && button) this.#down(`mouse ${button}`, { kind: "pointer", button, ...this.#spot(event, pad) });
  }

  #drag(event, pad) {
    const finger = this.#fingers.get(event.pointerId);
    if (event.pointerType !== "mouse" && !finger) return;
    if (finger && this.#fingers.size > 1) this.#scroll(finger.x - event.clientX, finger.y - event.clientY, SCROLL_PX * this.#fingers.size);
    else this.#moveTo(this.#spot(event, pad));
    if (finger) [finger.x, finger.y] = [event.clientX, event.clientY];
  }

  /** The newest place goes with the next frame; those between are of no use. */
  #moveTo(place) {
    if (!this.#move) {
      requestAnimationFrame(() => {
        const to = this.#move;
        this.#move = null;
        if (to && this.#state === "granted" && this.#connection.isOpen) this.#connection.notify("input.event", { kind: "pointer", ...to });
      });
    }
    this.#move = place;
  }

  #lift(event, pad) {
    const finger = this.#fingers.get(event.pointerId);
    this.#fingers.delete(event.pointerId);
    if (!this.#fingers.size) pad.classList.remove("used");
    const place = this.#spot(event, pad);
    if (event.pointerType === "mouse") return this.#up(`mouse ${BUTTONS[event.button]}`, place);
    const moved = finger && Math.hypot(event.clientX - finger.startX, event.clientY - finger.startY);
    const isTap = finger?.alone && event.type === "pointerup" && event.timeStamp - finger.since < TAP_MS && moved < TAP_PX;
    if (isTap) this.#send({ kind: "mouse-click", ...place });
  }

  #turn(event) {
    event.preventDefault();
    const step = [NOTCH_PX, 3, 1][event.deltaMode] ?? NOTCH_PX;
    this.#scroll(event.deltaX, event.deltaY, step);
  }

  #scroll(x, y, step) {
    if (this.#state !== "granted" || !this.#connection.isOpen) return;
    const notches = (value) => Math.min(50, Math.max(-50, value / step));
    this.#wheel = [this.#wheel[0] + notches(x), this.#wheel[1] + notches(y)];
    const [dx, dy] = this.#wheel.map((value) => Math.trunc(value * 10) / 10);
    if (!dx && !dy) return;
    this.#wheel = [this.#wheel[0] - dx, this.#wheel[1] - dy];
    const bounded = (value) => Math.min(50, Math.max(-50, value));
    this.#connection.notify("input.event", { kind: "wheel", dx: bounded(dx), dy: bounded(dy) });
  }
}
