// What the TV shows, about twice a second: one request at a time, and none while nobody looks.

const PERIOD_MS = 500;
const ADDRESS = "/tv/snapshot.jpg";
const SENTENCES = {
  403: "What the TV shows can be seen only on the machine itself, at localhost.",
  404: "This receiver offers no snapshots.",
  503: "The screen is being started. The picture comes by itself.",
};

const state = document.querySelector("#state");
let picture = document.querySelector("#picture");

function say(words) {
  if (state.textContent !== words) state.textContent = words;
  picture.classList.toggle("stale", words !== "");
}

/** Asked only after a picture did not load: an image element does not tell the status. */
async function whyNot() {
  try {
    const answer = await fetch(ADDRESS, { cache: "no-store" });
    if (answer.ok) return "This picture could not be shown. The next one comes by itself.";
    const plain = (answer.headers.get("content-type") ?? "").startsWith("text/plain");
    const words = plain ? (await answer.text()).trim().slice(0, 300) : "";
    return words || SENTENCES[answer.status] || `The receiver answered with error ${answer.status}. Trying again.`;
  } catch {
    return "The receiver does not answer. Check that it is on; the picture comes back by itself.";
  }
}

/** A new picture is put in whole, so that a slow or broken one never blanks the page. */
async function refresh() {
  const next = picture.cloneNode();
  next.src = `${ADDRESS}?at=${Date.now()}`;
  try {
    await next.decode();
  } catch {
    say(await whyNot());
    return;
  }
  next.hidden = false;
  picture.replaceWith(next);
  picture = next;
  say("");
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const change = () => new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));

for (;;) {
  while (document.visibilityState !== "visible") await change();
  const began = performance.now();
  await refresh();
  await pause(Math.max(0, PERIOD_MS - (performance.now() - began)));
}
