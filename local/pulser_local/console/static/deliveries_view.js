// What the ledger holds, newest first: above all what is not in Slack, and why.
import * as api from "./api.js";
import { command, fill, h, icon } from "./dom.js";
import { ago, fromIso, timeAttributes } from "./dates.js";
import { STATUSES, badge, status, why } from "./words.js";

const FILTERS = {
  all: { label: "All", has: () => true },
  not_in_slack: { label: "Not in Slack", has: (delivery) => delivery.status !== "sent" },
  ...Object.fromEntries(STATUSES.map((name) => [name, { label: status(name).label, has: (delivery) => delivery.status === name }])),
};
const COLUMNS = ["Status", "Event", "Channel", "Route", "Attempts", "When"];

export class DeliveriesView {
  #store;
  #filter;
  #onFilter;
  #openId = null;
  #filters = h("div", { class: "filters", role: "group", "aria-label": "Filter by status" });
  #place = h("div", { class: "scroller" });

  /** `onFilter(name)` is told when the reader picks a filter. */
  constructor(store, filter, { onFilter }) {
    this.#store = store;
    this.#filter = Object.hasOwn(FILTERS, filter) ? filter : "all";
    this.#onFilter = onFilter;
  }

  mount(element) {
    const foreign = !this.#store.shows.messages && h("p", { class: "topic" }, "The messages are in the real Slack workspace; here is what pulser did to get them there.");
    fill(element, h("header", { class: "view-head" }, h("h1", {}, "Deliveries"), foreign), this.#filters, this.#place);
    this.refresh();
    this.#fetch();
  }

  /** A status may have older deliveries than the newest ones that are watched. */
  async #fetch() {
    if (!STATUSES.includes(this.#filter) || !this.#store.shows.ledger) return;
    try {
      this.#store.putDeliveries((await api.deliveries(this.#filter)).deliveries);
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error; // the notice above the view says that the ledger is away
    }
  }

  refresh() {
    const all = this.#store.deliveryList();
    const focused = document.activeElement?.closest?.("[data-filter], [data-delivery]")?.dataset ?? {};
    fill(this.#filters, Object.entries(FILTERS).map(([name, { label, has }]) => {
      const count = all.filter(has).length;
      return h("button", { class: `filter filter-${name}`, type: "button", "aria-pressed": String(name === this.#filter), dataset: { filter: name }, on: { click: () => this.#pick(name) } }, label, h("span", { class: "filter-count" }, count));
    }));
    const rows = all.filter(FILTERS[this.#filter].has);
    fill(this.#place, rows.length ? this.#table(rows) : this.#empty(all.length));
    const again = focused.filter ? `[data-filter="${focused.filter}"]` : focused.delivery && `[data-delivery="${CSS.escape(focused.delivery)}"] a`;
    if (again) document.querySelector(again)?.focus({ preventScroll: true });
  }

  #pick(name) {
    this.#filter = name;
    this.#onFilter(name);
    this.refresh();
    this.#fetch();
  }

  // Roles are written out because the phone's style sheet makes cards of the rows, which would drop them.
  #table(rows) {
    return h(
      "table", { class: "deliveries", role: "table", "aria-label": "Deliveries" },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, COLUMNS.map((name) => h("th", { scope: "col", role: "columnheader" }, name)))),
      h("tbody", { role: "rowgroup" }, rows.map((delivery) => this.#row(delivery))),
    );
  }

  #row(delivery) {
    const { tone, icon: name, label } = status(delivery.status);
    const reason = delivery.status === "sent" ? null : why(delivery);
    const created = fromIso(delivery.created_at);
    const next = fromIso(delivery.next_attempt_at);
    const due = delivery.status !== "sent" && delivery.status !== "dead" && next > new Date() && `Next attempt ${ago(next)}`;
    const channel = this.#store.channelNames.get(delivery.slack_channel_id ?? delivery.channel);
    const cell = (kind, ...children) => h("td", { class: `cell-${kind}`, role: "cell" }, children);
    return h(
      "tr", { role: "row", class: delivery.delivery_id === this.#openId ? "is-open" : null, dataset: { delivery: delivery.delivery_id } },
      cell("status", h("span", { class: `badge tone-${tone}` }, icon(name), delivery.status === "sent" ? `Sent · ${badge(delivery)}` : label)),
      cell("event", h("a", { class: "event-link", href: `/deliveries/${encodeURIComponent(delivery.delivery_id)}`, dataset: { story: delivery.delivery_id } }, delivery.event_type ?? "event"), (reason || due) && h("p", { class: "reason" }, [reason, due].filter(Boolean).join(" · "))),
      cell("channel", channel ? `#${channel}` : delivery.channel),
      cell("route", delivery.route),
      cell("attempts", delivery.attempts, h("span", { class: "only-phone" }, delivery.attempts === 1 ? " attempt" : " attempts")),
      cell("when", created && h("time", { ...timeAttributes(created), dataset: { ago: delivery.created_at } }, ago(created))),
    );
  }

  #empty(total) {
    if (!this.#store.shows.ledger) return h("div", { class: "empty" }, h("h2", {}, "No ledger"), h("p", {}, "This console was started without a database, so it shows messages only."));
    if (this.#store.ledgerTrouble && !total) return h("div", { class: "empty" }, h("h2", {}, "The ledger does not answer"), h("p", {}, this.#store.ledgerTrouble), h("p", {}, "What the database says is in the terminal of pulser dev."));
    if (total) return h("div", { class: "empty" }, h("h2", {}, `Nothing here: no delivery is “${FILTERS[this.#filter].label}”`), h("p", {}, this.#filter === "sent" ? "Look under “Not in Slack” for what is on its way." : "That is the good answer."));
    return h("div", { class: "empty" }, h("h2", {}, "No delivery yet"), h("p", {}, "An event that a route wants becomes a delivery. Make one:"), h("p", {}, command("pulser emit ci.failed")));
  }

  /** Mark the row whose story is open. */
  markStory(deliveryId) {
    this.#openId = deliveryId;
    for (const row of this.#place.querySelectorAll("tr[data-delivery]")) row.classList.toggle("is-open", row.dataset.delivery === deliveryId);
  }

  move(step) {
    const links = [...this.#place.querySelectorAll(".event-link")];
    const row = document.activeElement?.closest?.("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    const next = links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))];
    next?.focus();
  }

  get currentDelivery() {
    return document.activeElement?.closest?.("tr")?.dataset.delivery ?? null;
  }

  focusCurrent() {
    (this.#place.querySelector("tr.is-open .event-link") ?? this.#place.querySelector(".event-link"))?.focus();
  }
}

/** Times like "4 min ago" grow old on an open page. */
export function keepAgesFresh() {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-ago]")) node.textContent = ago(new Date(node.dataset.ago));
  }, 15_000);
}
