// Buttons of messages. A press is told to the page as a "block-press" event; what becomes of it is painted by presses.js.
import { h, icon, safeUrl } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { isBusy, paint, pressKey } from "./presses.js";

const label = (object) => withEmoji(String(object?.text ?? object ?? ""), { shortcodes: object?.emoji !== false });
const styleClass = (style) => (style === "primary" || style === "danger" ? ` button-${style}` : "");

/**
 * A Block Kit button: one that asks for its confirm dialog first; with a url also a link. `context.place` says where
 * the message stands ({channelId, ts}); without it there is nobody to press for.
 */
export function button(item, context, blockId = null) {
  const key = context.place ? pressKey(context.place, blockId, item.action_id) : null;
  const attributes = { class: `block-button${styleClass(item.style)}`, "aria-label": item.accessibility_label ?? null };
  const href = item.url ? safeUrl(item.url) : null;
  const press = async () => {
    if (isBusy(key) || (item.confirm && !(await confirmed(item.confirm, item.style, context)))) return;
    document.dispatchEvent(new CustomEvent("block-press", { detail: { key, place: context.place, item, isLink: Boolean(href) } }));
  };
  const listeners = key ? { click: press } : {};
  const node = href
    ? h("a", { ...attributes, href, target: "_blank", rel: "noopener noreferrer", on: listeners }, label(item.text), icon("open"))
    : h("button", { ...attributes, type: "button", disabled: !key, on: listeners }, label(item.text));
  const place = h("span", { class: "button-place", dataset: key ? { press: key } : {} }, node);
  if (key) paint(place);
  return place;
}

/** Date pickers and the like in messages: shown, not usable. Menus of options are in block_menu.js. */
export function otherElement(item) {
  const text = item.placeholder?.text ?? item.text?.text ?? item.type;
  return h("button", { class: "block-button", type: "button", disabled: true, title: `${item.type}: not usable in this console` }, String(text));
}

/** The confirm dialog of a button; resolves to whether it was confirmed. Escape and the backdrop deny. */
export function confirmed(confirm, buttonStyle, context) {
  const style = confirm.style ?? (buttonStyle === "danger" ? "danger" : "primary");
  const text = confirm.text?.type === "mrkdwn" ? mrkdwn(String(confirm.text.text ?? ""), context) : label(confirm.text);
  const dialog = h(
    "dialog", { class: "confirm", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
    h(
      "form", { method: "dialog" },
      h("h2", { id: "confirm-title" }, label(confirm.title)),
      h("div", { class: "confirm-text mrkdwn", id: "confirm-text" }, text),
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
