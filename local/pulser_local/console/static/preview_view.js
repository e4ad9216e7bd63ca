// An event that nobody has written: its message as the page draws messages, and where it would stand. Nothing is sent.
import * as api from "./api.js";
import { command, fill, h, icon } from "./dom.js";
import { messageRow } from "./message.js";

const TYPES = ["ci.passed", "ci.failed", "deploy.started", "deploy.completed", "deploy.failed", "error_rate.exceeded", "task.completed", "task.failed"];
const PAUSE = 200; // ms after the last key
const draft = { type: "ci.failed", payload: JSON.stringify({ service: "api", environment: "production", title: "2 of 96 checks failed" }, null, 2) };

/** One word for a shell, whatever is in it. */
const quoted = (text) => (/^[\w.:/-]+$/.test(text) && !text.startsWith("-") ? text : `'${text.replaceAll("'", "'\\''")}'`);

export class PreviewView {
  #store;
  #asked = 0;
  #timer = null;
  #type = h("input", { class: "field-control", id: "preview-type", list: "preview-types", autocomplete: "off", autocapitalize: "none", spellcheck: "false", maxlength: 300 });
  #payload = h("textarea", { class: "field-control", id: "preview-payload", rows: 6, autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-describedby": "preview-error" });
  #error = h("p", { class: "preview-error", id: "preview-error", role: "status" });
  #emit = h("p", { class: "preview-emit" });
  #shown = h("div", { class: "preview-shown", "aria-live": "polite" });

  constructor(store) {
    this.#store = store;
    this.#type.value = draft.type;
    this.#payload.value = draft.payload;
  }

  mount(element) {
    if (!this.#store.shows.ledger) {
      fill(element, this.#head(), h("div", { class: "empty" }, h("h2", {}, "No ledger"), h("p", {}, "This console was started without a database, so it knows no routes.")));
      return;
    }
    const form = h(
      "form", { class: "preview-form", on: { input: () => this.#later(), submit: (event) => (event.preventDefault(), this.reload()) } },
      h("div", { class: "field" }, h("label", { for: "preview-type" }, "Event type"), this.#type, h("datalist", { id: "preview-types" }, TYPES.map((type) => h("option", { value: type })))),
      h("div", { class: "field" }, h("label", { for: "preview-payload" }, "Payload"), this.#payload, this.#error),
      this.#emit,
    );
    fill(element, this.#head(), h("div", { class: "scroller preview" }, form, this.#shown));
    this.reload();
  }

  #head() {
    return h("header", { class: "view-head" }, h("h1", {}, "Preview"), h("p", { class: "topic" }, "The message that an event would become. Nothing is sent."));
  }

  #later() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.reload(), PAUSE);
  }

  /** Draw what is typed. An answer that comes after a newer question is not shown. */
  async reload() {
    Object.assign(draft, { type: this.#type.value, payload: this.#payload.value });
    const asked = (this.#asked += 1);
    const type = draft.type.trim();
    try {
      const payload = draft.payload.trim() ? JSON.parse(draft.payload) : null;
      if (!type) return this.#say("An event needs a type, such as ci.failed.", this.#type);
      const answer = await api.preview(type, payload);
      if (asked !== this.#asked) return;
      this.#say("", null);
      fill(this.#emit, h("span", {}, "To send it: "), command(`pulser emit ${quoted(type)}${payload === null ? "" : ` --payload ${quoted(JSON.stringify(payload))}`}`));
      fill(this.#shown, answer.messages.map((message) => this.#message(message)));
    } catch (error) {
      if (asked !== this.#asked) return;
      if (error instanceof SyntaxError) this.#say(`This is not JSON yet: ${error.message}`, this.#payload);
      else if (error instanceof api.ApiError) this.#say(error.message, null);
      else throw error;
    }
  }

  /** What is wrong, and with which field; what was drawn last stays, faded. */
  #say(text, field) {
    this.#error.textContent = text;
    this.#shown.classList.toggle("is-old", Boolean(text));
    for (const one of [this.#type, this.#payload]) one.setAttribute("aria-invalid", String(one === field));
  }

  #message({ channels, text, blocks }) {
    const drawn = { ts: String(Date.now() / 1000), bot_id: "preview", bot_name: "pulser", text, blocks };
    const places = channels.map(({ channel, route }) => h("span", { class: "preview-place" }, channel.startsWith("#") ? [icon("hash"), channel.slice(1)] : channel, h("small", {}, `route ${route}`)));
    return h(
      "section", { class: "preview-message" },
      h("h2", {}, places.length ? places : h("span", { class: "preview-place is-nowhere" }, icon("dead"), "Nowhere: no route takes it")),
      h("ol", { class: "preview-card" }, messageRow(drawn, this.#store)),
    );
  }

  // What every view answers: there are no stories here, and nothing to move through.
  markStory() {}

  move() {}

  get currentStory() {
    return null;
  }

  focusCurrent() {
    this.#type.focus();
  }
}
