// The peer of the latency benchmark: a browser that receives a cast and reads the pattern's time from each picture it
// shows (see tests/peers/pattern/pattern.js). Query: way=fastest for a MediaStreamTrackProcessor without any jitter
// buffer instead of a video element; w: the width in pixels that the pattern is drawn with.

const BLOCKS = 56, SIZE = 16;
const query = new URLSearchParams(location.search);
const fastest = query.get("way") === "fastest", drawnWidth = Number(query.get("w"));
const video = document.getElementById("video");
let readings = [], reading = true;

function decode(bits) {
  const bytes = new Uint8Array(7);
  bits.forEach((bit, i) => (bytes[i >> 3] |= bit << (7 - (i & 7))));
  const sum = (bytes.subarray(0, 6).reduce((a, b) => a + b, 0) ^ 0x5a) & 255;
  return sum === bytes[6] ? [new DataView(bytes.buffer).getUint32(0) / 10, (bytes[4] << 8) | bytes[5]] : null;
}

/** Only the pattern's rows are copied, as the receiver under test does for its tap. Closes the frame. */
async function note(frame, shownAt, count) {
  if (!reading) return frame.close();
  const { format, visibleRect: { width } } = frame;
  const rect = { x: 0, y: 0, width: Math.min(BLOCKS * SIZE, width), height: SIZE };
  const pixels = new Uint8Array(frame.allocationSize({ rect }));
  const [{ offset, stride }] = await frame.copyTo(pixels, { rect });
  frame.close();
  const scale = width / drawnWidth, bytesPerPixel = /^(I4|NV12)/.test(format) ? 1 : 4; // a congested sender shrinks it
  const row = offset + Math.floor((SIZE / 2) * scale) * stride;
  const centre = (block) => Math.floor((block + 0.5) * SIZE * scale);
  const bits = Array.from({ length: BLOCKS }, (_, i) => pixels[row + centre(i) * bytesPerPixel] > 128);
  readings.push([performance.timeOrigin + shownAt, count, ...(decode(bits) ?? [null, null])]);
}

function onFrame(_, { presentationTime, presentedFrames }) {
  if (!reading) return;
  video.requestVideoFrameCallback(onFrame);
  if (video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  // presentationTime: when the picture was handed over for composition; the earliest that can be called "shown".
  note(new VideoFrame(video), presentationTime, presentedFrames);
}

async function readFast(track) {
  const reader = new MediaStreamTrackProcessor({ track }).readable.getReader();
  for (let count = 1; ; count++) {
    const { value, done } = await reader.read();
    if (done) return;
    note(value, performance.now(), count);
  }
}

function onTrack({ track, receiver, streams }) {
  if (!fastest) {
    video.srcObject = streams[0] ?? new MediaStream([track]);
  } else if (track.kind === "video") {
    receiver.jitterBufferTarget = 0;
    readFast(track);
  } else {
    receiver.jitterBufferTarget = 0;
    video.srcObject = new MediaStream([track]); // sound is played all the same
  }
}

let connection;
window.accept = async (sdp) => {
  connection?.close();
  connection = new RTCPeerConnection({ iceServers: [] });
  connection.ontrack = onTrack;
  await connection.setRemoteDescription({ type: "offer", sdp });
  await connection.setLocalDescription();
  while (connection.iceGatheringState !== "complete") {
    await new Promise((resolve) => connection.addEventListener("icegatheringstatechange", resolve, { once: true }));
  }
  return connection.localDescription.sdp;
};

window.addCandidate = (candidate) => connection.addIceCandidate(candidate);

window.leaveAlone = () => (reading = false);

// [[shown at (wall clock, ms), pictures shown so far, written ms or null, frame number or null], ...] since the last call.
window.takeReadings = () => readings.splice(0);

video.requestVideoFrameCallback(onFrame);
