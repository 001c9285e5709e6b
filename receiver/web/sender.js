// One sender, from "Connect" to "Stop sharing": what each step leads to, and what each refusal does.

import { Back } from "./back.js";
import { capture } from "./cast.js";
import { Connection } from "./connection.js";
import { Floor } from "./floor.js";
import { Remote } from "./remote.js";
import { jittered, pause } from "./network.js";
import { askForPin, greet, pinSecret, prove, reunite, useCode } from "./pairing.js";
import { PinField } from "./pinfield.js";
import { findAgain, passes } from "./reunion.js";
import { Sharing } from "./sharing.js";
import { browser, noteSharing, rememberName, rememberedName, wasSharing } from "./support.js";
import { countdown } from "./ui.js";
import { BUSY, UNKNOWN, WRONG_PIN, duration, fromCapture, sentence } from "./words.js";

const MAX_NAME = 64;
const SHORT_WAIT_S = 60;
const MOVES = 10; // offers of what is shared to a TV that is still starting
const RELOADED = "Sharing ended when this page was left. Choose again what to share.";
const address = () => `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/`;
const clean = (name) => Array.from(name.replace(/\p{C}/gu, " ").trim()).slice(0, MAX_NAME).join("");

export class Sender {
  #ui;
  #identity;
  #secret;
  #name = "";
  #pin;
  #connection = null;
  #greeting = null;
  #sharing = null;
  #floor = null;
  #remote = null;
  #back = null;
  #countdowns = [];
  #news = "";

  constructor(ui, identity, secret) {
    this.#ui = ui;
    this.#identity = identity;
    this.#secret = secret;
    this.#pin = new PinField(document.querySelector("#pin"), (digits) => this.#tryPin(digits));
    ui.on({
      "name-form": ({ name }) => this.#named(name),
      "new-pin": () => this.#guard(() => this.#askForPin()),
      "share-form": (fields) => this.#share(fields),
      ask: () => this.#floor.ask(),
      unhold: () => this.#floor.drop("Nothing is shared."),
      let: () => this.#floor.answer(true),
      "not-now": () => this.#floor.answer(false),
      control: () => (this.#remote ? this.#remote.end("You no longer control the TV.") : this.#control()),
      back: () => {
        this.#back?.accept(document.querySelector("#back input").checked);
        this.#remote?.listen();
      },
      uncontrol: () => this.#remote?.end("You no longer control the TV."),
      "text-form": ({ typed }) => this.#remote?.type(typed),
      accept: () => this.#guard(() => this.#pair()),
      again: () => (this.#connection?.isOpen ? this.#ready() : this.#connect()),
      leave: () => this.#leave(),
      pause: () => this.#sharing?.togglePause(),
      stop: () => this.#sharing?.end("ready", "You stopped sharing."),
    });
    addEventListener("pagehide", () => this.#goAway());
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  }

  begin() {
    if (["firefox", "safari"].includes(browser())) this.#noSound();
    this.#name = clean(rememberedName());
    if (wasSharing()) this.#news = RELOADED;
    if ((this.#secret || this.#news) && this.#name) this.#connect();
    else this.#askName();
  }

  #noSound() {
    const box = document.forms["share-form"].elements.sound;
    box.checked = false;
    box.disabled = true;
    box.parentElement.querySelector("span").lastChild.textContent = " This browser can share only the picture";
  }

  #askName() {
    const byPin = "The TV will then show an 8-digit PIN.";
    const next = this.#secret ? "You came by the QR code, so no PIN is needed." : byPin;
    document.querySelector("#name").value = this.#name;
    this.#ui.show("name", { next });
    document.querySelector(this.#name ? "#name-form button" : "#name").focus();
  }

  #named(field) {
    this.#name = clean(field.value);
    if (!this.#name) {
      field.value = "";
      field.reportValidity();
      return;
    }
    rememberName(this.#name);
    this.#connect();
  }

  /** Runs a step; what goes wrong is shown, unless the connection it belonged to is already gone or replaced. */
  async #guard(step) {
    const connection = this.#connection;
    try {
      await step();
    } catch (error) {
      if (this.#connection === connection && (connection?.isOpen ?? true)) this.#refuse(error);
    }
  }

  async #connect() {
    this.#floor?.close();
    this.#connection?.bye("connecting again");
    this.#connection = null;
    this.#ui.show("connecting");
    try {
      const connection = await Connection.open(address());
      this.#listen(connection);
      this.#use(connection);
    } catch (error) {
      this.#refuse(error);
      return;
    }
    await this.#guard(async () => {
      this.#greeting = await greet(this.#connection, this.#identity, this.#name);
      this.#ui.display = this.#greeting.displayName;
      const known = await this.#identity.recognise(this.#greeting.displayId, this.#greeting.bound.fpR);
      if (known === "changed") this.#ui.show("changed");
      else if (known === "known") await this.#reunite();
      else await this.#pair();
    });
  }

  #use(connection) {
    this.#connection = connection;
    connection.onend = (refusal, lost) => this.#lost(refusal, lost);
    connection.onsuspend = (lost, silence) => this.#sharing?.suspended(lost, silence);
    connection.onaway = () => this.#sharing?.away();
  }

  #listen(connection) {
    const floor = (this.#floor = new Floor(this.#ui, connection));
    connection.onnotify = (method, params) => {
      floor.notified(method, params);
      this.#remote?.notified(method, params);
      this.#back?.notified(method, params);
      this.#sharing?.notified(method, params);
    };
  }

  async #reunite() {
    try {
      await reunite(this.#connection, this.#identity, this.#greeting);
    } catch (error) {
      if (error.code !== UNKNOWN) throw error;
      return this.#pair("The TV no longer knows this browser, so it asks for a PIN again.");
    }
    return this.#ready();
  }

  // The QR code's secret is good for one use, so after any answer the PIN is what remains.
  async #pair(why = "") {
    const secret = this.#secret;
    this.#secret = null;
    if (!secret) return this.#askForPin(why);
    try {
      await useCode(this.#connection, secret);
      await prove(this.#connection, this.#identity, this.#greeting, secret);
    } catch (error) {
      if (error.code !== WRONG_PIN) throw error;
      return this.#askForPin("This QR code has been used or has expired. Type the PIN instead.");
    }
    return this.#ready();
  }

  async #askForPin(message = "") {
    this.#ui.show("connecting");
    const life = await askForPin(this.#connection);
    this.#stopCountdowns();
    this.#pin.clear();
    this.#pin.enabled = true;
    this.#ui.show("pin", { message, hint: "", expiry: "" });
    this.#count(life, (left) => {
      if (left === 0) this.#pinOver("This PIN has expired. Let the TV show a new one.");
      else this.#ui.set({ expiry: left <= 30 ? `Good for ${duration(left)} more` : "" });
    });
  }

  #pinOver(message) {
    this.#stopCountdowns();
    this.#pin.clear();
    this.#pin.enabled = false;
    this.#ui.set({ message, hint: "", expiry: "" });
    document.querySelector("[data-action='new-pin']").focus();
  }

  #tryPin(digits) {
    this.#pin.enabled = false;
    this.#ui.set({ message: "", hint: "Checking…" });
    return this.#guard(async () => {
      try {
        await prove(this.#connection, this.#identity, this.#greeting, pinSecret(digits));
        this.#ready();
      } catch (error) {
        if (error.code === WRONG_PIN) this.#wrongPin(error);
        else if (error.retryAfter <= SHORT_WAIT_S) this.#tryLater(digits, error);
        else throw error;
      }
    });
  }

  #wrongPin({ message, triesLeft }) {
    if (triesLeft === 0) {
      this.#pinOver(message);
      return;
    }
    this.#pin.clear();
    this.#pin.enabled = true;
    this.#ui.set({ message, hint: "" });
  }

  // These digits have not been looked at yet, so nobody should have to type them again.
  #tryLater(digits, { retryAfter }) {
    this.#count(retryAfter, (left) => {
      if (left === 0) this.#tryPin(digits);
      else this.#ui.set({ hint: `After a wrong PIN the TV waits: checking in ${duration(left)}` });
    });
  }

  #count(seconds, tick) {
    this.#countdowns.push(countdown(seconds, tick));
  }

  #stopCountdowns() {
    for (const stop of this.#countdowns.splice(0)) stop();
  }

  #ready(message = this.#news) {
    this.#news = "";
    this.#stopCountdowns();
    this.#ui.show("ready", { message });
    this.#floor.show();
  }

  async #share({ content, sound }) {
    const connection = this.#connection;
    const motion = content.value === "motion";
    let stream;
    try {
      stream = await capture({ sound: sound.checked, motion });
    } catch (error) {
      const refusal = fromCapture(error);
      this.#ui.set({ message: refusal ? refusal.message : "Nothing is shared: you closed the browser's window." });
      return;
    }
    if (this.#connection !== connection || !connection.isOpen || this.#ui.view !== "ready") {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    if (this.#floor.isFree) return this.#begin(connection, stream, motion);
    this.#floor.hold(stream, (held) => this.#begin(connection, held, motion), (message) => this.#ready(message));
  }

  async #begin(connection, stream, motion) {
    const over = (view, message) => {
      if (this.#remote?.isBeside) this.#remote.end("");
      if (this.#back && this.#connection.isOpen) this.#back.accept(false);
      this.#sharing = this.#back = null;
      const again = this.#connection.isOpen ? "Share again" : "Connect again";
      this.#ui.show(view, { headline: "Sharing has ended", message, again });
      if (view === "ready") this.#floor.show();
    };
    this.#sharing = new Sharing(this.#ui, this.#greeting.displayName, connection, stream, { motion, over });
    const started = this.#sharing.start();
    this.#back = new Back(this.#ui, connection, this.#greeting.tellsBack);
    await started;
  }

  #control() {
    const back = (message) => {
      this.#remote = null;
      if (this.#ui.view === "control") this.#ready(message);
      else if (this.#ui.view === "sharing") this.#ui.set({ "control-message": message });
    };
    const beside = this.#ui.view === "sharing";
    this.#remote = new Remote(this.#ui, this.#connection, this.#greeting.displayName, back, beside);
    this.#remote.start();
  }

  #lost(refusal, lost) {
    this.#stopCountdowns();
    this.#remote?.close();
    this.#remote = null;
    this.#floor.close();
    if (this.#sharing && lost) this.#goOn(this.#sharing, refusal);
    else if (this.#sharing) this.#sharing.end("ended", refusal.message);
    else if (["ready", "busy", "waiting", "control"].includes(this.#ui.view)) {
      const headline = "The connection has ended";
      this.#ui.show("ended", { headline, message: refusal.message, again: "Connect again" });
    } else if (["connecting", "changed", "pin"].includes(this.#ui.view)) this.#refuse(refusal);
  }

  // The session is gone and what is shared is still there: it goes on in another one, without a PIN and without a click.
  async #goOn(sharing, refusal) {
    sharing.lost();
    const wanted = () => this.#sharing === sharing;
    const listen = (connection) => this.#listen(connection);
    try {
      const found = await findAgain(address(), this.#identity, this.#name, this.#greeting, wanted, listen);
      if (!wanted()) return found?.connection.bye("left");
      if (!found) return sharing.end("ended", refusal.message);
      this.#greeting = found.greeting;
      this.#use(found.connection);
      this.#back = new Back(this.#ui, found.connection, found.greeting.tellsBack);
      await this.#move(sharing, found.connection);
    } catch (error) {
      if (wanted()) sharing.end(this.#connection.isOpen ? "ready" : "ended", sentence(error));
    }
  }

  async #move(sharing, connection) {
    for (let tries = 1; this.#sharing === sharing && connection.isOpen; tries += 1) {
      try {
        return await sharing.move(connection);
      } catch (error) {
        if (!connection.isOpen) return; // lost again: it goes on from there
        if (error.code === BUSY && !this.#floor.isFree) return this.#waitForTurn(sharing, connection);
        if (!passes(error) || tries === MOVES) throw error;
      }
      await pause(jittered(1000));
    }
  }

  // Somebody else shares now. What was chosen waits for its turn.
  #waitForTurn(sharing, connection) {
    const { stream, motion } = sharing.release();
    this.#sharing = null;
    this.#ready();
    this.#floor.hold(stream, (held) => this.#begin(connection, held, motion), (message) => this.#ready(message));
  }

  #refuse(error) {
    this.#stopCountdowns();
    const button = document.querySelector("section[data-view='refused'] [data-action='again']");
    const wait = error.retryAfter ?? 0;
    button.disabled = wait > 0;
    this.#connection?.bye("refused");
    this.#ui.show("refused", { message: sentence(error) });
    this.#count(wait, (left) => {
      button.disabled = left > 0;
      button.textContent = left > 0 ? `Try again in ${duration(left)}` : "Try again";
    });
  }

  #leave() {
    this.#stopCountdowns();
    this.#remote?.close();
    this.#remote = null;
    this.#floor?.close();
    this.#connection?.bye("left");
    this.#connection = null;
    this.#askName();
  }

  #goAway() {
    this.#remote?.close();
    if (this.#sharing) noteSharing();
    this.#sharing?.end("ended", "This page was closed.");
    this.#floor?.close();
    this.#connection?.close("the page was closed");
  }
}
