// RTP and RTCP as bytes: what a frame of each codec looks like as payloads, and what comes back. Pure.

/** RTP payload type numbers are the display's; these are the payload formats (RFC 7741, 6184, 9628, AOM's for AV1). */
export const PACKETIZE = {
  VP8: (data) => [join([0x10], data)],
  VP9: (data, key) => [join([key ? 0x0c : 0x4c], data)],
  H264: (data) => nalUnits(data),
  AV1: (data, key) => [join([key ? 0x08 : 0x00], ...obuElements(data))],
};

/** The header extension for colours, and its number on this path (docs/DDP.md section 9). */
const COLOURS = 1;
const PRIMARIES = { bt709: 1, bt470bg: 5, smpte170m: 6, bt2020: 9, smpte432: 12 };
const TRANSFERS = { bt709: 1, smpte170m: 6, linear: 8, "iec61966-2-1": 13, pq: 16, hlg: 18 };
const MATRICES = { bt709: 1, bt470bg: 5, smpte170m: 6, "bt2020-ncl": 9 };

/** A VideoColorSpace as the extension's value: http://www.webrtc.org/experiments/rtp-hdrext/color-space. */
export function colours({ primaries, transfer, matrix, fullRange }) {
  const range = typeof fullRange === "boolean" ? (fullRange ? 0x20 : 0x10) : 0;
  return [PRIMARIES[primaries] ?? 2, TRANSFERS[transfer] ?? 2, MATRICES[matrix] ?? 2, range];
}

/** RFC 3550 section 5.1; `extension`: four bytes on colours, or nothing (RFC 8285 section 4.2). */
export function rtp({ type, marker, sequence, timestamp, ssrc }, payload, extension = null) {
  const header = new DataView(new ArrayBuffer(12));
  header.setUint8(0, extension ? 0x90 : 0x80);
  header.setUint8(1, (marker ? 0x80 : 0) | type);
  header.setUint16(2, sequence & 0xffff);
  header.setUint32(4, timestamp >>> 0);
  header.setUint32(8, ssrc);
  return join(header, extension ? [0xbe, 0xde, 0, 2, (COLOURS << 4) | 3, ...extension, 0, 0, 0] : [], payload);
}

/** A sender report without blocks, RFC 3550 section 6.4.1. `wall`: ms since 1970, of the moment `timestamp` was captured. */
export function senderReport({ ssrc, wall, timestamp, packets, octets }) {
  const report = new DataView(new ArrayBuffer(28));
  report.setUint8(0, 0x80);
  report.setUint8(1, 200);
  report.setUint16(2, 6);
  report.setUint32(4, ssrc);
  const seconds = Math.floor(wall / 1000);
  report.setUint32(8, (seconds + 2_208_988_800) >>> 0);
  report.setUint32(12, ((wall / 1000 - seconds) * 2 ** 32) >>> 0);
  report.setUint32(16, timestamp >>> 0);
  report.setUint32(20, packets >>> 0);
  report.setUint32(24, octets >>> 0);
  return new Uint8Array(report.buffer);
}

/** What a compound RTCP packet says: whether a keyframe is wanted, and the greatest loss reported, from 0 to 1. */
export function readRtcp(data) {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const said = { keyframe: false, loss: null };
  for (let at = 0; at + 4 <= view.byteLength; at += 4 * (view.getUint16(at + 2) + 1)) {
    const kind = view.getUint8(at + 1);
    const count = view.getUint8(at) & 0x1f;
    if (kind === 206 && (count === 1 || count === 4)) said.keyframe = true;
    if (kind !== 201) continue;
    for (let block = at + 8; block + 24 <= view.byteLength && block < at + 8 + 24 * count; block += 24) {
      said.loss = Math.max(said.loss ?? 0, view.getUint8(block + 4) / 256);
    }
  }
  return said;
}

/** An integer of RFC 9000 section 16. */
export function varint(value) {
  if (value < 0x40) return Uint8Array.of(value);
  if (value < 0x4000) return Uint8Array.of(0x40 | (value >> 8), value);
  return Uint8Array.of(0x80 | (value >> 24), value >> 16, value >> 8, value);
}

export function join(...parts) {
  const bytes = parts.map((part) =>
    part instanceof DataView ? new Uint8Array(part.buffer, part.byteOffset, part.byteLength) : Uint8Array.from(part),
  );
  const whole = new Uint8Array(bytes.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of bytes) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** The units between the start codes of Annex B. */
function nalUnits(data) {
  const units = [];
  let begin = -1;
  for (let at = 0; at + 2 < data.length; at++) {
    if (data[at] !== 0 || data[at + 1] !== 0 || data[at + 2] !== 1) continue;
    if (begin >= 0) units.push(data.subarray(begin, data[at - 1] === 0 ? at - 1 : at));
    begin = at + 3;
    at += 2;
  }
  if (begin >= 0) units.push(data.subarray(begin));
  return units;
}

/** OBUs as RTP carries them: each after its length, without a size field of their own, without temporal delimiters. */
function* obuElements(data) {
  for (let at = 0; at < data.length; ) {
    const header = data[at];
    const head = header & 0x04 ? 2 : 1;
    let [size, next] = [data.length - at - head, at + head];
    if (header & 0x02) [size, next] = leb128(data, next);
    const type = (header >> 3) & 0x0f;
    if (type !== 2) {
      const obu = join([header & ~0x02], data.subarray(at + 1, at + head), data.subarray(next, next + size));
      yield asLeb128(obu.length);
      yield obu;
    }
    at = next + size;
  }
}

function leb128(data, at) {
  let value = 0;
  for (let shift = 0; at < data.length; shift += 7) {
    value += (data[at] & 0x7f) * 2 ** shift;
    if (!(data[at++] & 0x80)) break;
  }
  return [value, at];
}

function asLeb128(value) {
  const bytes = [];
  do bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
  while ((value >>>= 7));
  return bytes;
}
