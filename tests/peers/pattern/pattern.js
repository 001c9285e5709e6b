// A moving picture and a sound that both carry the time at which they were made.
//
// Picture: the top 16 rows hold 56 blocks of 16x16 pixels, black for 0 and white for 1: the wall clock in 0.1 ms modulo
// 2^32 (32 bits), a frame counter (16) and a checksum (8). tests/peers/pattern/__init__.py reads them back.
// Sound: a 1 kHz tone of 100 ms that begins at every whole second of the wall clock.
//
// Query: w, h (pixels), fps (frames a second), motion=0 for a still picture.

const BLOCKS = 56, SIZE = 16;
const query = new URLSearchParams(location.search);
const width = Number(query.get("w") ?? 1280), height = Number(query.get("h") ?? 720);
const fps = Number(query.get("fps") ?? 30), motion = query.get("motion") !== "0";
const canvas = document.getElementById("canvas");
canvas.width = width;
canvas.height = height;
const context = canvas.getContext("2d", { alpha: false });

const wallClock = () => performance.timeOrigin + performance.now();

function drawTime(ms, frame) {
  const time = Math.round(ms * 10) % 2 ** 32 >>> 0, count = frame & 0xffff;
  const bytes = [time >>> 24, time >>> 16 & 255, time >>> 8 & 255, time & 255, count >> 8, count & 255];
  bytes.push((bytes.reduce((sum, byte) => sum + byte, 0) ^ 0x5a) & 255);
  for (let i = 0; i < BLOCKS; i++) {
    context.fillStyle = bytes[i >> 3] >> 7 - (i & 7) & 1 ? "#fff" : "#000";
    context.fillRect(i * SIZE, 0, SIZE, SIZE);
  }
}

// A scene with gradients, shapes and small text, larger than the canvas, that is panned about: hard enough to encode.
function makeScene() {
  const scene = new OffscreenCanvas(width * 2, height * 2), draw = scene.getContext("2d");
  const gradient = draw.createLinearGradient(0, 0, width * 2, height * 2);
  gradient.addColorStop(0, "#2b5876");
  gradient.addColorStop(0.5, "#f5f0e1");
  gradient.addColorStop(1, "#4e4376");
  draw.fillStyle = gradient;
  draw.fillRect(0, 0, width * 2, height * 2);
  let seed = 12345;
  const random = () => (seed = seed * 1103515245 + 12345 & 0x7fffffff) / 0x7fffffff;
  for (let i = 0; i < 800; i++) {
    draw.fillStyle = `hsla(${random() * 360}, 60%, ${30 + random() * 50}%, 0.5)`;
    draw.beginPath();
    draw.arc(random() * width * 2, random() * height * 2, 5 + random() * 60, 0, 7);
    draw.fill();
  }
  draw.font = "15px sans-serif";
  for (let y = 20; y < height * 2; y += 44) {
    draw.fillStyle = random() > 0.5 ? "#111" : "#fff";
    draw.fillText(Array.from({ length: 60 }, () => Math.floor(random() * 1e9).toString(36)).join(" "), 10, y);
  }
  return scene;
}

const scene = makeScene();
const bounce = (value, range) => (value %= 2 * range) < range ? value : 2 * range - value;
let frame = 0;

function draw() {
  if (motion || frame === 0) {
    const x = motion ? bounce(frame * 4, width) : 0, y = motion ? bounce(frame * 2, height) : 0;
    context.drawImage(scene, x, y, width, height, 0, 0, width, height);
  }
  drawTime(wallClock(), frame++);
}

let next = performance.now();
function tick() {
  const now = performance.now();
  if (now >= next - 1) {
    draw();
    next = Math.max(next + 1000 / fps, now - 100);
  }
  setTimeout(tick, Math.max(0, next - performance.now()));
}
tick();

// Sound: schedule each tone on the audio clock, which getOutputTimestamp ties to the page's clock.
const audio = new AudioContext({ sampleRate: 48000, latencyHint: "interactive" });
let toneAt = Math.ceil(wallClock() / 1000 + 0.5) * 1000;
setInterval(() => {
  const { contextTime, performanceTime } = audio.getOutputTimestamp();
  if (!contextTime) return;
  const at = contextTime + (toneAt - performance.timeOrigin - performanceTime) / 1000;
  if (at - audio.currentTime > 0.5) return;
  if (at > audio.currentTime) {
    const tone = new OscillatorNode(audio, { frequency: 1000 }), gain = new GainNode(audio, { gain: 0.5 });
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.1);
  }
  toneAt += 1000;
}, 100);
