// Finding the TV again after a session is gone: another session, by the keys that both have pinned.

import { Connection } from "./connection.js";
import { toBase64url } from "./encoding.js";
import { jittered, pause, reachable } from "./network.js";
import { greet, reunite } from "./pairing.js";
import { Refusal } from "./words.js";

const LONGEST_MS = 600_000; // then the person has gone to do something else, and no capture should wait on
const WAIT_MS = [100, 300, 1000, 3000]; // between attempts at a TV that answers; the last one goes on
const CHANGED = "Another TV answers at this address now, so nothing was sent to it. Connect again to see which one.";
const LATER = [-32004, -32009, -32603]; // locked, rate limited, something of the TV's is being started again
const POLICY = [1008, 4002];

/** Whether the same may well succeed a little later. */
export const passes = ({ code }) => LATER.includes(code) || (code >= 0 && !POLICY.includes(code));

/** Another session with the TV that `before` is the greeting of: `{connection, greeting}`; null where `wanted()` was
 * false before it was found, or it took too long. `listen(connection)` is called before its first notification.
 * Rejects with a Refusal where the TV, or we, will not. */
export async function findAgain(url, identity, name, before, wanted, listen) {
  const until = performance.now() + LONGEST_MS;
  const going = () => wanted() && performance.now() < until;
  for (let tries = 0; await reachable(going); tries += 1) {
    let connection = null;
    try {
      connection = await Connection.open(url);
      const greeting = await greet(connection, identity, name);
      if (!same(greeting.bound, before.bound)) throw new Refusal(CHANGED, { code: -1 });
      listen(connection);
      await reunite(connection, identity, greeting);
      if (connection.isOpen) return { connection, greeting };
    } catch (error) {
      connection?.bye("trying again");
      if (!passes(error)) throw error;
      await pause(Math.max((error.retryAfter ?? 0) * 1000, jittered(WAIT_MS[Math.min(tries, WAIT_MS.length - 1)])));
    }
  }
  return null;
}

const same = (one, other) => one.displayId === other.displayId && toBase64url(one.fpR) === toBase64url(other.fpR);
