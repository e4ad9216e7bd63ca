// Who I am in the workspace: a small menu of its people. Kept for this tab, and as the beginning of the next one.
import { fill, h, icon } from "./dom.js";

const KEY = "pulser.me";

/** The id that was chosen last, or null. */
export function rememberedMe() {
  return read(sessionStorage) ?? read(localStorage);
}

function read(storage) {
  try {
    return storage.getItem(KEY);
  } catch {
    return null; // storage can be forbidden
  }
}

function remember(userId) {
  for (const storage of [sessionStorage, localStorage]) {
    try {
      storage.setItem(KEY, userId);
    } catch {
      // not kept, but chosen
    }
  }
}

export const personFace = (user) => h("span", { class: `face face-${faceNumber(user.id)}`, "aria-hidden": "true" }, [...(user.real_name || user.name)][0].toUpperCase());
const faceNumber = (id) => [...id].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 5;

/** Draw the menu into `node` and keep it drawn. */
export function wirePeopleMenu(node, store) {
  const button = h("button", { class: "me", type: "button", "aria-haspopup": "menu", "aria-expanded": "false", on: { click: () => set(list.hidden) } });
  const list = h("ul", { class: "menu", role: "menu", "aria-label": "Act as", hidden: true });
  fill(node, button, list);

  function draw() {
    const me = store.users.find((user) => user.id === store.me);
    node.hidden = !me;
    if (!me) return;
    fill(button, personFace(me), h("span", { class: "me-name" }, me.real_name), icon("down-small"));
    button.setAttribute("aria-label", `You are ${me.real_name}. Act as somebody else`);
    fill(list, store.users.map((user) => h(
      "li", { role: "none" },
      h("button", { type: "button", role: "menuitemradio", tabindex: "-1", "aria-checked": String(user.id === store.me), on: { click: () => choose(user.id) } }, personFace(user), h("span", {}, user.real_name, h("small", {}, ` @${user.name}`)), user.id === store.me && icon("ok")),
    )));
  }

  const items = () => [...list.querySelectorAll("[role=menuitemradio]")];

  function set(open) {
    list.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) (list.querySelector("[aria-checked=true]") ?? items()[0])?.focus();
  }

  function choose(userId) {
    remember(userId);
    set(false);
    button.focus();
    store.setMe(userId);
  }

  node.addEventListener("keydown", (event) => {
    if (list.hidden) return event.key === "ArrowDown" && (set(true), event.preventDefault(), event.stopPropagation());
    const all = items();
    const at = all.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1 + all.length, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === "Escape") set(false), button.focus();
    else if (next !== undefined) all[next % all.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  node.addEventListener("focusout", (event) => !node.contains(event.relatedTarget) && set(false));
  store.addEventListener("workspace", draw);
  store.addEventListener("me", draw);
}
