// Menus of messages: an overflow menu (⋯) and a select with options of its own. A choice is a press that carries the option.
import { confirmed } from "./actions.js";
import { h, icon } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { isBusy, paint, pressKey } from "./presses.js";

const list = (value) => (Array.isArray(value) ? value : []);
const label = (object) => withEmoji(String(object?.text ?? object ?? ""), { shortcodes: object?.emoji !== false });
const optionsOf = (item) => [...list(item.options), ...list(item.option_groups).flatMap((group) => list(group.options))];

export const isMenu = (item) => (item.type === "overflow" || item.type === "static_select") && optionsOf(item).length > 0;

/** A button that opens the options; arrows move among them, Enter chooses, Escape closes. `context` as of a button. */
export function menu(item, context, blockId = null) {
  const key = context.place ? pressKey(context.place, blockId, item.action_id) : null;
  const isOverflow = item.type === "overflow";
  const opener = h(
    "button", { class: "block-button", type: "button", disabled: !key, "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": isOverflow ? "More actions" : null, on: { click: () => set(options.hidden) } },
    isOverflow ? "⋯" : [label(item.placeholder ?? "Choose an option"), icon("down-small")],
  );
  const options = h("ul", { class: "menu block-options", role: "menu", "aria-label": isOverflow ? "More actions" : String(item.placeholder?.text ?? "Options"), hidden: true }, optionsOf(item).map((option) => h(
    "li", { role: "none" },
    h("button", { type: "button", role: "menuitem", tabindex: "-1", on: { click: () => choose(option) } }, label(option.text)),
  )));
  const place = h("span", { class: "button-place", dataset: key ? { press: key } : {} }, opener, options);
  const items = () => [...options.querySelectorAll("[role=menuitem]")];

  const hasMoreRoomAbove = () => {
    const { top, bottom } = opener.getBoundingClientRect();
    return top > innerHeight - bottom;
  };

  function set(open) {
    options.hidden = !open;
    options.classList.toggle("opens-up", open && hasMoreRoomAbove());
    options.classList.remove("opens-left");
    options.classList.toggle("opens-left", open && options.getBoundingClientRect().right > document.documentElement.clientWidth);
    opener.setAttribute("aria-expanded", String(open));
    if (open) items()[0].focus();
  }

  async function choose(option) {
    set(false);
    opener.focus();
    if (isBusy(key) || (item.confirm && !(await confirmed(item.confirm, null, context)))) return;
    document.dispatchEvent(new CustomEvent("block-press", { detail: { key, place: context.place, item: { ...item, value: option.value }, isLink: false } }));
  }

  place.addEventListener("keydown", (event) => {
    if (options.hidden) return;
    const all = items();
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") set(false), opener.focus();
    else if (next !== undefined) all[next % all.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  place.addEventListener("focusout", (event) => !place.contains(event.relatedTarget) && set(false));
  if (key) paint(place);
  return place;
}
