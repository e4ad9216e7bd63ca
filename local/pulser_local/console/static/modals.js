// The modal that the app opened for me: drawn, filled in, submitted, closed. The top one of the stack is shown.
import * as api from "./api.js";
import { blocks } from "./blocks.js";
import { fill, h, icon } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { submitFailure } from "./outcomes.js";
import { missing, readValues, restoreValues, showErrors } from "./view_inputs.js";

const text = (object) => withEmoji(String(object?.text ?? object ?? ""));

export class Modals {
  #store;
  #hands;
  #dialog = null;
  #shown = null; // {id, as JSON}: what is drawn
  #busy = false;
  #parts = null;

  constructor(store, hands) {
    this.#store = store;
    this.#hands = hands;
    for (const event of ["workspace", "private", "me"]) store.addEventListener(event, () => this.#busy || this.#sync());
  }

  /** Make the dialog what the store says. */
  #sync() {
    const view = this.#store.modals.at(-1);
    if (!view) return this.#remove();
    const json = JSON.stringify({ ...view, state: null });
    if (this.#shown?.json === json) return;
    const typed = this.#shown?.id === view.id ? readValues(this.#parts.form) : (view.state?.values ?? {});
    if (this.#shown?.id !== view.id) this.#remove();
    this.#shown = { id: view.id, json };
    this.#draw(view);
    restoreValues(this.#parts.form, typed);
    showErrors(this.#parts.form, view.errors ?? {});
  }

  #draw(view) {
    const fresh = !this.#dialog;
    const close = () => this.#close(view.id);
    this.#dialog ??= h("dialog", { class: "modal", "aria-labelledby": "modal-title" });
    const alert = h("p", { class: "modal-alert", role: "alert" });
    const submit = view.submit && h("button", { class: "block-button button-primary", type: "submit", disabled: view.submit_disabled === true }, text(view.submit));
    const form = h(
      "form", { class: "modal-form", novalidate: true, on: { submit: (event) => (event.preventDefault(), this.#submit(view)) } },
      h("header", { class: "modal-head" }, h("h2", { id: "modal-title", tabindex: "-1" }, text(view.title)), h("button", { class: "icon-button", type: "button", "aria-label": "Close", on: { click: close } }, icon("close"))),
      h("div", { class: "modal-body" }, blocks(view.blocks, { channels: this.#store.channelNames, users: this.#store.userNames, formId: "modal" })),
      alert,
      h("footer", { class: "modal-foot" }, h("button", { class: "block-button", type: "button", on: { click: close } }, text(view.close ?? "Cancel")), submit),
    );
    this.#parts = { form, alert, submit };
    const hadFocus = this.#dialog.contains(document.activeElement) ? document.activeElement.id : null;
    fill(this.#dialog, form);
    this.#dialog.oncancel = (event) => (event.preventDefault(), close());
    if (fresh) {
      document.body.append(this.#dialog);
      this.#dialog.showModal();
    }
    const first = form.querySelector("[autofocus]") ?? form.querySelector(".field-control:not(:disabled)") ?? form.querySelector("h2");
    ((hadFocus && document.getElementById(hadFocus)) || first).focus();
  }

  async #submit(view) {
    if (this.#busy || !view.submit) return;
    const { form, alert } = this.#parts;
    alert.textContent = "";
    const errors = missing(form);
    showErrors(form, errors);
    if (Object.keys(errors).length) return;
    this.#setBusy(true);
    let answer = null;
    try {
      answer = await this.#hands.act("views/submit", { view_id: view.id, values: readValues(form) });
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      alert.textContent = error.message;
    }
    this.#setBusy(false);
    this.#sync();
    if (answer && this.#shown?.id === view.id) this.#tell(answer);
  }

  /** The modal is still there: what the app or Slack has against it. */
  #tell(answer) {
    const { form, alert } = this.#parts;
    const words = [submitFailure(answer), ...showErrors(form, answer.errors)].filter(Boolean);
    alert.textContent = words.join(" ");
  }

  /** While Slack waits for the app nothing else can be done, and a change of the view waits too. */
  #setBusy(busy) {
    const { form, submit } = this.#parts;
    this.#busy = busy;
    if (busy) form.setAttribute("aria-busy", "true");
    else form.removeAttribute("aria-busy");
    submit?.classList.toggle("is-busy", busy);
  }

  /** Slack takes it away at once; the app hears of it, and may take its time. */
  async #close(viewId) {
    if (this.#busy) return;
    try {
      await this.#hands.act("views/close", { view_id: viewId });
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      if (this.#parts && this.#dialog) this.#parts.alert.textContent = error.message;
    }
  }

  #remove() {
    this.#dialog?.close();
    this.#dialog?.remove();
    this.#dialog = null;
    this.#shown = null;
  }
}
