// A network that is away: noticing within a blink that the TV can be reached again, and not crowding it then.

const PROBE_MS = 500;
const EAGER_MS = 15_000;
const EAGER_EVERY_MS = 100; // while the network is away a probe costs nobody anything
const PATIENT_EVERY_MS = 1_000;

const PROBE = { method: "HEAD", cache: "no-store" };

/** So that many pages that lost the same TV do not come back in step. */
export const jittered = (ms) => ms * (0.5 + Math.random());

/** So many ms, or until the browser says that the network is there. */
export function pause(ms) {
  return new Promise((resolve) => {
    const over = () => {
      clearTimeout(timer);
      removeEventListener("online", over);
      resolve();
    };
    const timer = setTimeout(over, ms);
    addEventListener("online", over);
  });
}

/** Whether anything answers at the TV's address. Not a WebSocket: browsers hold those back after some failures. */
async function answers() {
  try {
    await fetch("/.well-known/ddp", { ...PROBE, signal: AbortSignal.timeout(PROBE_MS) });
    return true;
  } catch {
    return false;
  }
}

/** Waits until the TV's address answers, or `wanted()` is false; whether it answers. `missed` is called each time that
 * it does not. */
export async function reachable(wanted, missed = () => {}) {
  const eager = performance.now() + EAGER_MS;
  while (wanted()) {
    if (await answers()) return true;
    missed();
    await pause(performance.now() < eager ? EAGER_EVERY_MS : jittered(PATIENT_EVERY_MS));
  }
  return false;
}
