// A list of the ledger's rows, newest first: filters above, a table below, each row leading to its story.
import * as api from "./api.js";
import { command, fill, h } from "./dom.js";
import { ago } from "./dates.js";

/**
 * What DeliveriesView and EnvelopesView share. A subclass gives `title`, `columns` (kind of cell → name), `filters` (name → {label, has}),
 * `statuses`, and: all(), fetchStatus(status), keyOf(row), cells(row), nothingYet().
 */
export class ListView {
  store;
  #filter;
  #onFilter;
  #openKey = null;
  #filters = h("div", { class: "filters", role: "group", "aria-label": "Filter by status" });
  #place = h("div", { class: "scroller" });

  /** `onFilter(name)` is told when the reader picks a filter. */
  constructor(store, filter, { onFilter }) {
    this.store = store;
    this.#filter = filter;
    this.#onFilter = onFilter;
  }

  mount(element) {
    if (!Object.hasOwn(this.filters, this.#filter)) this.#filter = "all";
    fill(element, h("header", { class: "view-head" }, h("h1", {}, this.title), this.note && h("p", { class: "topic" }, this.note)), this.#filters, this.#place);
    this.refresh();
    this.#fetch();
  }

  /** A status may have older rows than the newest ones that are watched. */
  async #fetch() {
    if (!this.statuses.includes(this.#filter) || !this.store.shows.ledger) return;
    try {
      await this.fetchStatus(this.#filter);
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error; // the notice above the view says that the ledger is away
    }
  }

  refresh() {
    const all = this.all();
    const focused = document.activeElement?.closest?.("[data-filter], tr[data-story]")?.dataset ?? {};
    fill(this.#filters, Object.entries(this.filters).map(([name, { label, has }]) => h(
      "button", { class: `filter filter-${name}`, type: "button", "aria-pressed": String(name === this.#filter), dataset: { filter: name }, on: { click: () => this.#pick(name) } },
      label, h("span", { class: "filter-count" }, all.filter(has).length),
    )));
    const rows = all.filter(this.filters[this.#filter].has);
    fill(this.#place, rows.length ? this.#table(rows) : this.#empty(all.length));
    const again = focused.filter ? `[data-filter="${focused.filter}"]` : focused.story && `tr[data-story="${CSS.escape(focused.story)}"] a`;
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
      "table", { class: "ledger-table", role: "table", "aria-label": this.title },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, Object.entries(this.columns).map(([kind, name]) => h("th", { class: `cell-${kind}`, scope: "col", role: "columnheader" }, name)))),
      h("tbody", { role: "rowgroup" }, rows.map((row) => {
        const key = this.keyOf(row);
        return h("tr", { role: "row", class: key === this.#openKey ? "is-open" : null, dataset: { story: key } }, this.cells(row));
      })),
    );
  }

  #empty(total) {
    const { shows, ledgerTrouble } = this.store;
    if (!shows.ledger) return h("div", { class: "empty" }, h("h2", {}, "No ledger"), h("p", {}, "This console was started without a database, so it shows messages only."));
    if (ledgerTrouble && !total) return h("div", { class: "empty" }, h("h2", {}, "The ledger does not answer"), h("p", {}, ledgerTrouble), h("p", {}, "What the database says is in the terminal of pulser dev."));
    if (total) return h("div", { class: "empty" }, h("h2", {}, `Nothing here: none is “${this.filters[this.#filter].label}”`), h("p", {}, this.emptyFilter(this.#filter)));
    return h("div", { class: "empty" }, this.nothingYet());
  }

  /** A sentence under an empty filter. */
  emptyFilter() {
    return "That is the good answer.";
  }

  /** Mark the row whose story is open. */
  markStory(key) {
    this.#openKey = key;
    for (const row of this.#place.querySelectorAll("tr[data-story]")) row.classList.toggle("is-open", row.dataset.story === key);
  }

  move(step) {
    const links = [...this.#place.querySelectorAll(".event-link")];
    const row = document.activeElement?.closest?.("tr");
    const at = links.findIndex((link) => link.closest("tr") === row);
    links[at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + step))]?.focus();
  }

  get currentStory() {
    return document.activeElement?.closest?.("tr")?.dataset.story ?? null;
  }

  focusCurrent() {
    (this.#place.querySelector("tr.is-open .event-link") ?? this.#place.querySelector(".event-link"))?.focus();
  }
}

/** A cell of the table; `kind` names its column for the style sheet. */
export const cell = (kind, ...children) => h("td", { class: `cell-${kind}`, role: "cell" }, children);

/** Filters that pick one status each. */
export const statusFilters = (names, labelOf) => Object.fromEntries(names.map((name) => [name, { label: labelOf(name), has: (row) => row.status === name }]));

/** A paragraph that ends in a command to copy. */
export const tryThis = (sentence, text) => [h("p", {}, sentence), h("p", {}, command(text))];

/** Times like "4 min ago" grow old on an open page. */
export function keepAgesFresh() {
  setInterval(() => {
    for (const node of document.querySelectorAll("time[data-ago]")) node.textContent = ago(new Date(node.dataset.ago));
  }, 15_000);
}
