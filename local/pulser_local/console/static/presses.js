// Which buttons are pressed just now, and which presses failed. A message may be drawn anew in between, so what is
// known of a button is kept here and painted onto whatever stands for it in the page.
import { h, icon } from "./dom.js";

const states = new Map(); // key → "busy" | {failed: words}

/** What names a button in the page. */
export const pressKey = ({ channelId, ts }, blockId, actionId) => JSON.stringify([channelId, ts, blockId ?? "", actionId ?? ""]);

export const isBusy = (key) => states.get(key) === "busy";

/** A button was pressed ("busy"), failed ({failed: words}) or is as before (null). Returns whether the page has such a button. */
export function setPress(key, state) {
  if (state) states.set(key, state);
  else states.delete(key);
  const places = document.querySelectorAll(`[data-press="${CSS.escape(key)}"]`);
  for (const place of places) paint(place);
  return places.length > 0;
}

/** Forget all: somebody else sits before the page. */
export function forgetPresses() {
  for (const key of [...states.keys()]) setPress(key, null);
}

/** Show the state of its button on a `.button-place`. */
export function paint(place) {
  const state = states.get(place.dataset.press);
  const button = place.firstElementChild;
  button.classList.toggle("is-busy", state === "busy");
  if (state === "busy") button.setAttribute("aria-busy", "true");
  else button.removeAttribute("aria-busy");
  place.querySelector(".press-failed")?.remove();
  if (state?.failed) place.append(h("span", { class: "press-failed", role: "alert" }, icon("alert"), state.failed));
}
