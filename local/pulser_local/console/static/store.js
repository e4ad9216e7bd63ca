// What the page knows. The views listen to it; only main.js writes to it.
import { TROUBLE } from "./words.js";

/**
 * Events: "workspace", "channels", "message" ({message, isNew}), "gone" ({message}), "deliveries" ({changed}),
 * "envelopes" ({changed}), "line", "me", "private" ({came}: the ephemeral messages that are new to me).
 */
export class Store extends EventTarget {
  shows = { messages: false, ledger: false };
  channels = new Map(); // id → channel
  deliveries = new Map(); // delivery id → summary
  envelopes = new Map(); // row id → summary
  ledgerTrouble = null; // a sentence, when the ledger does not answer
  users = []; // people one can be; none when this console cannot act
  me = null; // the id of the one who acts
  line = null; // {transport, sockets, listening}: how the workspace reaches pulser
  #mentioned = []; // who else can stand in a mention: the app and the user groups
  #private = new Map(); // user id → {ephemerals, modals}
  #messages = new Map(); // channel id → {byTs: Map, hasEarlier}

  tell(type, detail = {}) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Take over the answer of /console/workspace. What was loaded before is forgotten: the server may be a new one. */
  loadWorkspace({ shows, channels, messages, people }) {
    this.shows = shows;
    this.users = people?.users ?? [];
    this.line = people?.line ?? null;
    this.#mentioned = people?.mentioned ?? [];
    this.#private = new Map((people?.private ?? []).map((each) => [each.user_id, each]));
    this.me = this.users.find((user) => user.id === this.me)?.id ?? this.users[0]?.id ?? null;
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

  putEnvelopes(changed) {
    for (const envelope of changed) this.envelopes.set(envelope.id, envelope);
    this.tell("envelopes", { changed });
  }

  /** Be somebody else. */
  setMe(userId) {
    this.me = userId;
    this.tell("me");
  }

  putLine(line) {
    if (JSON.stringify(line) === JSON.stringify(this.line)) return;
    this.line = line;
    this.tell("line");
  }

  putPrivate(each) {
    const known = new Set(this.#private.get(each.user_id)?.ephemerals.map(placeOf));
    this.#private.set(each.user_id, each);
    if (each.user_id === this.me) this.tell("private", { came: each.ephemerals.filter((message) => !known.has(placeOf(message))) });
  }

  /** The ephemeral messages that I see in a channel, oldest first. */
  ephemerals(channelId) {
    return (this.#private.get(this.me)?.ephemerals ?? []).filter((message) => message.channel_id === channelId);
  }

  /** The modals that I have open, the one on top last. */
  get modals() {
    return this.#private.get(this.me)?.modals ?? [];
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

  envelopeList() {
    return [...this.envelopes.values()].sort((one, other) => other.id - one.id);
  }

  /** What was done on one message, oldest first. */
  envelopesOn(channelId, ts) {
    return ts ? this.envelopeList().filter((each) => each.channel_id === channelId && each.message_ts === ts).reverse() : [];
  }

  failedEnvelopes() {
    return [...this.envelopes.values()].filter((envelope) => envelope.status === "failed").length;
  }

  troubleCount() {
    return [...this.deliveries.values()].filter((delivery) => TROUBLE.has(delivery.status)).length;
  }

  get channelNames() {
    return new Map([...this.channels.values()].map((channel) => [channel.id, channel.name]));
  }

  get userNames() {
    return new Map([...this.users, ...this.#mentioned].map((user) => [user.id, user.name]));
  }

  #shelf(channelId, hasEarlier = false) {
    if (!this.#messages.has(channelId)) this.#messages.set(channelId, { byTs: new Map(), hasEarlier });
    return this.#messages.get(channelId);
  }
}

const byTs = (messages) => new Map(messages.map((message) => [message.ts, message]));

const placeOf = (message) => `${message.channel_id}/${message.ts}`;

/** The delivery a message stands for, by its metadata; null for a message that is not pulser's. */
export function deliveryOf(message) {
  const metadata = message.metadata;
  return metadata?.event_type === "pulser_delivery" ? (metadata.event_payload?.delivery_id ?? null) : null;
}
