// A stream over WebTransport (docs/DDP.md section 9): WebCodecs encodes, RTP over QUIC carries, a stream for each frame.

import { Refusal } from "./words.js";
import { PACKETIZE, colours, join, readRtcp, rtp, senderReport, varint } from "./packets.js";

const CODECS = { VP8: "vp8", H264: "avc1.42e02a", VP9: "vp09.00.41.08", AV1: "av01.0.09M.08" };
const START_BITRATE = 4_000_000; // bit/s
const MIN_BITRATE = 300_000;
const MAX_BITRATE = 12_000_000;
const MAX_UNSENT = 4; // frames under way; with more, new pictures are left out before they are encoded
const REPORT_MS = 1_000;
const FLOW = [0];

/** Whether this browser can do it at all. */
export const canQuic = () =>
  ["WebTransport", "VideoEncoder", "MediaStreamTrackProcessor"].every((name) => name in globalThis);

export class QuicStream {
  #transport;
  #track = {};
  #datagrams;
  #encoders = [];
  #readers = [];
  #timer = 0;
  #wanted = true; // a keyframe
  #unsent = 0;
  #bitrate = START_BITRATE;
  #video = null;
  #over = false;

  #paused = false;
  #began = new Map(); // when a frame went into the encoder, by its stamp
  #sent = { frames: 0, ms: 0, times: [] };

  left_out = 0;
  onend = () => {};

  /** Connects and sends `stream` to where `quic.open` has answered that it is awaited. Rejects with a Refusal. */
  async start(stream, { port, path, certificate, codecs }, host = location.hostname) {
    const value = Uint8Array.from(atob(certificate.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    const transport = (this.#transport = new WebTransport(`https://${host}:${port}${path}`, {
      serverCertificateHashes: [{ algorithm: "sha-256", value }],
    }));
    transport.closed.then(() => this.#end(), () => this.#end());
    try {
      await transport.ready;
    } catch {
      throw new Refusal("The TV was not reached over QUIC. Check that no firewall blocks UDP, then share again.");
    }
    this.#datagrams = transport.datagrams.writable.getWriter();
    this.#listen();
    const [picture] = stream.getVideoTracks();
    await this.#sendVideo(picture, codecs);
    for (const sound of stream.getAudioTracks()) this.#sendSound(sound, codecs);
    this.#timer = setInterval(() => this.#report(), REPORT_MS);
  }

  stop() {
    this.#end();
    this.#transport?.close();
  }

  get bitrate() {
    return this.#bitrate;
  }

  /** Nothing is encoded or sent meanwhile; what comes after begins with a whole picture. */
  set paused(on) {
    this.#wanted ||= this.#paused && !on;
    this.#paused = on;
  }

  /** As RTCPeerConnection's: an `outbound-rtp`, its `codec`, and a `candidate-pair` where the round trip is known. */
  async stats() {
    const entries = [];
    if (this.#video) {
      const { codec, config, octets, packets } = this.#video;
      const now = performance.now();
      this.#sent.times = this.#sent.times.filter((time) => time > now - 1000);
      entries.push({ id: "codec", type: "codec", mimeType: `video/${codec}` });
      entries.push({
        id: "video", type: "outbound-rtp", kind: "video", codecId: "codec", timestamp: now,
        frameWidth: config.width, frameHeight: config.height, framesPerSecond: this.#sent.times.length,
        bytesSent: octets, packetsSent: packets, framesEncoded: this.#sent.frames, totalEncodeTime: this.#sent.ms / 1000,
        qualityLimitationReason: this.#bitrate <= MIN_BITRATE ? "bandwidth" : "none",
      });
    }
    const { smoothedRtt } = (await this.#transport.getStats?.().catch(() => null)) ?? {};
    if (smoothedRtt) {
      const currentRoundTripTime = smoothedRtt / 1000;
      entries.push({ id: "pair", type: "candidate-pair", nominated: true, state: "succeeded", currentRoundTripTime });
    }
    return new Map(entries.map((entry) => [entry.id, entry]));
  }

  #end() {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    for (const reader of this.#readers) reader.cancel().catch(() => {});
    for (const encoder of this.#encoders) if (encoder.state !== "closed") encoder.close();
    this.onend();
  }

  // ---- the picture

  async #sendVideo(track, offered) {
    const { width = 1280, height = 720 } = track.getSettings();
    for (const { codec, payload_type } of offered) {
      if (!(codec in CODECS)) continue;
      const config = this.#config(codec, width, height);
      if (!(await VideoEncoder.isConfigSupported(config).catch(() => ({}))).supported) continue;
      this.#video = { codec, config, ...this.#source(payload_type, 90_000) };
      break;
    }
    if (!this.#video) throw new Refusal("This browser and this TV share no video codec. Update the browser, or try another one.");
    const encoder = new VideoEncoder({ output: (chunk, about) => this.#frame(chunk, about), error: () => this.stop() });
    encoder.configure(this.#video.config);
    this.#encoders.push(encoder);
    this.#pump(track, (frame) => this.#encode(encoder, frame));
  }

  #config(codec, width, height) {
    return {
      codec: CODECS[codec],
      width: width & ~1,
      height: height & ~1,
      bitrate: this.#bitrate,
      latencyMode: "realtime",
      ...(codec === "H264" && { avc: { format: "annexb" } }),
    };
  }

  #encode(encoder, frame) {
    const { config } = this.#video;
    this.#learn(this.#video, frame.timestamp);
    if (this.#paused || this.#unsent > MAX_UNSENT || encoder.encodeQueueSize > 1) {
      this.left_out += 1;
    } else {
      const [width, height] = [frame.displayWidth & ~1, frame.displayHeight & ~1];
      if (width !== config.width || height !== config.height || config.bitrate !== this.#bitrate) {
        this.#wanted ||= width !== config.width || height !== config.height;
        encoder.configure(Object.assign(config, { width, height, bitrate: this.#bitrate }));
      }
      this.#began.set(frame.timestamp, performance.now());
      encoder.encode(frame, { keyFrame: this.#wanted });
      this.#wanted = false;
    }
    frame.close();
  }

  #count(timestamp) {
    const now = performance.now();
    this.#sent.frames += 1;
    this.#sent.ms += now - (this.#began.get(timestamp) ?? now);
    this.#sent.times.push(now);
    this.#began.clear();
  }

  async #frame(chunk, about) {
    this.#count(chunk.timestamp);
    const space = about?.decoderConfig?.colorSpace;
    if (space) this.#video.colours = colours(space);
    const key = chunk.type === "key";
    const data = new Uint8Array(chunk.byteLength);
    chunk.copyTo(data);
    const payloads = PACKETIZE[this.#video.codec](data, key);
    const packets = payloads.map((payload, n) => {
      const last = n === payloads.length - 1;
      return this.#packet(this.#video, chunk.timestamp, payload, last, last && key ? this.#video.colours : null);
    });
    this.#unsent += 1;
    try {
      const writer = (await this.#transport.createUnidirectionalStream()).getWriter();
      writer.write(join(FLOW, ...packets.flatMap((packet) => [varint(packet.length), packet]))).catch(() => {});
      await writer.close();
    } catch {
      this.#wanted = true;
    } finally {
      this.#unsent -= 1;
    }
  }

  // ---- the sound

  #sendSound(track, offered) {
    const opus = offered.find(({ codec }) => codec === "opus");
    if (!opus || !("AudioEncoder" in globalThis)) return;
    const source = (this.#track.sound = this.#source(opus.payload_type, 48_000));
    const output = (chunk) => {
      const data = new Uint8Array(chunk.byteLength);
      chunk.copyTo(data);
      this.#datagrams.write(join(FLOW, this.#packet(source, chunk.timestamp, data, false))).catch(() => {});
    };
    let encoder = null;
    this.#pump(track, (sound) => {
      if (!encoder) {
        encoder = new AudioEncoder({ output, error: () => {} });
        const { sampleRate, numberOfChannels } = sound;
        encoder.configure({ codec: "opus", sampleRate, numberOfChannels: Math.min(numberOfChannels, 2), bitrate: 128_000 });
        this.#encoders.push(encoder);
      }
      this.#learn(source, sound.timestamp + sound.duration);
      if (!this.#paused && encoder.state === "configured") encoder.encode(sound);
      sound.close();
    });
  }

  // ---- both

  async #pump(track, take) {
    const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
    this.#readers.push(reader);
    for (let next; !this.#over && !(next = await reader.read().catch(() => ({ done: true }))).done; ) {
      if (this.#over) next.value.close();
      else take(next.value);
    }
  }

  #source(type, rate) {
    const [ssrc, sequence] = crypto.getRandomValues(new Uint32Array(2));
    return { type, rate, ssrc, sequence, packets: 0, octets: 0, offset: Infinity, newest: null };
  }

  // The least time that a frame took from its stamp to us is the nearest that we come to when it was captured.
  #learn(source, microseconds) {
    source.offset = Math.min(source.offset + 0.001, performance.timeOrigin + performance.now() - microseconds / 1000);
    source.newest = microseconds;
  }

  #packet(source, microseconds, payload, marker, extension = null) {
    source.packets += 1;
    source.octets += payload.length;
    const timestamp = Math.round((microseconds * source.rate) / 1e6) % 2 ** 32;
    return rtp({ ...source, marker, timestamp, sequence: source.sequence++ }, payload, extension);
  }

  #report() {
    for (const source of [this.#video, this.#track.sound]) {
      if (!source || source.newest === null) continue;
      const wall = source.offset + source.newest / 1000;
      const timestamp = Math.round((source.newest * source.rate) / 1e6) % 2 ** 32;
      this.#datagrams.write(join(FLOW, senderReport({ ...source, wall, timestamp }))).catch(() => {});
    }
  }

  // Half as much where the TV tells of much loss, slowly more where of none: late frames count as lost (section 9).
  #adapt(loss) {
    const change = loss > 0.1 ? 1 - loss / 2 : loss > 0.02 || this.#unsent > 1 ? 0.95 : 1.08;
    this.#bitrate = Math.round(Math.max(MIN_BITRATE, Math.min(this.#bitrate * change, MAX_BITRATE)));
  }

  async #listen() {
    const reader = this.#transport.datagrams.readable.getReader();
    this.#readers.push(reader);
    for (let next; !(next = await reader.read().catch(() => ({ done: true }))).done; ) {
      const { keyframe, loss } = readRtcp(next.value.subarray(1));
      this.#wanted ||= keyframe;
      if (loss !== null) this.#adapt(loss);
    }
  }
}
