// npm's @roamhq/wrtc as a WHIP tool, with trickled candidates: node wrtc.js URL KEY SECONDS CERTIFICATE
// It trusts CERTIFICATE alone, so it is sure of the display. Prints what it was answered, as JSON.

const fs = require("fs");
const https = require("https");
const { RTCPeerConnection, nonstandard } = require("@roamhq/wrtc");

const [, , url, key, seconds, certificate] = process.argv;
const [WIDTH, HEIGHT, SIZE] = [1280, 720, 16];
const said = { statuses: [], states: [] };

function ask(method, address, type, body, headers = {}) {
  const target = new URL(address, url);
  const options = { method, agent: false, ca: fs.readFileSync(certificate), headers: { authorization: `Bearer ${key}`, ...headers } };
  if (type) options.headers["content-type"] = type;
  return new Promise((resolve, reject) => {
    const request = https.request(target, options, (answer) => {
      let text = "";
      answer.on("data", (data) => (text += data));
      answer.on("end", () => {
        said.statuses.push(answer.statusCode);
        resolve({ text, status: answer.statusCode, headers: answer.headers });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

function draw(frame, number) {
  const time = BigInt(Math.round(Date.now() * 10)) & 0xffffffffn;
  const octets = [...[24n, 16n, 8n, 0n].map((shift) => Number((time >> shift) & 255n)), (number >> 8) & 255, number & 255];
  octets.push((octets.reduce((sum, octet) => sum + octet, 0) ^ 0x5a) & 255);
  frame.data.fill(110, 0, WIDTH * HEIGHT);
  for (let bit = 0; bit < 56; bit++) {
    const level = octets[bit >> 3] & (0x80 >> (bit & 7)) ? 235 : 16;
    for (let row = 0; row < SIZE; row++) frame.data.fill(level, row * WIDTH + bit * SIZE, row * WIDTH + (bit + 1) * SIZE);
  }
}

async function main() {
  const source = new nonstandard.RTCVideoSource();
  const peer = new RTCPeerConnection({ iceServers: [] });
  const candidates = [];
  peer.onicecandidate = ({ candidate }) => candidate && candidates.push(candidate);
  peer.onconnectionstatechange = () => said.states.push(peer.connectionState);
  peer.addTransceiver(source.createTrack(), { direction: "sendonly" });
  const offer = await peer.createOffer();
  // Its candidates go by PATCH alone; this is the offer before any is known.
  const answered = await ask("POST", url, "application/sdp", offer.sdp);
  if (answered.status !== 201) throw new Error(answered.text);
  await peer.setLocalDescription(offer);
  await peer.setRemoteDescription({ type: "answer", sdp: answered.text });
  const { location, etag } = answered.headers;
  await new Promise((resolve) => setTimeout(resolve, 300));
  const [, ufrag] = /a=ice-ufrag:(\S+)/.exec(offer.sdp);
  const [, password] = /a=ice-pwd:(\S+)/.exec(offer.sdp);
  const lines = [`a=ice-ufrag:${ufrag}`, `a=ice-pwd:${password}`, "m=video 9 UDP/TLS/RTP/SAVPF 0", "a=mid:0"];
  for (const { candidate } of candidates) lines.push(`a=${candidate}`);
  const fragment = [...lines, "a=end-of-candidates", ""].join("\r\n");
  await ask("PATCH", location, "application/trickle-ice-sdpfrag", fragment, { "if-match": etag });
  said.candidates = candidates.length;
  const frame = { width: WIDTH, height: HEIGHT, data: new Uint8ClampedArray((WIDTH * HEIGHT * 3) / 2).fill(128) };
  let number = 0;
  const timer = setInterval(() => {
    draw(frame, number++);
    source.onFrame(frame);
  }, 1000 / 30);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  clearInterval(timer);
  await ask("DELETE", location);
  peer.close();
}

main().then(
  () => process.stdout.write(JSON.stringify(said), () => process.exit(0)),
  (error) => process.stderr.write(`${error.stack}\n`, () => process.exit(1)),
);
