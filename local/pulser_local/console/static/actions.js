// Buttons of messages. No app listens yet: a press shows what Slack shows when no app is connected.
import { h, icon, safeUrl } from "./dom.js";
import { withEmoji } from "./emoji.js";

const NOT_LISTENING = "pulser is not listening: no Socket Mode connection";
const label = (object) => withEmoji(String(object?.text ?? object ?? ""), { shortcodes: object?.emoji !== false });
const styleClass = (style) => (style === "primary" || style === "danger" ? ` button-${style}` : "");

/** A Block Kit button: a link when it has a url, else one that asks for its confirm dialog first. */
export function button(item) {
  const attributes = { class: `block-button${styleClass(item.style)}`, "aria-label": item.accessibility_label ?? null };
  const href = item.url ? safeUrl(item.url) : null;
  const press = async () => {
    if (!item.confirm || (await confirmed(item.confirm, item.style))) warn(node);
  };
  const node = href
    ? h("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer" }, label(item.text), icon("open"))
    : h("button", { ...attributes, type: "button", on: { click: press } }, label(item.text));
  return h("span", { class: "button-place" }, node);
}

/** Selects, date pickers and the like: shown, not usable. */
export function otherElement(item) {
  const text = item.placeholder?.text ?? item.text?.text ?? item.type;
  return h("button", { class: "block-button", type: "button", disabled: true, title: `${item.type}: not usable in this console` }, String(text));
}

function warn(node) {
  node.parentElement.querySelector(".not-listening")?.remove();
  node.after(h("span", { class: "not-listening", role: "alert" }, icon("alert"), NOT_LISTENING));
}

/** The confirm dialog of a button; resolves to whether it was confirmed. Escape and the backdrop deny. */
function confirmed(confirm, buttonStyle) {
  const style = confirm.style ?? (buttonStyle === "danger" ? "danger" : "primary");
  const dialog = h(
    "dialog", { class: "confirm", "aria-labelledby": "confirm-title" },
    h(
      "form", { method: "dialog" },
      h("h2", { id: "confirm-title" }, label(confirm.title)),
      h("div", { class: "confirm-text" }, label(confirm.text)),
      h(
        "div", { class: "confirm-buttons" },
        h("button", { class: "block-button", value: "deny" }, label(confirm.deny ?? "Cancel")),
        h("button", { class: `block-button${styleClass(style)}`, value: "confirm" }, label(confirm.confirm ?? "Confirm")),
      ),
    ),
  );
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "confirm");
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close("deny"));
    document.body.append(dialog);
    dialog.showModal();
  });
}
