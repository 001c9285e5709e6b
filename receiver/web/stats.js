// How the cast runs, from this browser's counters (W3C webrtc-stats) and the TV's `display.stats`.

const finite = (value) => (Number.isFinite(value) && value >= 0 ? value : undefined);

/** Mean of a running total over what came since the last reading; undefined where the browser does not count it. */
function mean(now, before, total, count) {
  const spent = now?.[total] - (before?.[total] ?? 0);
  const items = now?.[count] - (before?.[count] ?? 0);
  return items > 0 ? finite(spent / items) : undefined;
}

const inUse = (report) => report.find(({ type, nominated, state }) =>
  type === "candidate-pair" && nominated && state === "succeeded");

/** How the way takes what is sent. */
export class Outflow {
  #before = null;

  /** `available`: what the browser believes that it may send, in bit/s; `sendMs`: how long each packet since the last
   * reading waited in it. Undefined where the browser does not say, or sent none. */
  async read(peer) {
    const report = [...(await peer.getStats()).values()];
    const video = report.find(({ type, kind }) => type === "outbound-rtp" && kind === "video");
    const sendMs = this.#before && inMs(mean(video, this.#before, "totalPacketSendDelay", "packetsSent"));
    this.#before = video ?? null;
    return { available: finite(inUse(report)?.availableOutgoingBitrate), sendMs: sendMs ?? undefined };
  }
}

export class Meter {
  #before = null;
  #means = {}; // of a second in which nothing moved there is none, and the last one stands

  /** Times in ms, `mbps` in Mbit/s; a value the browser does not give is undefined. */
  async read(peer) {
    const report = [...(await peer.getStats()).values()];
    const video = report.find(({ type, kind }) => type === "outbound-rtp" && kind === "video");
    const remote = report.find(({ type, kind }) => type === "remote-inbound-rtp" && kind === "video");
    const pair = inUse(report);
    const codec = report.find(({ id }) => id === video?.codecId);
    const before = this.#before;
    this.#before = video ?? null;
    const seconds = before && video ? (video.timestamp - before.timestamp) / 1000 : 0;
    return {
      width: finite(video?.frameWidth),
      height: finite(video?.frameHeight),
      fps: finite(video?.framesPerSecond),
      codec: codec?.mimeType?.split("/")[1],
      mbps: seconds > 0 ? finite(((video.bytesSent - before.bytesSent) * 8) / seconds / 1e6) : undefined,
      encodeMs: this.#mean(video, before, "totalEncodeTime", "framesEncoded"),
      sendMs: this.#mean(video, before, "totalPacketSendDelay", "packetsSent"),
      rttMs: inMs(finite(pair?.currentRoundTripTime) ?? finite(remote?.roundTripTime)),
      limit: video?.qualityLimitationReason,
    };
  }

  #mean(video, before, total, count) {
    this.#means[total] = inMs(mean(video, before, total, count)) ?? this.#means[total];
    return this.#means[total];
  }
}

const inMs = (seconds) => (seconds === undefined ? undefined : seconds * 1000);

/** From a frame's encoding to the TV's screen. "about" where every part is known, "over" where one is not. */
export function delay({ encodeMs, sendMs, rttMs }, transitMs) {
  if (finite(transitMs) === undefined) return "";
  const parts = [encodeMs, sendMs, rttMs === undefined ? undefined : rttMs / 2, transitMs];
  const sum = parts.reduce((whole, part) => whole + (part ?? 0), 0);
  return `${parts.includes(undefined) ? "over" : "about"} ${Math.round(sum)} ms`;
}

const LIMITS = { bandwidth: "slow network", cpu: "busy computer" };

const UNKNOWN = "–";
const OTHER_UNITS = /samples|packet|datagram/;

/** Frames that never reached the screen. The TV counts by cause; what it counts in other units says so in its name. */
function dropped(causes) {
  if (typeof causes !== "object" || causes === null) return undefined;
  const ofFrames = Object.entries(causes).filter(([cause]) => !OTHER_UNITS.test(cause));
  return ofFrames.reduce((sum, [, count]) => sum + (finite(count) ?? 0), 0);
}

/** Texts for the sharing view. `display`: the last `display.stats`, or {}. */
export function describe(ours, display, hasSound) {
  const width = finite(display.width) ?? ours.width;
  const height = finite(display.height) ?? ours.height;
  const fps = finite(display.fps) ?? ours.fps;
  const codec = ((typeof display.codec === "string" && display.codec) || ours.codec)?.toUpperCase();
  const lost = dropped(display.dropped);
  const rate = ours.mbps === undefined ? "" : `${ours.mbps.toFixed(1)} Mbit/s`;
  return {
    picture: width && height ? `${width} × ${height}` : UNKNOWN,
    frames: fps === undefined ? UNKNOWN : `${Math.round(fps)} a second`,
    delay: delay(ours, display.transit_ms) || UNKNOWN,
    codec: codec ? `${codec.replace("H264", "H.264")}, ${hasSound ? "with sound" : "no sound"}` : UNKNOWN,
    network: [rate, LIMITS[ours.limit]].filter(Boolean).join(", ") || UNKNOWN,
    dropped: lost === undefined ? UNKNOWN : `${lost} ${lost === 1 ? "frame" : "frames"}`,
  };
}
