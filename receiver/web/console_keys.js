// The console's stream keys: what may cast by WHIP, each key's end, and a new one, shown once.

import { element } from "./fields.js";

const $ = (id) => document.getElementById(id);

async function ask(verb, params = {}) {
  const answer = await fetch("/console/keys", {
    method: "POST",
    headers: { "content-type": "application/json", "x-ddp-console": "1" },
    body: JSON.stringify({ verb, params }),
  });
  const { result, error } = await answer.json();
  if (error) throw new Error(error.data.advice);
  return result;
}

const day = (seconds) => new Date(seconds * 1000).toLocaleDateString(undefined, { dateStyle: "medium" });
const digest = (text) => Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")),
  (octet) => octet.charCodeAt(0).toString(16).padStart(2, "0").toUpperCase()).join(":");

function row({ id, name, expires, used }) {
  const end = element("button", { type: "button", textContent: "Revoke", ariaLabel: `Revoke ${name}` });
  end.addEventListener("click", () => act(() => ask("revoke", { id })));
  const words = `until ${day(expires)} · ${used ? `used ${day(used)}` : "never used"}`;
  return element("li", {}, element("b", { textContent: name }), element("span", { textContent: words }), end);
}

function show({ keys, made }) {
  $("keys").replaceChildren(...keys.map(row));
  $("no-keys").hidden = keys.length > 0;
  if (!made) return;
  const fact = (name, value) => element("div", {}, element("dt", { textContent: name }), element("dd", { textContent: value }));
  $("made").replaceChildren(
    element("p", { textContent: `For ${made.name}; it is shown this once. The tool must trust the certificate.` }),
    element("dl", { className: "facts" },
      fact("Address", made.address), fact("Key", made.key), fact("Certificate", digest(made.certificate))),
  );
}

/** A key that was shown goes with the next step: it is not to stand on a screen for ever. */
async function act(step) {
  $("made").replaceChildren();
  $("key-refused").textContent = "";
  try {
    show(await step());
    show(await ask("list"));
  } catch (failure) {
    $("key-refused").textContent = failure.message || "The display does not answer. Check that it is on, and try again.";
  }
}

$("make-key").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = $("key-name").value;
  act(() => ask("make", { name }));
  event.target.reset();
});

act(() => ask("list"));
