// The views, as a table: where each may lead. Anything else is a bug of ours and says so.

const ENDINGS = ["ended", "refused", "name"];

const VIEWS = {
  opening: { next: ["name", "connecting", "insecure", "unsupported"] },
  insecure: { next: [], title: "One step to a secure page" },
  unsupported: { next: [], title: "This browser is too old" },
  name: { next: ["connecting"], title: "Cast" },
  connecting: { next: ["changed", "pin", "ready", ...ENDINGS], title: "Connecting" },
  changed: { next: ["connecting", ...ENDINGS], title: "Not the TV you know" },
  pin: { next: ["connecting", "ready", ...ENDINGS], title: "Type the PIN" },
  ready: { next: ["sharing", "busy", "control", ...ENDINGS], title: "Connected" },
  control: { next: ["ready", ...ENDINGS], title: "Controlling" },
  busy: { next: ["waiting", "ready", ...ENDINGS], title: "Somebody shares" },
  waiting: { next: ["sharing", "ready", ...ENDINGS], title: "Waiting" },
  sharing: { next: ["ready", ...ENDINGS], title: "Sharing" },
  ended: { next: ["connecting", "ready", "name"], title: "Sharing has ended" },
  refused: { next: ["connecting", "ready", "name"], title: "That did not work" },
};

export class Ui {
  view = "opening";
  #actions = {};
  #display = "this TV";

  constructor() {
    document.addEventListener("click", ({ target }) => {
      const action = target.closest("[data-action]")?.dataset.action;
      if (action) this.#actions[action]?.();
    });
    for (const form of document.forms) {
      form.addEventListener("submit", (event) => {
        event.preventDefault();
        this.#actions[form.id]?.(form.elements);
      });
    }
  }

  /** `actions`: what a button's data-action or a form's id does. */
  on(actions) {
    Object.assign(this.#actions, actions);
  }

  set display(name) {
    this.#display = name;
    this.#write(document, { display: name });
  }

  /** Moves to a view, fills its texts and puts the focus where a person goes on. */
  show(view, texts = {}) {
    if (view !== this.view) {
      if (!VIEWS[this.view].next.includes(view)) throw new Error(`no way from ${this.view} to ${view}`);
      this.view = view;
    }
    document.body.dataset.view = view;
    document.title = `${VIEWS[view].title ?? "Cast"} · ${this.#display}`;
    for (const section of document.querySelectorAll("section")) section.hidden = section.dataset.view !== view;
    const shown = this.#section();
    for (const place of shown.querySelectorAll("[data-text='message'], [data-text='floor']")) place.textContent = "";
    this.set(texts);
    const focus = shown.querySelector("[data-focus]:not(:disabled)") ?? shown.querySelector("h1");
    focus.focus({ preventScroll: true });
    window.scrollTo(0, 0);
  }

  /** Changes texts of the present view; a text that stays the same is not touched, so that nothing is read twice. */
  set(texts) {
    this.#write(this.#section(), texts);
  }

  enable(action, enabled) {
    for (const button of this.#section().querySelectorAll(`[data-action="${action}"]`)) button.disabled = !enabled;
  }

  /** What the drawn TV shows while sharing: "starting", "live", "paused" or "reconnecting". */
  set phase(phase) {
    document.body.dataset.phase = phase;
  }

  /** What somebody asks, over any view: its headline and message, or null. */
  set question(question) {
    const place = document.querySelector("#question");
    if (question) this.#write(place, question);
    place.hidden = !question;
  }

  #section() {
    return document.querySelector(`section[data-view="${this.view}"]`);
  }

  #write(root, texts) {
    for (const [name, value] of Object.entries(texts)) {
      for (const place of root.querySelectorAll(`[data-text="${name}"]`)) {
        if (place.textContent !== value) place.textContent = value;
      }
    }
  }
}

/** Counts a number of seconds down to zero; returns what stops it. */
export function countdown(seconds, tick) {
  const end = performance.now() + seconds * 1000;
  const step = () => {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    if (left === 0) clearInterval(timer);
    tick(left);
  };
  const timer = setInterval(step, 1000);
  step();
  return () => clearInterval(timer);
}
