// From the browser's picker to the TV: capture, one RTCPeerConnection, pause, and the end from either side.

import { EVERY_MS, Headroom } from "./headroom.js";
import { Outflow } from "./stats.js";
import { Refusal } from "./words.js";

const MAX_BITRATE = 12_000_000; // bit/s; 1080p60 of moving pictures; text needs far less
const MAX_FRAMERATE = 60;
const OFFER_MS = 15_000;

/** Opens the browser's picker. Throws what getDisplayMedia throws. */
export async function capture({ sound, motion }) {
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: {
      frameRate: { ideal: motion ? MAX_FRAMERATE : 30, max: MAX_FRAMERATE },
      width: { max: 3840 },
      height: { max: 2160 },
    },
    // The sound plays on the TV, so a shared tab falls silent here; voice processing would ruin music.
    audio: sound && {
      suppressLocalAudioPlayback: true,
      echoCancellation: false,
      noiseSuppression: false,
      autoGainControl: false,
    },
    selfBrowserSurface: "exclude",
    surfaceSwitching: "include",
    systemAudio: "include",
  });
  stream.getVideoTracks()[0].contentHint = motion ? "motion" : "detail";
  return stream;
}

/** Lets each frame say when it was captured, where the browser can: its reports date sound by when it was sent. */
function tellCaptureTime(transceiver) {
  const extensions = transceiver.getHeaderExtensionsToNegotiate?.() ?? [];
  const time = extensions.find(({ uri }) => uri.endsWith("/abs-capture-time"));
  if (!time) return;
  time.direction = "sendrecv";
  transceiver.setHeaderExtensionsToNegotiate(extensions);
}

/** What all its encodings are to do; a closed peer does nothing, and a browser that can't goes without. */
function change(sender, wish) {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings ?? []) Object.assign(encoding, wish);
  return sender.setParameters(parameters).catch(() => {});
}

export class Cast {
  #connection;
  #stream;
  #motion;
  #paused = false;
  #number = null; // the stream's, on the TV
  #next = null; // another path, which takes over once it stands
  #over = false;

  peer = null;
  /** "connected", "disconnected" or "failed", of the media path. */
  onpath = () => {};
  /** The person ended it with the browser's own button, or what was shared has gone. */
  onended = () => {};

  constructor(connection, stream, { motion }) {
    this.#connection = connection;
    this.#stream = stream;
    this.#motion = motion;
    stream.getVideoTracks()[0].addEventListener("ended", () => this.#over || this.onended());
  }

  get hasSound() {
    return this.#stream.getAudioTracks().length > 0;
  }

  /** Offers the stream. Called again, it makes another path beside the one there is, which goes on as well as it can
   * until then. Rejects with a Refusal. */
  async start() {
    this.#next?.close();
    const peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" });
    if (this.peer) this.#next = peer;
    else this.peer = peer;
    const transceivers = this.#stream.getTracks().map((track) => this.#add(peer, track));
    peer.onicecandidate = ({ candidate }) => this.#trickle(candidate);
    peer.onconnectionstatechange = () => this.#changed(peer);
    await peer.setLocalDescription();
    const connection = this.#connection;
    const { sdp, stream } = await connection.request("rtc.offer", { sdp: peer.localDescription.sdp }, OFFER_MS);
    if (this.#over && connection.isOpen) connection.request("display.stop", { stream }).catch(() => {});
    if (peer.signalingState === "closed") return; // stopped, or begun anew meanwhile
    this.#number = stream;
    try {
      await peer.setRemoteDescription({ type: "answer", sdp });
    } catch {
      throw new Refusal("This browser could not use the TV's answer. Reload the page, then try again.");
    }
    const video = transceivers.find(({ receiver }) => receiver.track.kind === "video");
    if (video?.currentDirection === "inactive" || video?.currentDirection === "stopped") {
      throw new Refusal("This browser and this TV share no video codec. Update the browser, or try another one.");
    }
    await this.#prefer(video?.sender);
    if (video) this.#keepHeadroom(peer, video.sender);
  }

  /** Another path beside the one there is. Where it can't be had and that one may yet do, nothing is lost; else rejects
   * with a Refusal. */
  async again() {
    try {
      await this.start();
    } catch (error) {
      this.#next?.close();
      this.#next = null;
      if (["failed", "closed"].includes(this.peer.connectionState)) throw error;
    }
  }

  /** Goes on in another session: the same capture, and nothing of the paths before. Rejects with a Refusal. */
  move(connection) {
    this.#connection = connection;
    this.#number = null;
    this.peer?.close();
    this.peer = null;
    return this.start();
  }

  #changed(peer) {
    const state = peer.connectionState;
    if (peer === this.peer && !(state === "failed" && this.#next)) this.onpath(state);
    if (peer !== this.#next) return;
    if (state === "connected") {
      this.peer.close();
      [this.peer, this.#next] = [peer, null];
      this.onpath(state);
    } else if (state === "failed") {
      peer.close();
      this.#next = null;
      if (this.peer.connectionState === "failed") this.onpath(state);
    }
  }

  #add(peer, track) {
    const video = [{ maxBitrate: MAX_BITRATE, maxFramerate: MAX_FRAMERATE }];
    const encodings = track.kind === "video" ? { sendEncodings: video } : {};
    const what = this.#paused ? track.kind : track;
    const transceiver = peer.addTransceiver(what, { direction: "sendonly", streams: [this.#stream], ...encodings });
    tellCaptureTime(transceiver);
    return transceiver;
  }

  #trickle(candidate) {
    this.#connection.notify("rtc.candidate", {
      candidate: candidate?.candidate ?? "",
      sdpMid: candidate?.sdpMid ?? null,
      sdpMLineIndex: candidate?.sdpMLineIndex ?? null,
    });
  }

  // A hint, so a browser that does not know it may go without.
  async #prefer(sender) {
    if (!sender) return;
    const wish = this.#motion ? "maintain-framerate" : "maintain-resolution";
    await sender.setParameters({ ...sender.getParameters(), degradationPreference: wish }).catch(() => {});
  }

  #keepHeadroom(peer, sender) {
    const headroom = new Headroom(MAX_BITRATE, performance.now());
    const outflow = new Outflow();
    const timer = setInterval(async () => {
      if (peer.signalingState === "closed") return clearInterval(timer);
      const flow = await outflow.read(peer);
      const limit = sender.getParameters().encodings?.[0]?.maxBitrate;
      for (const rate of limit ? headroom.next(flow, limit, performance.now()) : []) {
        await change(sender, { maxBitrate: rate });
      }
    }, EVERY_MS);
  }

  // Taking the tracks out sends nothing at all. A disabled track would send black, over the picture the TV holds.
  #fill() {
    const tracks = this.#paused ? [] : this.#stream.getTracks();
    const peers = [this.peer, this.#next].filter((peer) => peer && peer.signalingState !== "closed");
    const transceivers = peers.flatMap((peer) => peer.getTransceivers());
    return Promise.all(transceivers.map(({ sender, receiver }) =>
      sender.replaceTrack(tracks.find(({ kind }) => kind === receiver.track.kind) ?? null)));
  }

  /** Sends nothing while the network is away: else old pictures queue up, and the browser takes the silence for a narrow
   * way. On return it begins with a whole picture at the bandwidth of before. */
  async quiet(on) {
    for (const { sender } of this.peer?.getTransceivers() ?? []) await change(sender, { active: !on });
  }

  /** Nothing leaves this computer from the first step on, whether or not the TV answers. */
  async pause() {
    this.#paused = true;
    await this.#fill();
    if (this.#connection.isOpen) await this.#connection.request("display.pause", { stream: this.#number });
  }

  /** `held`: whether the TV holds a picture; a session that began meanwhile has none yet. */
  async resume(held) {
    if (held) await this.#connection.request("display.play", { stream: this.#number });
    this.#paused = false;
    await this.#fill();
  }

  /** Ends the transport and leaves the capture to the caller. */
  release() {
    this.#over = true;
    this.peer?.close();
    this.#next?.close();
    return { stream: this.#stream, motion: this.#motion };
  }

  /** The TV has ended it. */
  gone() {
    this.#number = null;
  }

  /** Ends capture and transport; tells the TV where the stream is still there. It is named, since without a name a
   * moderator's word means whatever is on the TV, and that may be somebody else's by now. */
  stop() {
    if (this.#over) return;
    for (const track of this.release().stream.getTracks()) track.stop();
    if (this.#number === null || !this.#connection.isOpen) return;
    this.#connection.request("display.stop", { stream: this.#number }).catch(() => {});
  }
}
