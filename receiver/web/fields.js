// A command's field as form controls, made of its JSON Schema. The display itself checks what is sent.

const element = (name, attributes = {}, ...children) => {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
};

/** The field's name for people: device_id is "device id". */
const words = (name) => name.replaceAll("_", " ");

function title(name, required) {
  return [words(name), ...(required ? [] : [" ", element("small", { textContent: "optional" })])];
}

function segments(id, name, schema, required) {
  const values = schema.enum ?? [true, false];
  const initial = schema.default ?? (required ? undefined : null);
  const choices = values.map((value) => {
    const text = value === true ? "yes" : value === false ? "no" : String(value);
    const input = element("input", { type: "radio", name: id, required, value: JSON.stringify(value) });
    input.defaultChecked = value === initial;
    return element("label", {}, input, text);
  });
  const group = element("div", { className: "segments" }, ...choices);
  const field = element("fieldset", { className: "field" }, element("legend", {}, ...title(name, required)), group);
  const read = () => {
    const chosen = group.querySelector(":checked");
    return chosen ? JSON.parse(chosen.value) : undefined;
  };
  return { field, read };
}

function numeric(id, name, schema, required) {
  const limits = { min: schema.minimum ?? "", max: schema.maximum ?? "", step: schema.type === "integer" ? 1 : "any" };
  const input = element("input", { id, type: "number", inputMode: "decimal", required, ...limits });
  input.defaultValue = schema.default ?? "";
  const label = element("label", { htmlFor: id }, ...title(name, required));
  const read = () => (input.value === "" ? undefined : Number(input.value));
  const span = schema.maximum - schema.minimum;
  if (schema.type !== "number" || !(span <= 10)) return { field: element("div", { className: "field" }, label, input), read };
  const slider = element("input", { type: "range", ...limits, step: span / 100 > 0.02 ? 0.05 : 0.01, ariaLabel: words(name) });
  if (required && schema.default === undefined) input.defaultValue = "1";
  slider.defaultValue = input.defaultValue;
  slider.addEventListener("input", () => { input.value = slider.value; });
  input.addEventListener("input", () => { slider.value = input.value; });
  return { field: element("div", { className: "field" }, label, element("div", { className: "slider" }, slider, input)), read };
}

function text(id, name, schema, required) {
  const input = element("input", {
    id, required, type: schema.format === "uri" ? "url" : "text", placeholder: schema.examples?.[0] ?? "",
    autocomplete: "off", spellcheck: false,
  });
  if (schema.maxLength) input.maxLength = schema.maxLength;
  if (schema.pattern) input.pattern = schema.pattern.replace(/^\^|\(\?!\[\\s\\S\]\)$/g, "");
  const read = () => (input.value === "" ? undefined : input.value);
  const label = element("label", { htmlFor: id }, ...title(name, required));
  return { field: element("div", { className: "field" }, label, input), read };
}

/** `{field, read}`: what to show, and what it holds now, undefined where it is to be left out. */
export function fieldFor(verb, name, schema, required) {
  const id = `${verb}-${name}`;
  const kind = schema.enum || schema.type === "boolean" ? segments : schema.type === "string" ? text : numeric;
  const made = kind(id, name, schema, required);
  if (schema.description) made.field.append(element("p", { className: "hint", textContent: schema.description }));
  return made;
}

export { element, words };
