// Where one types into a channel: messages, and slash commands with completion.
import * as api from "./api.js";
import { complete } from "./completion.js";
import { fill, h, icon } from "./dom.js";
import { commandFailure } from "./outcomes.js";

const drafts = new Map(); // channel id → what was typed and not sent
let lastSent = "/pulser status"; // arrow up in an empty field brings it back
let numbers = 0;

export class Composer {
  #hands;
  #channel;
  #options = [];
  #chosen = 0;
  #services = [];
  #asked = false;
  #id = `options-${(numbers += 1)}`;
  #list = h("ul", { class: "options", role: "listbox", id: this.#id, "aria-label": "Commands", hidden: true });
  #status = h("p", { class: "composer-status", role: "status" });
  #field;
  #send = h("button", { class: "icon-button send", type: "submit", "aria-label": "Send", title: "Send (Enter)" }, icon("send"));
  node;

  /** `hands` does what was typed; `channel` is where. */
  constructor(hands, channel) {
    this.#hands = hands;
    this.#channel = channel;
    const name = `Message #${channel.name}`;
    this.#field = h("textarea", {
      class: "composer-field", rows: 1, role: "combobox", "aria-label": `${name}, or a command that begins with /`, placeholder: `${name} – or type /pulser`, autocomplete: "off", spellcheck: "false",
      "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.#id, maxlength: 12_000,
      on: { input: () => this.#typed(), keydown: (event) => this.#key(event), blur: () => this.#offer([]), focus: () => this.#typed() },
    });
    this.#field.value = drafts.get(channel.id) ?? "";
    this.node = h("form", { class: "composer", on: { submit: (event) => (event.preventDefault(), this.#submit()) } }, this.#list, h("div", { class: "composer-box" }, this.#field, this.#send), this.#status);
  }

  /** Put the cursor in; `text` replaces an empty field. */
  focus(text = "") {
    if (text && !this.#field.value) this.#field.value = text;
    this.#field.focus();
    this.#typed();
  }

  #typed() {
    drafts.set(this.#channel.id, this.#field.value);
    this.#field.style.height = "auto";
    this.#field.style.height = `${this.#field.scrollHeight}px`;
    if (this.#field.value.startsWith("/")) this.#learnServices();
    this.#offer(document.activeElement === this.#field ? complete(this.#field.value, this.#services) : []);
  }

  /** Services change seldom: asked for once, when somebody types a command. */
  async #learnServices() {
    if (this.#asked) return;
    this.#asked = true;
    try {
      this.#services = (await api.services()).services;
      const chosen = this.#options[this.#chosen]?.text; // while they were on their way an arrow may have moved
      this.#typed();
      const again = this.#options.findIndex((option) => option.text === chosen);
      if (again >= 0) this.#choose(again);
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error; // no ledger: commands complete without services
    }
  }

  #offer(options) {
    const open = options.length > 0;
    this.#options = options;
    this.#list.hidden = !open;
    this.#field.setAttribute("aria-expanded", String(open));
    fill(this.#list, options.map((option, index) => h(
      "li", { role: "option", id: `${this.#id}-${index}`, on: { mousedown: (event) => (event.preventDefault(), this.#take(option)) } },
      h("strong", {}, option.label), h("span", {}, option.hint),
    )));
    this.#choose(options[0]?.isOptional ? -1 : 0);
  }

  /** Mark an option; -1 is none, from where the arrows go to the first and the last. */
  #choose(index) {
    const count = this.#options.length;
    this.#chosen = index < 0 || !count ? -1 : index % count;
    [...this.#list.children].forEach((node, at) => node.setAttribute("aria-selected", String(at === this.#chosen)));
    this.#list.children[this.#chosen]?.scrollIntoView({ block: "nearest" });
    if (this.#chosen >= 0) this.#field.setAttribute("aria-activedescendant", `${this.#id}-${this.#chosen}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  #take(option) {
    this.#field.value = option.text;
    this.#typed();
  }

  #key(event) {
    if (event.isComposing) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const option = this.#options[this.#chosen];
    if (step && this.#options.length) this.#choose(this.#chosen < 1 && step < 0 ? this.#options.length - 1 : this.#chosen + step);
    else if (event.key === "ArrowUp" && !this.#field.value) this.focus(lastSent);
    else if (event.key === "Tab" && option && !event.shiftKey && option.text.trim() !== this.#field.value.trim()) this.#take(option);
    else if (event.key === "Enter" && !event.shiftKey) this.#enter(option);
    else if (event.key === "Escape") this.#escape();
    else return;
    event.preventDefault();
  }

  /** Enter first finishes a word that is not whole, then sends. */
  #enter(option) {
    if (option && !this.#field.value.trim().endsWith(option.text.trim())) this.#take(option);
    else this.#submit();
  }

  #escape() {
    if (this.#options.length) this.#offer([]);
    else this.#field.dispatchEvent(new CustomEvent("composer-left", { bubbles: true }));
  }

  async #submit() {
    const text = this.#field.value.trim();
    if (!text) return;
    lastSent = text;
    this.#field.value = "";
    this.#typed();
    this.#offer([]);
    const isCommand = text.startsWith("/");
    this.#say(isCommand ? `${text} – waiting for pulser` : "", "busy");
    try {
      const answer = await this.#hands.act("say", { channel_id: this.#channel.id, text });
      const failure = isCommand ? commandFailure(answer, text) : null;
      this.#say(failure ?? "", failure ? "failed" : "done");
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      this.#say(error.message, "failed");
      if (!this.#field.value) this.focus(text);
    }
  }

  #say(text, state) {
    this.#status.dataset.state = state;
    fill(this.#status, text && [state === "failed" ? icon("alert") : h("span", { class: "spinner", "aria-hidden": "true" }), text]);
  }
}
