// From the browser's picker to the TV: capture, one RTCPeerConnection, pause, and the end from either side.

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

export class Cast {
  #connection;
  #stream;
  #motion;
  #senders = [];
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

  /** Offers the stream; may be called again after the path has failed, unless paused. Rejects with a Refusal. */
  async start() {
    this.peer?.close();
    const peer = (this.peer = new RTCPeerConnection({ iceServers: [], bundlePolicy: "max-bundle" }));
    const transceivers = this.#stream.getTracks().map((track) => this.#add(peer, track));
    this.#senders = transceivers.map(({ sender }) => ({ sender, track: sender.track }));
    peer.onicecandidate = ({ candidate }) => this.#trickle(candidate);
    peer.onconnectionstatechange = () => this.peer === peer && this.onpath(peer.connectionState);
    await peer.setLocalDescription();
    const { sdp } = await this.#connection.request("rtc.offer", { sdp: peer.localDescription.sdp }, OFFER_MS);
    if (this.#over) return;
    try {
      await peer.setRemoteDescription({ type: "answer", sdp });
    } catch {
      throw new Refusal("This browser could not use the TV's answer. Reload the page, then try again.");
    }
    const video = transceivers.find(({ sender }) => sender.track?.kind === "video");
    if (video?.currentDirection === "inactive" || video?.currentDirection === "stopped") {
      throw new Refusal("This browser and this TV share no video codec. Update the browser, or try another one.");
    }
    await this.#prefer(video?.sender);
  }

  #add(peer, track) {
    const video = [{ maxBitrate: MAX_BITRATE, maxFramerate: MAX_FRAMERATE }];
    const encodings = track.kind === "video" ? { sendEncodings: video } : {};
    return peer.addTransceiver(track, { direction: "sendonly", streams: [this.#stream], ...encodings });
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

  // Taking the tracks out sends nothing at all. A disabled track would send black, over the picture the TV holds.
  #replace(on) {
    return Promise.all(this.#senders.map(({ sender, track }) => sender.replaceTrack(on ? track : null)));
  }

  /** Nothing leaves this computer from the first step on, whether or not the TV answers. */
  async pause() {
    await this.#replace(false);
    await this.#connection.request("display.pause");
  }

  async resume() {
    await this.#connection.request("display.play");
    await this.#replace(true);
  }

  /** Ends capture and transport; tells the TV where it is still there. */
  stop() {
    if (this.#over) return;
    this.#over = true;
    for (const track of this.#stream.getTracks()) track.stop();
    this.peer?.close();
    if (this.#connection.isOpen) this.#connection.request("display.stop").catch(() => {});
  }
}
