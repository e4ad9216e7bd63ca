// The story of a delivery or an envelope, beside the list or the message.
import * as api from "./api.js";
import { fill, h, icon } from "./dom.js";
import { drawEnvelopeStory } from "./envelope_story.js";
import { drawStory } from "./story.js";
import { parts } from "./story_keys.js";

const KINDS = {
  delivery: { name: "delivery", read: api.story, draw: drawStory },
  envelope: { name: "envelope", read: api.envelopeStory, draw: drawEnvelopeStory },
};

export class StoryPanel {
  #node;
  #store;
  #openKey = null;
  #opener = null;
  #story = null;
  #body = h("div", { class: "story-body", tabindex: "-1" });
  #onChange;

  /** `onChange(key | null)` is told what is open. */
  constructor(node, store, { onChange }) {
    this.#node = node;
    this.#store = store;
    this.#onChange = onChange;
    const close = h("button", { class: "icon-button", type: "button", "aria-label": "Close the story", title: "Close (Esc)", on: { click: () => this.close() } }, icon("close"));
    fill(node, h("header", { class: "story-head" }, h("h2", { tabindex: "-1" }, "Story"), close), this.#body);
  }

  get openKey() {
    return this.#openKey;
  }

  /** Show a story. With `focus`, the keyboard goes into the panel, and back when it closes. */
  async open(key, { focus = false } = {}) {
    if (focus && !this.#node.contains(document.activeElement)) this.#opener = document.activeElement;
    const isNew = this.#openKey !== key;
    this.#openKey = key;
    this.#node.hidden = false;
    this.#node.setAttribute("aria-label", `Story of the ${KINDS[parts(key).kind].name}`);
    document.body.classList.add("story-open");
    if (isNew) {
      this.#story = null;
      fill(this.#body, h("p", { class: "loading", role: "status" }, "Reading the ledger…"));
      this.#onChange(key);
    }
    if (focus) this.#node.querySelector("h2").focus();
    await this.refresh();
  }

  /** Read the open story again; what the reader unfolded stays unfolded. */
  async refresh() {
    const key = this.#openKey;
    if (!key) return;
    const { kind, id } = parts(key);
    try {
      const story = await KINDS[kind].read(id);
      if (this.#openKey !== key) return;
      this.#story = story;
      this.#draw();
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      if (this.#openKey === key && !this.#story) fill(this.#body, trouble(error, KINDS[kind].name));
    }
  }

  #draw() {
    const unfolded = new Set([...this.#body.querySelectorAll("details[open]")].map((details) => details.dataset.part));
    const focusedPart = document.activeElement?.closest?.("details")?.dataset.part;
    const { kind, id } = parts(this.#openKey);
    fill(this.#body, KINDS[kind].draw(this.#story, id, this.#store));
    for (const details of this.#body.querySelectorAll("details")) {
      details.open = unfolded.has(details.dataset.part);
      if (details.dataset.part === focusedPart) details.querySelector("summary").focus({ preventScroll: true });
    }
  }

  close() {
    if (!this.#openKey) return;
    const inside = this.#node.contains(document.activeElement);
    this.#openKey = null;
    this.#node.hidden = true;
    document.body.classList.remove("story-open");
    this.#onChange(null);
    if (inside && this.#opener?.isConnected) this.#opener.focus({ preventScroll: true });
    this.#opener = null;
  }
}

function trouble(error, thing) {
  const unknown = error.error === `${thing}_not_found`;
  return h(
    "div", { class: "empty" },
    h("h3", {}, unknown ? `The ledger does not know this ${thing}` : "The story cannot be read now"),
    h("p", {}, unknown ? "It belongs to another database, or its rows were removed." : error.message),
    !unknown && h("p", {}, "This page tries again when the ledger is back. What the database says is in the terminal of pulser dev."),
  );
}
