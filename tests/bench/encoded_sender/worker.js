// Puts pictures that were encoded beforehand (tests/bench/_clip.py) in the place of those that the browser encodes, from
// the first one on wherever the receiver was sent a keyframe, and notes when each went out. `later`, ms in its address,
// holds each back before that.

const later = Number(new URLSearchParams(location.search).get("later"));
let pictures = [], sent = [], next = 0;

function unpack(clip) {
  const view = new DataView(clip), count = view.getUint32(0, true);
  let at = 4 * (count + 1);
  return Array.from({ length: count }, (_, i) => {
    const begin = at;
    at += view.getUint32(4 * (i + 1), true);
    return clip.slice(begin, at);
  });
}

function swap(frame, out) {
  if (frame.type === "key") next = 0;
  frame.data = pictures[next].slice(0);
  sent.push([performance.timeOrigin + performance.now(), next]);
  next = (next + 1) % pictures.length;
  out.enqueue(frame);
}

const ready = fetch("/bench/clip").then(async (response) => (pictures = unpack(await response.arrayBuffer())));

onrtctransform = async ({ transformer: { readable, writable } }) => {
  await ready;
  const transform = (frame, out) => void (later ? setTimeout(swap, later, frame, out) : swap(frame, out));
  readable.pipeThrough(new TransformStream({ transform })).pipeTo(writable);
};

onmessage = ({ ports: [port] }) => port.postMessage(sent);
