// The sender page: what may run here, where we came from, and the sender that goes on from there.

import { fromBase64url } from "./encoding.js";
import { Identity } from "./identity.js";
import { Sender } from "./sender.js";
import { browser, canCapture, describeBox, missing, secureAddress } from "./support.js";
import { Ui } from "./ui.js";

const QR_SECRET_BYTES = 16;

/** The QR code's secret, taken out of the address bar before anything else: null where we did not come by it. */
function takeSecret() {
  const { hash } = location;
  if (hash) history.replaceState(null, "", location.pathname + location.search);
  try {
    return hash.startsWith("#k=") ? fromBase64url(hash.slice(3), QR_SECRET_BYTES) : null;
  } catch {
    return null;
  }
}

function showInsecure(ui, box, fragment) {
  const address = secureAddress(box);
  const shown = address || "The address is on the TV's screen; it begins with https://";
  ui.show("insecure", { address: shown, host: location.hostname });
  const link = document.querySelector("[data-link='secure']");
  link.hidden = !address;
  if (address) link.href = address + fragment;
  document.querySelector(`details[data-browser="${browser()}"]`).open = true;
}

/** What a phone is shown instead of the means to share. */
function isRemoteOnly(box) {
  for (const place of document.querySelectorAll("[data-only]")) place.hidden = place.dataset.only === "computer";
  document.querySelector("#share-form").hidden = true;
  document.querySelector("section[data-view='ready'] [data-text='address']").textContent = secureAddress(box) || `${location.origin}/`;
  document.querySelector("[data-action='control']").className = "primary";
}

async function start() {
  const fragment = location.hash;
  const secret = takeSecret();
  const ui = new Ui();
  const [lack, box] = await Promise.all([missing(), describeBox()]);
  if (typeof box.display_name === "string" && box.display_name) ui.display = box.display_name;
  if (lack === "insecure") return showInsecure(ui, box, secret ? fragment : "");
  if (lack) return ui.show("unsupported", { message: lack });
  if (!canCapture()) isRemoteOnly(box);
  return new Sender(ui, await Identity.load(), secret).begin();
}

start();
