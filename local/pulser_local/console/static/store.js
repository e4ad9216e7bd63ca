// What the page knows. The views listen to it; only main.js writes to it.
import { TROUBLE } from "./words.js";

/** Events: "workspace", "channels", "message" ({message, isNew}), "gone" ({message}), "deliveries" ({changed}). */
export class Store extends EventTarget {
  shows = { messages: false, ledger: false };
  channels = new Map(); // id → channel
  deliveries = new Map(); // delivery id → summary
  ledgerTrouble = null; // a sentence, when the ledger does not answer
  #messages = new Map(); // channel id → {byTs: Map, hasEarlier}

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Take over the answer of /console/workspace. What was loaded before is forgotten: the server may be a new one. */
  loadWorkspace({ shows, channels, messages }) {
    this.shows = shows;
    this.channels = new Map(channels.map((channel) => [channel.id, channel]));
    this.#messages = new Map();
    for (const [id, page] of Object.entries(messages)) this.#shelf(id, page.has_earlier).byTs = byTs(page.messages);
    this.tell("workspace");
  }

  /** Put earlier messages in front. */
  addEarlier(channelId, page) {
    const shelf = this.#shelf(channelId);
    shelf.byTs = new Map([...byTs(page.messages), ...shelf.byTs]);
    shelf.hasEarlier = page.has_earlier;
  }

  putMessage(message) {
    const shelf = this.#shelf(message.channel_id);
    const isNew = !shelf.byTs.has(message.ts);
    shelf.byTs.set(message.ts, message);
    const channel = this.channels.get(message.channel_id);
    if (isNew && channel) Object.assign(channel, { last_ts: message.ts, last_text: message.text, unread: channel.unread + 1 });
    this.tell("message", { message, isNew });
  }

  dropMessage(message) {
    this.#shelf(message.channel_id).byTs.delete(message.ts);
    this.tell("gone", { message });
  }

  putChannel(channel) {
    const known = this.channels.get(channel.id) ?? { unread: 0, last_ts: null, last_text: null, last_read: null };
    this.channels.set(channel.id, { ...known, ...channel });
    this.tell("channels");
  }

  /** The channel has been read up to its last message; returns that ts when there was something new. */
  readChannel(channelId) {
    const channel = this.channels.get(channelId);
    if (!channel?.unread) return null;
    Object.assign(channel, { unread: 0, last_read: channel.last_ts });
    this.tell("channels");
    return channel.last_ts;
  }

  putDeliveries(changed) {
    for (const delivery of changed) this.deliveries.set(delivery.delivery_id, delivery);
    this.tell("deliveries", { changed });
  }

  setLedgerTrouble(message) {
    this.ledgerTrouble = message;
    this.tell("deliveries", { changed: [] });
  }

  /** {messages: oldest first, hasEarlier} of a channel. */
  history(channelId) {
    const shelf = this.#shelf(channelId);
    return { messages: [...shelf.byTs.values()], hasEarlier: shelf.hasEarlier };
  }

  /** Newest first, by the ledger's position. */
  deliveryList() {
    return [...this.deliveries.values()].sort((one, other) => other.position - one.position);
  }

  troubleCount() {
    return [...this.deliveries.values()].filter((delivery) => TROUBLE.has(delivery.status)).length;
  }

  get channelNames() {
    return new Map([...this.channels.values()].map((channel) => [channel.id, channel.name]));
  }

  #shelf(channelId, hasEarlier = false) {
    if (!this.#messages.has(channelId)) this.#messages.set(channelId, { byTs: new Map(), hasEarlier });
    return this.#messages.get(channelId);
  }
}

const byTs = (messages) => new Map(messages.map((message) => [message.ts, message]));

/** The delivery a message stands for, by its metadata; null for a message that is not pulser's. */
export function deliveryOf(message) {
  const metadata = message.metadata;
  return metadata?.event_type === "pulser_delivery" ? (metadata.event_payload?.delivery_id ?? null) : null;
}
