// JSON-RPC 2.0 over a WebSocket: plain text until paired, then sealed frames, over as many sockets as it takes.
//
// A session that has lost its socket is taken up over another one by itself, for 30 s; what was asked meanwhile waits.

import { Delivery } from "./delivery.js";
import { jittered, pause, reachable } from "./network.js";
import { Refusal, fromClose, fromRpc } from "./words.js";

const PROTOCOL = "ddp.v2+json";
const ANSWER_MS = 10_000;
const OPEN_MS = 6_000;
const TICK_MS = 250;
const PING_MS = 3_000; // of silence
const DEAD_MS = 5_500; // of silence: two pings have had no answer
const DOUBT_MS = 1_500; // of silence, after the network has changed
const STOOD_STILL_MS = 2_000; // between ticks: a closed lid, or a page that the browser has frozen
const MAX_MESSAGE = 64 * 1024;
const MAX_WAITING = 512; // frames not yet opened: a whole replay, or minutes of them after a sleep; one more ends it
const RESUME_MS = 30_000;
const ATTEMPT_MS = 1_500;
const RETRY_MS = [50, 100, 250, 500, 1000]; // between attempts at a TV that answers; the last one goes on
const FINAL = [1000, 1002, 1008, 1009, 1013, 4001, 4002]; // close codes after which nobody waits for us

export class Connection {
  #url;
  #socket;
  #asked = new Map();
  #nextId = 1;
  #outgoing = Promise.resolve();
  #incoming = Promise.resolve();
  #waiting = 0;
  #delivery = new Delivery();
  #seal = null;
  #sealed = deferred();
  #resumption = null;
  #suspended = false;
  #heardAt = performance.now();
  #pingedAt = 0;
  #tickedAt = performance.now();
  #clock = null;
  #over = null;

  /** Set after `ddp.hello`; goes with every message. */
  sessionId = null;
  /** (method, params) of each notification. */
  onnotify = () => {};
  /** (Refusal, lost) once, when the connection is over for a reason that is not ours. `lost`: the session is gone
   * without anybody having ended it, so a new one may go on. */
  onend = () => {};
  /** (lost, silence): the socket is lost and another one is tried; or it has been found, after so many ms without a
   * word of the TV's. */
  onsuspend = () => {};
  /** The socket is lost because nothing of the TV's can be reached. */
  onaway = () => {};

  constructor(url, socket) {
    this.#url = url;
    this.#use(socket);
    this.#clock = setInterval(() => this.#tick(), TICK_MS);
    for (const change of ["online", "offline"]) addEventListener(change, this.#doubt);
  }

  // The browser has seen the network change, so the TV is asked whether it is still there, and has not long to answer.
  #doubt = () => {
    if (this.#suspended) return;
    this.#heardAt = Math.min(this.#heardAt, performance.now() - DEAD_MS + DOUBT_MS);
    this.#ping();
  };

  #use(socket) {
    this.#socket = socket;
    this.#incoming = Promise.resolve();
    this.#waiting = 0;
    this.#heardAt = performance.now();
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#arrived(socket, data);
    socket.onclose = ({ code, reason }) => this.#socket === socket && this.#lost(code, reason);
  }

  /** Opens it; rejects with a Refusal where nobody answers. */
  static async open(url) {
    return new Connection(url, await openSocket(url, OPEN_MS));
  }

  get isOpen() {
    return this.#over === null;
  }

  /** Asks and waits for the answer; rejects with a Refusal. */
  request(method, params = {}, timeout = ANSWER_MS) {
    if (this.#over) return Promise.reject(this.#over);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const asked = { resolve, reject };
      const late = () => {
        if (this.#suspended) return void (asked.timer = setTimeout(late, timeout));
        this.#asked.delete(id);
        reject(new Refusal("The TV took too long to answer. Check the network, then try again."));
      };
      asked.timer = setTimeout(late, timeout);
      this.#asked.set(id, asked);
      this.#send({ id, method, params });
    });
  }

  notify(method, params = {}) {
    if (!this.#over) this.#send({ method, params });
  }

  /** From here on every frame is sealed, and every message numbered. */
  useSeal(seal, resumption) {
    this.#seal = seal;
    this.#resumption = resumption;
    this.#sealed.resolve();
  }

  /** Says goodbye and closes; nothing is reported for an end that we chose. */
  bye(reason) {
    if (this.#over) return;
    this.notify("ddp.bye", { reason });
    this.onend = () => {};
    this.#outgoing.finally(() => this.close(reason));
  }

  /** Closes at once: a page that is going away has no time left to seal a message, and code 1000 means bye. */
  close(reason) {
    this.onend = () => {};
    this.#end(new Refusal(reason));
    this.#socket.close(1000, reason);
  }

  #send(message) {
    const whole = { jsonrpc: "2.0", ...message };
    if (this.sessionId) whole.ddp_session_id = this.sessionId;
    try {
      this.#write(this.#seal ? this.#delivery.keep(whole, performance.now()) : whole);
    } catch {
      this.#suspend();
    }
  }

  // A message that may be lost with its socket: a ping, an acknowledgement.
  #mention(message) {
    this.#write({ jsonrpc: "2.0", ddp_session_id: this.sessionId ?? undefined, ...message });
  }

  // Sealing is asynchronous, and frames must leave in the order of their numbers: hence the chain.
  #write(message) {
    if (this.#suspended) return;
    const socket = this.#socket;
    const seal = this.#seal;
    const whole = seal ? { ...message, ack: this.#delivery.acknowledging() } : message;
    this.#outgoing = this.#outgoing
      .then(async () => {
        const data = seal ? await seal.close(JSON.stringify(whole)) : JSON.stringify(whole);
        if (socket.readyState === WebSocket.OPEN) socket.send(data);
      })
      .catch(() => this.#fail("A message could not be sent to the TV. Connect again."));
  }

  #arrived(socket, data) {
    if (this.#socket !== socket) return;
    const plain = typeof data === "string";
    if ((plain && this.#seal) || ++this.#waiting > MAX_WAITING || (data.byteLength ?? data.length) > MAX_MESSAGE) {
      this.#fail("The TV sent something out of turn, so the connection was closed. Connect again.");
      return;
    }
    this.#incoming = this.#incoming
      .then(async () => {
        if (!plain) await this.#sealed.promise;
        const text = plain ? data : await this.#seal.open(data);
        if (this.#socket !== socket) return;
        this.#waiting -= 1;
        this.#heardAt = performance.now();
        if (!plain) this.#resumption.completed();
        const message = JSON.parse(text);
        if (typeof message !== "object" || message === null) throw new TypeError("not a message");
        for (const each of this.#delivery.arrived(message, performance.now())) this.#handle(each);
      })
      .catch(() => this.#fail("A message from the TV could not be verified, so the connection was closed."));
  }

  #handle(message) {
    if (typeof message.method === "string") {
      if (message.method === "session.token") this.#resumption.token = String(message.params?.token ?? "");
      if (message.id === undefined) this.onnotify(message.method, message.params ?? {});
      else if (message.method === "ddp.ping") this.#mention({ id: message.id, result: {} });
      else this.#send({ id: message.id, error: { code: -32601, message: "The sender page has no such method." } });
      return;
    }
    const asked = this.#asked.get(message.id);
    if (!asked) return;
    this.#asked.delete(message.id);
    clearTimeout(asked.timer);
    if (message.error) asked.reject(fromRpc(message.error));
    else asked.resolve(message.result ?? {});
  }

  #tick() {
    const now = performance.now();
    // Where we stood still ourselves, their silence says nothing: what they sent is about to be read.
    if (now - this.#tickedAt > STOOD_STILL_MS) this.#heardAt = Math.max(this.#heardAt, now - PING_MS);
    this.#tickedAt = now;
    if (this.#suspended) return;
    if (this.#seal) {
      try {
        const { again, acknowledge } = this.#delivery.due(now);
        for (const message of again) this.#write(message);
        if (acknowledge) this.#mention({ method: "ddp.ack", params: {} });
      } catch {
        return this.#suspend();
      }
    }
    const silence = now - this.#heardAt;
    if (silence > DEAD_MS) this.#suspend();
    else if (silence > PING_MS && now - this.#pingedAt > 1000) this.#ping();
  }

  #ping() {
    this.#pingedAt = performance.now();
    this.#mention({ id: `ping-${this.#nextId++}`, method: "ddp.ping", params: {} });
  }

  #lost(code, reason) {
    if (FINAL.includes(code)) this.#end(fromClose(code, reason));
    else this.#suspend(fromClose(code, reason));
  }

  // ---- another socket for the same session

  #suspend(refusal = fromClose(1006)) {
    if (this.#over || this.#suspended) return;
    this.#socket.onclose = null;
    this.#socket.close();
    if (!this.#resumption?.token) return this.#end(refusal, true);
    this.#suspended = true;
    this.onsuspend(true);
    this.#resume(refusal);
  }

  async #resume(refusal) {
    const until = performance.now() + RESUME_MS;
    const wanted = () => !this.#over && performance.now() < until;
    for (let tries = 0; await reachable(wanted, () => this.onaway()); tries += 1) {
      try {
        return await this.#attempt();
      } catch (error) {
        if (error instanceof Refusal && error.code) break; // the session is over: say why it was lost
      }
      await pause(jittered(RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]));
    }
    this.#end(refusal, true);
  }

  async #attempt() {
    const socket = await openSocket(this.#url, ATTEMPT_MS);
    try {
      const { params, accept } = await this.#resumption.ask(this.#delivery.taken);
      const { seal, lastSeq } = await accept(await askOnce(socket, "ddp.resume", params));
      if (this.#over) throw new TypeError("left meanwhile");
      const silence = performance.now() - this.#heardAt;
      this.#seal = seal;
      this.#use(socket);
      this.#suspended = false;
      const again = this.#delivery.replay(lastSeq, performance.now());
      this.#mention({ method: "ddp.ack", params: {} }); // the frame that proves our new keys
      for (const message of again) this.#write(message);
      this.onsuspend(false, silence);
    } catch (error) {
      socket.close();
      throw error;
    }
  }

  #fail(sentence) {
    this.#end(new Refusal(sentence));
    this.#socket.close();
  }

  #end(refusal, lost = false) {
    if (this.#over) return;
    this.#over = refusal;
    clearInterval(this.#clock);
    for (const change of ["online", "offline"]) removeEventListener(change, this.#doubt);
    for (const { reject, timer } of this.#asked.values()) {
      clearTimeout(timer);
      reject(refusal);
    }
    this.#asked.clear();
    this.onend(refusal, lost);
  }
}

/** An open WebSocket; rejects with a Refusal where nobody answers in time. */
function openSocket(url, timeout) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, [PROTOCOL]);
    const refuse = () => {
      socket.onopen = socket.onclose = null;
      socket.close();
      reject(new Refusal("The TV does not answer. Check that it is on and on the same network, then try again."));
    };
    const timer = setTimeout(refuse, timeout);
    socket.onclose = () => (clearTimeout(timer), refuse());
    socket.onopen = () => {
      clearTimeout(timer);
      socket.onclose = null;
      resolve(socket);
    };
  });
}

/** The answer to the first message of a socket. */
function askOnce(socket, method, params) {
  return new Promise((resolve, reject) => {
    const lost = () => reject(new TypeError("no answer"));
    const timer = setTimeout(lost, ATTEMPT_MS);
    socket.onclose = lost;
    socket.onmessage = ({ data }) => {
      clearTimeout(timer);
      try {
        const { result, error } = JSON.parse(data);
        if (error) reject(fromRpc(error));
        else resolve(result);
      } catch (problem) {
        reject(problem);
      }
    };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id: 0, method, params }));
  });
}

function deferred() {
  const parts = {};
  parts.promise = new Promise((resolve) => (parts.resolve = resolve));
  return parts;
}
