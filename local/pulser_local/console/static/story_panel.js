// The story of a delivery, beside the message: the event, its route, each attempt, how long it took.
import * as api from "./api.js";
import { fill, h, icon } from "./dom.js";
import { drawStory } from "./story.js";

export class StoryPanel {
  #node;
  #store;
  #openId = null;
  #opener = null;
  #story = null;
  #body = h("div", { class: "story-body", tabindex: "-1" });
  #onChange;

  /** `onChange(deliveryId | null)` is told what is open. */
  constructor(node, store, { onChange }) {
    this.#node = node;
    this.#store = store;
    this.#onChange = onChange;
    const close = h("button", { class: "icon-button", type: "button", "aria-label": "Close the story", title: "Close (Esc)", on: { click: () => this.close() } }, icon("close"));
    fill(node, h("header", { class: "story-head" }, h("h2", { tabindex: "-1" }, "Story"), close), this.#body);
  }

  get openId() {
    return this.#openId;
  }

  /** Show the story of a delivery. With `focus`, the keyboard goes into the panel, and back when it closes. */
  async open(deliveryId, { focus = false } = {}) {
    if (focus && !this.#node.contains(document.activeElement)) this.#opener = document.activeElement;
    const isNew = this.#openId !== deliveryId;
    this.#openId = deliveryId;
    this.#node.hidden = false;
    document.body.classList.add("story-open");
    if (isNew) {
      this.#story = null;
      fill(this.#body, h("p", { class: "loading", role: "status" }, "Reading the ledger…"));
      this.#onChange(deliveryId);
    }
    if (focus) this.#node.querySelector("h2").focus();
    await this.refresh();
  }

  /** Read the open story again; what the reader unfolded stays unfolded. */
  async refresh() {
    const deliveryId = this.#openId;
    if (!deliveryId) return;
    try {
      const story = await api.story(deliveryId);
      if (this.#openId !== deliveryId) return;
      this.#story = story;
      this.#draw();
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      if (this.#openId === deliveryId && !this.#story) fill(this.#body, trouble(error));
    }
  }

  #draw() {
    const unfolded = new Set([...this.#body.querySelectorAll("details[open]")].map((details) => details.dataset.part));
    const focusedPart = document.activeElement?.closest?.("details")?.dataset.part;
    fill(this.#body, drawStory(this.#story, this.#openId, this.#store));
    for (const details of this.#body.querySelectorAll("details")) {
      details.open = unfolded.has(details.dataset.part);
      if (details.dataset.part === focusedPart) details.querySelector("summary").focus({ preventScroll: true });
    }
  }

  close() {
    if (!this.#openId) return;
    const inside = this.#node.contains(document.activeElement);
    this.#openId = null;
    this.#node.hidden = true;
    document.body.classList.remove("story-open");
    this.#onChange(null);
    if (inside && this.#opener?.isConnected) this.#opener.focus({ preventScroll: true });
    this.#opener = null;
  }
}

function trouble(error) {
  const unknown = error.error === "delivery_not_found";
  return h(
    "div", { class: "empty" },
    h("h3", {}, unknown ? "The ledger does not know this delivery" : "The story cannot be read now"),
    h("p", {}, unknown ? "The message carries a delivery id of another database, or its rows were removed." : error.message),
    !unknown && h("p", {}, "This page tries again when the ledger is back. What the database says is in the terminal of pulser dev."),
  );
}
