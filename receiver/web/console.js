// The console: what the display does now, and every command that it takes.

import { element, fieldFor, words } from "./fields.js";

const PERIOD_MS = 1000;
const $ = (id) => document.getElementById(id);

async function fetchJson(address, options) {
  const answer = await fetch(address, { cache: "no-store", ...options });
  const kind = answer.headers.get("content-type") ?? "";
  if (!kind.startsWith("application/json")) throw new Error((await answer.text()).trim().slice(0, 300));
  return answer.json();
}

/** `{result}` or `{error}`, as the display answers. */
const give = (verb, params) => fetchJson("/console/command", {
  method: "POST",
  headers: { "content-type": "application/json", "x-ddp-console": "1" },
  body: JSON.stringify({ verb, params }),
});

const brief = (value) => (value === null ? "none" : typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
const sentence = (result) => Object.entries(result).map(([name, value]) => `${words(name)}: ${brief(value)}`).join(" · ");

function commandForm({ verb, summary, schema }) {
  const required = new Set(schema.required);
  const fields = Object.entries(schema.properties).map(([name, field]) => [name, fieldFor(verb, name, field, required.has(name))]);
  const answer = element("output", { className: "answer" });
  const button = element("button", { className: "primary", textContent: words(verb).replace(/^./, (first) => first.toUpperCase()) });
  const form = element("form", {}, ...fields.map(([, { field }]) => field), button, answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = fields.map(([name, { read }]) => [name, read()]).filter(([, value]) => value !== undefined);
    button.disabled = true;
    try {
      const { result, error } = await give(verb, Object.fromEntries(given));
      answer.className = `answer ${error ? "refused" : "done"}`;
      answer.textContent = error ? error.data.advice : sentence(result) || "Done.";
    } catch (failure) {
      answer.className = "answer refused";
      answer.textContent = failure.message || "The display does not answer. Check that it is on, and try again.";
    }
    button.disabled = false;
    refresh();
  });
  const title = element("summary", {}, element("b", { textContent: verb }), element("span", { textContent: summary }));
  return element("details", { name: "command" }, title, form);
}

/** Rewrites only what has changed, so that a selection or a screen reader is not disturbed. */
function showFacts(list, facts) {
  if (list.children.length !== facts.length) {
    list.replaceChildren(...facts.map(() => element("div", {}, element("dt"), element("dd"))));
  }
  facts.forEach(([name, value], i) => {
    const [term, detail] = list.children[i].children;
    if (term.textContent !== name) term.textContent = name;
    if (detail.textContent !== value) detail.textContent = value;
  });
}

const hertz = (mhz) => `${(mhz / 1000).toFixed(2).replace(/\.?0+$/, "")} Hz`;
const total = (counts = {}) => Object.values(counts).reduce((sum, count) => sum + count, 0);

function showDisplay(now) {
  $("name").textContent = now.name;
  document.title = `${now.name} · Console`;
  const { screen, sound } = now;
  lamp(screen === null ? "Starting" : now.on ? "On" : "Off", screen === null ? "trouble" : now.on ? "on" : "");
  showFacts($("facts"), [
    ["Screen", screen ? `${screen.width} × ${screen.height}` : "starting"],
    ...(screen ? [["Refresh", hertz(screen.refresh_mhz)]] : []),
    ...(screen?.width_mm ? [["Size", `${screen.width_mm / 10} × ${screen.height_mm / 10} cm`]] : []),
    ["Output", screen?.output ?? "starting"],
    ["Sound", sound?.output ?? "starting"],
    ["Layout", now.layout],
    ["Join", now.join_url.replace(/^https:\/\//, "") || "no network"],
    ...(now.pin ? [["PIN", now.pin.replace(/^(.{4})/, "$1 ")]] : []),
  ]);
  $("reasons").textContent = screen ? `${screen.reason} ${sound.reason}` : "";
}

function streamFacts(stream) {
  const turned = [stream.degrees ? `turned ${stream.degrees}°` : "", stream.scale !== 1 ? `${stream.scale}×` : ""];
  return [
    ["Picture", stream.width ? `${stream.width} × ${stream.height}` : "none yet"],
    ["Codec", [stream.codec, stream.srtp_cipher?.replace("SRTP_AEAD_", "").replaceAll("_", " ")].filter(Boolean).join(", ") || "unknown"],
    ["Rate", stream.fps === undefined ? "unknown" : `${stream.fps.toFixed(1)} fps`],
    ["Delay", stream.transit_ms ? `${stream.transit_ms.toFixed(0)} ms` : "unknown"],
    ["Lost, dropped", `${stream.packets_lost ?? 0}, ${total(stream.dropped)}`],
    ["Sound", stream.volume === 0 ? "muted" : `${Math.round((stream.volume ?? 1) * 100)}%`],
    ...(turned.some(Boolean) ? [["Shown", turned.filter(Boolean).join(", ")]] : []),
  ];
}

function showStreams(streams, focus) {
  const list = $("streams");
  $("no-streams").hidden = streams.length > 0;
  while (list.children.length > streams.length) list.lastElementChild.remove();
  streams.forEach((stream, i) => {
    const item = list.children[i] ?? list.appendChild(
      element("li", {}, element("h3", {}, element("b"), element("span")), element("dl", { className: "facts" })));
    item.classList.toggle("focus", stream.stream === focus);
    item.querySelector("b").textContent = stream.sender;
    const state = stream.paused ? "paused" : stream.live ? "live" : "connecting";
    item.querySelector("span").textContent = `stream ${stream.stream} · ${state}${stream.stream === focus ? " · in focus" : ""}`;
    showFacts(item.querySelector("dl"), streamFacts(stream));
  });
}

function lamp(words, kind) {
  if ($("lamp").textContent !== words) $("lamp").textContent = words;
  $("lamp").className = `lamp ${kind}`;
}

async function showPicture() {
  const next = $("picture").cloneNode();
  next.src = `/tv/snapshot.jpg?at=${Date.now()}`;
  try {
    await next.decode();
  } catch {
    return;
  }
  next.hidden = false;
  $("no-picture").hidden = true;
  $("picture").replaceWith(next);
}

async function refresh() {
  try {
    const now = await fetchJson("/console/status.json");
    showDisplay(now);
    showStreams(now.streams, now.focus);
  } catch (failure) {
    lamp(failure instanceof TypeError ? "The display does not answer" : failure.message, "trouble");
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const change = () => new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));

async function showCommands() {
  while ($("commands").children.length === 0) {
    try {
      $("commands").replaceChildren(...(await fetchJson("/console/commands.json")).map(commandForm));
    } catch {
      await pause(PERIOD_MS);
    }
  }
}

showCommands();
for (;;) {
  while (document.visibilityState !== "visible") await change();
  const began = performance.now();
  await Promise.all([refresh(), showPicture()]);
  await pause(Math.max(0, PERIOD_MS - (performance.now() - began)));
}
