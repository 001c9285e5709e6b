// What this browser can do here: decided once, before anything is asked of the person.

/** Whether a screen can be shown from here; a phone's can't, and a phone is a remote control all the same. */
export const canCapture = () => Boolean(navigator.mediaDevices?.getDisplayMedia);

/** "insecure", or a sentence on what is missing; "" where all is there. */
export async function missing() {
  if (!window.isSecureContext) return "insecure";
  if (!canCapture() && !isPhone()) return "It can't share a screen.";
  if (canCapture() && !window.RTCPeerConnection) return "WebRTC is missing or turned off in it.";
  try {
    await crypto.subtle.generateKey("X25519", false, ["deriveBits"]);
  } catch {
    return "It lacks the encryption that pairing uses (X25519).";
  }
  return "";
}

const isPhone = () => navigator.userAgentData?.mobile || /Android|iPhone|iPad|Mobile/i.test(navigator.userAgent)
  || (navigator.maxTouchPoints > 1 && /Macintosh/.test(navigator.userAgent));

/** Which warning this browser will show for a certificate that it can't check. */
export function browser() {
  const agent = navigator.userAgent;
  if (/Firefox|FxiOS/.test(agent)) return "firefox";
  if (/Edg\//.test(agent)) return "edge";
  if (/Chrome|Chromium|CriOS/.test(agent)) return "chrome";
  return "safari";
}

/** What the receiver says of itself before pairing: a hint, never trusted. {} where it says nothing. */
export async function describeBox() {
  try {
    const answer = await fetch("/.well-known/ddp", { headers: { accept: "application/json" } });
    return answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
}

/** The same page over TLS; "" where the receiver offers none. */
export function secureAddress({ https_port: port }) {
  if (!Number.isInteger(port) || port < 1 || port > 65535) return "";
  const url = new URL(location.href);
  url.protocol = "https:";
  url.port = String(port);
  url.pathname = "/";
  url.search = url.hash = "";
  return url.href;
}

const NAME = "ddp-name";

/** The name typed last time; "" where the browser keeps nothing. */
export function rememberedName() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return "";
  }
}

export function rememberName(name) {
  try {
    localStorage.setItem(NAME, name);
  } catch {
    // kept nowhere: it is asked again next time
  }
}

const SHARED = "ddp-shared";

/** Leaves word for this tab's next page that this one was shared from when it went away. */
export function noteSharing() {
  try {
    sessionStorage.setItem(SHARED, "yes");
  } catch {
    // then the next page asks for the name again
  }
}

/** Whether the page before this one was shared from when it went away; told once. */
export function wasSharing() {
  try {
    const was = sessionStorage.getItem(SHARED) !== null;
    sessionStorage.removeItem(SHARED);
    return was;
  } catch {
    return false;
  }
}
