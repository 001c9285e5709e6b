// The way back: what people do at the TV itself, as input.event from it (docs/DDP.md section 12). A page can't use the
// computer for them, so it shows what they do, and gives it as the DOM event "ddp:input" to whoever scripts this page.

const SHOWN_MS = 1500;
const KEPT = 12; // marks at a time; the oldest makes room

export class Back {
  #ui;
  #connection;
  #place = document.querySelector("#back");
  #marks = new Map(); // by finger or "pointer"
  #timer;

  constructor(ui, connection, offered) {
    this.#ui = ui;
    this.#connection = connection;
    this.#place.hidden = !offered;
    this.#place.querySelector("input").checked = false;
    this.#active(false);
  }

  /** Ask the TV for it, or no longer. */
  async accept(on) {
    const kinds = on ? ["key", "pointer", "wheel", "touch"] : [];
    try {
      const { active } = await this.#connection.request("input.accept", { kinds });
      this.#active(active);
    } catch (error) {
      this.#place.querySelector("input").checked = false;
      this.#ui.set({ back: error.message });
    }
  }

  /** A sealed notification of the TV's. */
  notified(method, params) {
    if (method === "input.back") this.#active(params.active);
    if (method !== "input.event") return;
    document.dispatchEvent(new CustomEvent("ddp:input", { detail: params }));
    const { kind, action, code, x, y, dx, dy } = params;
    if (kind === "key") this.#say(action === "down" ? `Key ${code}` : "");
    else if (kind === "wheel") this.#say(`Wheel ${Math.abs(dy) >= Math.abs(dx) ? (dy > 0 ? "down" : "up") : dx > 0 ? "right" : "left"}`);
    else this.#mark(kind === "touch" ? `finger ${params.finger}` : "pointer", x, y, action);
  }

  #active(active) {
    this.#place.querySelector(".there").hidden = !active;
    this.#ui.set({ back: active ? "What people do at the TV shows here." : "" });
    if (!active) for (const name of [...this.#marks.keys()]) this.#wipe(name);
  }

  #say(text) {
    clearTimeout(this.#timer);
    const said = this.#place.querySelector(".said");
    said.textContent = text || said.textContent;
    this.#timer = setTimeout(() => (said.textContent = ""), SHOWN_MS);
  }

  #mark(name, x, y, action) {
    if (action === "up" && name !== "pointer") return this.#wipe(name);
    let mark = this.#marks.get(name);
    if (!mark) {
      mark = document.createElement("i");
      this.#place.querySelector(".there").append(mark);
      this.#marks.set(name, mark);
      if (this.#marks.size > KEPT) this.#wipe(this.#marks.keys().next().value);
    }
    mark.style.left = `${x * 100}%`;
    mark.style.top = `${y * 100}%`;
    mark.classList.toggle("down", name !== "pointer" || action === "down" || (action === "move" && mark.classList.contains("down")));
  }

  #wipe(name) {
    this.#marks.get(name)?.remove();
    this.#marks.delete(name);
  }
}
