// The messages that I alone see, among the rows of a channel.
import { messageRow } from "./message.js";

export class PrivateRows {
  #list;
  #store;
  #channelId;
  #drawn = new Map(); // ts → {row, json}

  constructor(list, store, channelId) {
    this.#list = list;
    this.#store = store;
    this.#channelId = channelId;
  }

  /** The list was drawn anew: put them all in. */
  drawAll() {
    this.#drawn = new Map();
    this.refresh();
  }

  /** Take away what is gone, draw what came or changed. */
  refresh() {
    const now = this.#store.ephemerals(this.#channelId);
    const stays = new Set(now.map((message) => message.ts));
    for (const [ts, { row }] of this.#drawn) {
      if (stays.has(ts)) continue;
      leave(row);
      this.#drawn.delete(ts);
    }
    for (const message of now) this.#put(message);
  }

  #put(message) {
    const json = JSON.stringify(message);
    const old = this.#drawn.get(message.ts);
    if (old?.json === json) return;
    const row = messageRow({ ...message, is_ephemeral: true }, this.#store);
    this.#drawn.set(message.ts, { row, json });
    if (old) return old.row.replaceWith(row);
    const later = [...this.#list.querySelectorAll(".message:not(.is-reply)")].find((each) => each.dataset.ts > message.ts);
    if (later) later.before(row);
    else this.#list.append(row);
  }
}

/** Remove a row; the keyboard goes to its neighbour. */
function leave(row) {
  const neighbour = row.previousElementSibling?.closest(".message") ?? row.nextElementSibling?.closest(".message");
  const focused = row.contains(document.activeElement);
  row.remove();
  if (focused) neighbour?.focus({ preventScroll: true });
}
