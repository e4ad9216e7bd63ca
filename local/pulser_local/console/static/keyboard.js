// The keyboard: j/k and arrows move, Enter opens the story, Escape closes what is open, ? explains.
import { h } from "./dom.js";

const KEYS = [
  ["j  ↓", "Next message or delivery"],
  ["k  ↑", "Previous one"],
  ["Enter", "Open its story"],
  ["Esc", "Close the story or the channel list; leave the text field"],
  ["Alt ↓ / Alt ↑", "Next or previous channel"],
  ["/", "Type a command in the channel"],
  ["Tab", "Into the buttons and links of the message"],
  ["?", "This list"],
];
const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

/** `commands`: move(step), moveChannel(step), openStory(), typeCommand(), escape() → whether something was closed. */
export function wireKeyboard(commands) {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]") || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
    if (handle(event, commands)) event.preventDefault();
  });
}

function handle(event, commands) {
  const step = STEPS[event.key];
  if (event.ctrlKey || event.metaKey) return false;
  if (event.altKey) return event.key.startsWith("Arrow") && step ? (commands.moveChannel(step), true) : false;
  if (event.key === "Escape") return commands.escape();
  if (event.key === "?") return showShortcuts(), true;
  if (event.key === "/") return commands.typeCommand();
  // Arrows scroll a panel the reader is in; letters always move.
  if (step && !(event.key.startsWith("Arrow") && event.target.closest?.(".story, .sidebar"))) return commands.move(step), true;
  // On a link or a button Enter is theirs.
  if (event.key === "Enter" && event.target.matches?.(".message")) return commands.openStory();
  return false;
}

/** The list of keys, as a dialog. */
export function showShortcuts() {
  const dialog = h(
    "dialog", { class: "confirm", "aria-labelledby": "shortcuts-title" },
    h(
      "form", { method: "dialog" },
      h("h2", { id: "shortcuts-title" }, "Keyboard"),
      h("dl", { class: "keys" }, KEYS.map(([key, meaning]) => h("div", {}, h("dt", {}, key.split("  ").map((each) => h("kbd", {}, each))), h("dd", {}, meaning)))),
      h("div", { class: "confirm-buttons" }, h("button", { class: "block-button button-primary" }, "Close")),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
