// Every refusal as a sentence that a person can act on.

export class Refusal extends Error {
  /** `code`: JSON-RPC or WebSocket close code; `triesLeft`, `retryAfter` (seconds): numbers where they were told. */
  constructor(sentence, { code = 0, triesLeft, retryAfter } = {}) {
    super(sentence);
    this.code = code;
    this.triesLeft = triesLeft;
    this.retryAfter = retryAfter;
  }
}

export const UNKNOWN = -32001;
export const WRONG_PIN = -32003;
const LOCKED = -32004;
export const BUSY = -32008;

const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

export function duration(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return whole < 90 ? count(whole, "second", "seconds") : count(Math.ceil(whole / 60), "minute", "minutes");
}

function wrongPin({ triesLeft }) {
  if (triesLeft === 0) return "That was not the PIN, and it was the last try. Ask the TV for a new PIN.";
  const left = triesLeft === undefined ? "" : ` ${count(triesLeft, "try is", "tries are")} left.`;
  return `That is not the PIN on the TV. Look again and type it once more.${left}`;
}

function locked({ retryAfter }) {
  const when = retryAfter === undefined ? "Wait a while" : `Wait ${duration(retryAfter)}`;
  return `There were too many wrong PINs. ${when}, then try again.`;
}

function busy(_, { sender }) {
  return `${sender || "Somebody else"} is casting to this TV now. Ask them to stop, then try again.`;
}

const SENTENCES = {
  [UNKNOWN]: () => "This TV no longer knows this page. Connect again; the TV will show a new PIN.",
  [WRONG_PIN]: wrongPin,
  [LOCKED]: locked,
  [-32006]: () => "This session has ended. Connect again; the TV will show a new PIN.",
  [BUSY]: busy,
  [-32009]: ({ retryAfter }) =>
    `Too many requests at once. Wait ${retryAfter === undefined ? "a moment" : duration(retryAfter)}, then try again.`,
  [-32010]: () => "This browser and this TV have no way to cast in common. Update the browser, or try another one.",
};

const number = (value) => (Number.isFinite(value) && value >= 0 ? value : undefined);
const words = (value) => (typeof value === "string" && value.trim() ? value.trim().slice(0, 300) : "");

/** A JSON-RPC error object to a Refusal: the receiver's advice, which knows most; our words where it gives none. */
export function fromRpc(error) {
  const code = Number.isInteger(error?.code) ? error.code : 0;
  const data = typeof error?.data === "object" && error.data !== null ? error.data : {};
  const facts = { code, triesLeft: number(data.tries_left), retryAfter: number(data.retry_after_s) };
  const advice = words(data.advice);
  const ours = SENTENCES[code]?.(facts, { sender: words(data.sender) });
  const said = advice || ours || words(error?.message) || "The TV refused, without saying why. Try again.";
  return new Refusal(said, facts);
}

const CLOSES = {
  1000: "The TV ended the connection.",
  1001: "The TV is restarting or shutting down. Wait a moment, then connect again.",
  1002: "The TV did not understand this page. Reload the page, then connect again.",
  1006: "The connection to the TV was lost. Check that this computer is still on the TV's network.",
  1008: "The TV refused the connection. Reload the page, then try again.",
  1009: "A message was too large for the TV. Reload the page, then try again.",
  4000: "The TV heard nothing from this page for 90 seconds. Check the network, then connect again.",
  4001: "Connecting took too long. Try again.",
  4002: "Another page took this page's place, or its access to this TV was revoked.",
};

export function fromClose(code, reason) {
  return new Refusal(words(reason) || CLOSES[code] || CLOSES[1006], { code });
}

const CAPTURE = {
  NotFoundError: "There is nothing to share: the browser found no screen, window or tab.",
  NotReadableError: "The system would not let the browser record the screen. Allow it in the system's privacy settings,"
    + " restart the browser, then try again.",
  NotSupportedError: "This browser can't share what you picked. Try another window, or the whole screen.",
  AbortError: "The system stopped the recording before it began. Try again.",
};

/** What getDisplayMedia threw; null where the person just closed the picker. */
export function fromCapture(error) {
  const blocked = /system|policy/i.test(error.message);
  if (error.name === "NotAllowedError" && !blocked) return null;
  return new Refusal(CAPTURE[blocked ? "NotReadableError" : error.name] ?? `The browser can't share: ${error.message}`);
}

/** What to show for anything thrown; what is not a Refusal is a bug of this page, and goes to the console too. */
export function sentence(error) {
  if (error instanceof Refusal) return error.message;
  console.error(error);
  return `Something went wrong in this page (${error.message}). Reload it, then try again.`;
}
