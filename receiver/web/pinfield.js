// One field for eight digits, shown as 1234 5678; pasted text may carry spaces; the eighth digit submits.

const DIGITS = 8;
const onlyDigits = (text) => text.replace(/\D/g, "").slice(0, DIGITS);
const grouped = (digits) => (digits.length > 4 ? `${digits.slice(0, 4)} ${digits.slice(4)}` : digits);

/** Calls `entered(digits)` when the field is full, by typing, pasting or Enter. */
export class PinField {
  #input;

  constructor(input, entered) {
    this.#input = input;
    const submit = () => this.digits.length === DIGITS && !input.disabled && entered(this.digits);
    input.addEventListener("input", () => {
      this.#format();
      submit();
    });
    input.form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
  }

  get digits() {
    return onlyDigits(this.#input.value);
  }

  // Rewriting the value moves the caret to its end, so it is put back after as many digits as stood before it.
  #format() {
    const before = onlyDigits(this.#input.value.slice(0, this.#input.selectionStart)).length;
    this.#input.value = grouped(this.digits);
    const caret = before > 4 ? before + 1 : before;
    this.#input.setSelectionRange(caret, caret);
  }

  clear() {
    this.#input.value = "";
  }

  set enabled(enabled) {
    this.#input.disabled = !enabled;
    if (enabled) this.#input.focus();
  }
}
