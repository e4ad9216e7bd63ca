// The input blocks of a modal as form fields, and what they hold as Slack's view.state.values.
import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";

const REQUIRED = "Please complete this required field.";
const fields = new WeakMap(); // the node of a block → {blockId, actionId, control, read, optional}
const list = (value) => (Array.isArray(value) ? value : []);
const text = (object) => String(object?.text ?? object ?? "");

/** An input block: its label, field, hint and place for an error. `context.formId` makes ids of the page unique. */
export function inputBlock(block, context) {
  const blockId = String(block.block_id ?? "");
  const element = block.element ?? {};
  const id = `${context.formId}-${blockId}`;
  const { control, read } = (Object.hasOwn(CONTROLS, element.type) ? CONTROLS[element.type] : unusable)(element);
  control.id = id;
  const hint = block.hint && h("p", { class: "field-hint", id: `${id}-hint` }, withEmoji(text(block.hint)));
  const error = h("p", { class: "field-error", id: `${id}-error`, hidden: true });
  control.setAttribute("aria-describedby", [hint && `${id}-hint`, `${id}-error`].filter(Boolean).join(" "));
  if (!block.optional) control.setAttribute("aria-required", "true");
  const label = h("label", { for: id }, withEmoji(text(block.label)), block.optional && h("span", { class: "field-optional" }, " (optional)"));
  const node = h("div", { class: "field" }, label, control, hint, error);
  fields.set(node, { blockId, actionId: String(element.action_id ?? ""), control, error, read, optional: Boolean(block.optional), least: element.min_length ?? 0 });
  return node;
}

const CONTROLS = {
  plain_text_input: textInput,
  email_text_input: (element) => textInput(element, "email"),
  url_text_input: (element) => textInput(element, "url"),
  number_input: (element) => textInput(element, "decimal"),
  static_select: select,
};

function textInput(element, mode = null) {
  const attributes = { class: "field-control", placeholder: element.placeholder ? text(element.placeholder) : null, maxlength: element.max_length ?? 3000, inputmode: mode, autocomplete: "off", autofocus: element.focus_on_load === true };
  const control = element.multiline ? h("textarea", { ...attributes, rows: 4 }) : h("input", { ...attributes, type: "text" });
  control.value = String(element.initial_value ?? "");
  return { control, read: () => ({ type: element.type, value: control.value === "" ? null : control.value }) };
}

function select(element) {
  const options = [];
  const drawn = (each) => h("option", { value: String(options.push(each) - 1) }, text(each.text));
  const control = h(
    "select", { class: "field-control", autofocus: element.focus_on_load === true },
    h("option", { value: "" }, element.placeholder ? text(element.placeholder) : "Choose an option"),
    list(element.options).map(drawn),
    list(element.option_groups).map((group) => h("optgroup", { label: text(group.label) }, list(group.options).map(drawn))),
  );
  const chosen = options.findIndex((each) => each.value === element.initial_option?.value);
  control.value = chosen < 0 ? "" : String(chosen);
  return { control, read: () => ({ type: element.type, selected_option: control.value === "" ? null : options[Number(control.value)] }) };
}

function unusable(element) {
  const control = h("input", { class: "field-control", type: "text", disabled: true, value: `${element.type ?? "element"}: not usable in this console` });
  return { control, read: () => ({ type: element.type ?? "unknown" }) };
}

const fieldsOf = (form) => [...form.querySelectorAll(".field")].map((node) => fields.get(node)).filter(Boolean);
const isEmpty = (state) => ("selected_option" in state ? state.selected_option === null : !String(state.value ?? "").trim());

/** What the form holds: block_id → action_id → state. */
export function readValues(form) {
  const values = {};
  for (const { blockId, actionId, read } of fieldsOf(form)) values[blockId] = { [actionId]: read() };
  return values;
}

/** Put back what was typed, where the same fields are still there. */
export function restoreValues(form, values) {
  for (const { blockId, actionId, control } of fieldsOf(form)) {
    const state = values[blockId]?.[actionId];
    if (typeof state?.value === "string" && "value" in control && control.tagName !== "SELECT") control.value = state.value;
    if (!state?.selected_option || control.tagName !== "SELECT") continue;
    const option = [...control.options].find((each) => each.textContent === text(state.selected_option.text));
    if (option) control.value = option.value;
  }
}

/** What Slack itself refuses before the app is asked: block_id → words. */
export function missing(form) {
  const found = {};
  for (const { blockId, read, optional, least, control } of fieldsOf(form)) {
    const state = read();
    if (control.disabled) continue;
    if (isEmpty(state)) optional || (found[blockId] = REQUIRED);
    else if (least && String(state.value).length < least) found[blockId] = `Please enter at least ${least} characters.`;
  }
  return found;
}

/** Show errors under their fields and go to the first. Returns the texts whose field is not there. */
export function showErrors(form, errors) {
  const left = { ...errors };
  let first = null;
  for (const { blockId, control, error } of fieldsOf(form)) {
    const words = Object.hasOwn(left, blockId) ? String(left[blockId]) : "";
    delete left[blockId];
    error.textContent = words;
    error.hidden = !words;
    if (words) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    if (words) first ??= control;
  }
  first?.focus();
  return Object.values(left).map(String);
}
