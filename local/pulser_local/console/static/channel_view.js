// A channel: its messages by day, live, with the keyboard's focus on one of them.
import { command, fill, h, icon } from "./dom.js";
import { dayName, fromTs } from "./dates.js";
import { Composer } from "./composer.js";
import { deliveryBadge, messageRow } from "./message.js";
import { PrivateRows } from "./private_rows.js";
import { deliveryOf } from "./store.js";
import { deliveryKey } from "./story_keys.js";
import { inThreads, isReply, putUnder } from "./threads.js";

const NEAR = 80; // px from the end that still count as "at the end"

export class ChannelView {
  #store;
  #channelId;
  #list = h("ol", { class: "messages", "aria-label": "Messages" });
  #scroller = h("div", { class: "scroller" });
  #jump = h("button", { class: "jump", type: "button", hidden: true }, icon("down"), h("span", {}, "New messages"));
  #hint = h("p", { class: "composer-hint" }, "Send an event to this workspace: ", command("pulser emit ci.failed"));
  #composer = null;
  #privateRows;
  #firstUnread = null;

  /** `loadEarlier(channelId)` fetches a page of earlier messages into the store; `hands` do what is typed. */
  constructor(store, channelId, { loadEarlier, hands }) {
    this.#store = store;
    this.#channelId = channelId;
    this.#privateRows = new PrivateRows(this.#list, store, channelId);
    this.loadEarlier = async () => {
      const height = this.#scroller.scrollHeight;
      await loadEarlier(channelId);
      this.#drawList();
      this.#scroller.scrollTop += this.#scroller.scrollHeight - height;
    };
    this.#jump.addEventListener("click", () => this.toEnd());
    this.#scroller.addEventListener("scroll", () => this.#atEnd() && (this.#jump.hidden = true));
    this.#list.addEventListener("focusin", (event) => this.#setCurrent(event.target.closest(".message")));
    const channel = store.channels.get(channelId);
    if (store.users.length && !channel.is_archived) this.#composer = new Composer(hands, channel);
    const history = store.history(channelId).messages;
    const unread = channel.last_read ? history.find((message) => message.ts > channel.last_read) : null;
    this.#firstUnread = unread?.ts ?? null;
  }

  /** Draw into the element, at the end of the channel. */
  mount(element) {
    const channel = this.#store.channels.get(this.#channelId);
    fill(
      element,
      h("header", { class: "view-head" }, h("h1", {}, icon(channel.is_private ? "lock" : "hash"), channel.name), channel.is_archived && h("span", { class: "pill" }, "archived"), !channel.is_member && h("span", { class: "pill" }, "pulser is not a member"), channel.topic && h("p", { class: "topic" }, channel.topic)),
      this.#scroller,
      h("footer", { class: "channel-foot" }, this.#composer?.node, this.#hint),
    );
    fill(this.#scroller, this.#list, this.#jump);
    this.#drawList();
    this.toEnd();
  }

  /** Everything may have changed (a reconnect): draw again and stay where the reader was. */
  reload() {
    const stay = this.#atEnd() ? null : this.#scroller.scrollTop;
    this.#drawList();
    if (stay === null) this.toEnd();
    else this.#scroller.scrollTop = stay;
  }

  #drawList() {
    const { messages, hasEarlier } = this.#store.history(this.#channelId);
    const current = this.#current()?.dataset.ts;
    const rows = [];
    let day = null;
    for (const message of inThreads(messages)) {
      const name = dayName(fromTs(message.ts));
      if (name !== day && !isReply(message)) rows.push(h("li", { class: "day", role: "separator" }, h("span", {}, name)));
      if (!isReply(message)) day = name;
      if (message.ts === this.#firstUnread) rows.push(h("li", { class: "new-line", role: "separator" }, h("span", {}, "New")));
      rows.push(messageRow(message, this.#store));
    }
    const more = hasEarlier && h("li", { class: "earlier" }, h("button", { class: "block-button", type: "button", on: { click: this.loadEarlier } }, "Show earlier messages"));
    this.#hint.hidden = messages.length === 0; // the empty channel says the same, larger
    fill(this.#list, more, messages.length ? rows : h("li", { class: "empty-place" }, this.#empty()));
    this.#privateRows.drawAll();
    this.#setCurrent(this.#row(current) ?? this.#rows().at(-1));
  }

  #empty() {
    return h(
      "div", { class: "empty" },
      h("h2", {}, `Nothing in #${this.#store.channels.get(this.#channelId).name} yet`),
      h("p", {}, "Messages appear here the moment pulser posts them. Send one through the whole path:"),
      h("p", {}, command("pulser emit ci.failed")),
      h("p", {}, "Where an event goes is decided by the routes; ask them with ", command("pulser routes explain ci.failed")),
    );
  }

  /** A message that came or changed. Follows the end when the reader is there. */
  put(message, { isNew }) {
    const stay = !this.#atEnd();
    const row = this.#row(message.ts);
    if (row) {
      const fresh = messageRow(message, this.#store);
      const isCurrent = row.tabIndex === 0;
      const focused = row.contains(document.activeElement);
      row.replaceWith(fresh);
      this.#setCurrent(isCurrent ? fresh : this.#current());
      if (focused) fresh.focus({ preventScroll: true });
    } else {
      this.#append(message);
    }
    if (!stay) this.toEnd();
    else if (isNew) this.#jump.hidden = false;
  }

  /** What I alone see has changed. Follows it when something came. */
  refreshPrivate({ came }) {
    const stay = !this.#atEnd();
    this.#privateRows.refresh();
    const last = this.#rows().at(-1);
    this.#setCurrent(came && !this.#list.contains(document.activeElement) ? last : (this.#current() ?? last));
    if (!stay || came) this.toEnd();
  }

  #append(message) {
    this.#list.querySelector(".empty-place")?.remove();
    this.#hint.hidden = false;
    const row = messageRow(message, this.#store);
    row.classList.add("is-fresh");
    if (!putUnder(this.#list, row, message)) this.#putLast(row, message);
    if (!this.#list.contains(document.activeElement)) this.#setCurrent(row);
  }

  #putLast(row, message) {
    const last = this.#rows().filter((each) => !each.matches(".is-private, .is-reply")).at(-1);
    const name = dayName(fromTs(message.ts));
    if (!last || dayName(fromTs(last.dataset.ts)) !== name) this.#list.append(h("li", { class: "day", role: "separator" }, h("span", {}, name)));
    this.#list.append(row);
  }

  drop(message) {
    this.#row(message.ts)?.remove();
    if (!this.#rows().length) this.#drawList();
  }

  /** Draw the badges of these deliveries again; all of them when null. */
  refreshBadges(changed = null) {
    const ids = changed && new Set(changed.map((delivery) => delivery.delivery_id));
    for (const message of this.#store.history(this.#channelId).messages) {
      if (ids && !ids.has(deliveryOf(message))) continue;
      const place = this.#row(message.ts)?.querySelector(".badge-place");
      if (!place) continue;
      const focused = place.contains(document.activeElement);
      fill(place, deliveryBadge(message, this.#store));
      if (focused) place.querySelector("button")?.focus({ preventScroll: true });
    }
  }

  /** Bring a message into view, marked as the one that was asked for. False when it is not here. */
  highlight(ts) {
    const row = this.#row(ts);
    if (!row) return false;
    this.#list.querySelector(".is-target")?.classList.remove("is-target");
    row.classList.add("is-target");
    this.#setCurrent(row);
    row.scrollIntoView({ block: "center" });
    row.focus({ preventScroll: true });
    return true;
  }

  /** Mark the message whose story is open. */
  markStory(key) {
    for (const row of this.#rows()) row.classList.toggle("has-story-open", Boolean(row.dataset.delivery) && deliveryKey(row.dataset.delivery) === key);
  }

  /** Move the focus by so many messages. */
  move(step) {
    const rows = this.#rows();
    const at = rows.findIndex((row) => row.tabIndex === 0);
    const focused = rows[at]?.contains(document.activeElement);
    const next = rows[Math.min(rows.length - 1, Math.max(0, focused ? at + step : at))];
    next?.focus();
    next?.scrollIntoView({ block: "nearest" });
  }

  /** The story of the message under the focus. */
  get currentStory() {
    const delivery = document.activeElement?.closest?.(".message")?.dataset.delivery;
    return delivery ? deliveryKey(delivery) : null;
  }

  /** Put the cursor into the text field, with a command begun. False when there is none. */
  typeCommand() {
    this.#composer?.focus("/");
    return Boolean(this.#composer);
  }

  focusCurrent() {
    this.#current()?.focus({ preventScroll: true });
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#jump.hidden = true;
  }

  // Only the current message and what it holds is in the tab order, so Tab does not walk through a whole channel.
  #setCurrent(row) {
    if (!row) return;
    for (const other of this.#rows()) {
      const on = other === row;
      other.tabIndex = on ? 0 : -1;
      for (const inner of other.querySelectorAll("a, button, summary")) inner.tabIndex = on ? 0 : -1;
    }
  }

  #current() {
    return this.#list.querySelector(".message[tabindex='0']");
  }

  #rows() {
    return [...this.#list.querySelectorAll(".message")];
  }

  #row(ts) {
    return ts ? this.#list.querySelector(`.message[data-ts="${CSS.escape(ts)}"]`) : null;
  }

  #atEnd() {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < NEAR;
  }
}
