// What people did in Slack, newest first: presses, commands, modals, and what became of each.
import * as api from "./api.js";
import { h, icon } from "./dom.js";
import { ago, fromIso, timeAttributes } from "./dates.js";
import { ENVELOPE_STATUSES, actorOf, envelopeBadge, envelopeStatus, envelopeTrouble } from "./envelope_words.js";
import { ListView, cell, statusFilters, tryThis } from "./list_view.js";
import { envelopeKey } from "./story_keys.js";

export class EnvelopesView extends ListView {
  title = "Envelopes";
  columns = { status: "Status", event: "What", who: "Who", channel: "Channel", attempts: "Attempts", when: "When" };
  note = "What people did in Slack, and what became of it.";
  statuses = ENVELOPE_STATUSES;
  filters = {
    all: { label: "All", has: () => true },
    ...statusFilters(ENVELOPE_STATUSES, (name) => envelopeStatus(name).label),
    doubled: { label: "Came twice", has: (envelope) => envelope.duplicates > 0 || Boolean(envelope.duplicate_of) },
  };

  all() {
    return this.store.envelopeList();
  }

  async fetchStatus(name) {
    this.store.putEnvelopes((await api.envelopes(name)).envelopes);
  }

  keyOf(envelope) {
    return envelopeKey(envelope);
  }

  cells(envelope) {
    const { tone, icon: name } = envelopeStatus(envelope.status);
    const received = fromIso(envelope.received_at);
    const channel = this.store.channelNames.get(envelope.channel_id);
    const notes = [envelopeTrouble(envelope), envelope.duplicate_of && "a duplicate", envelope.duplicates > 0 && `came ${envelope.duplicates + 1} times`, envelope.transport === "http" && "over HTTP"];
    return [
      cell("status", h("span", { class: `badge tone-${tone}` }, icon(name), envelopeBadge(envelope))),
      cell("event", h("a", { class: "event-link", href: `/envelopes/${encodeURIComponent(envelope.team_id)}/${encodeURIComponent(envelope.envelope_id)}` }, envelope.what ?? envelope.type ?? "envelope"), notes.some(Boolean) && h("p", { class: "reason" }, notes.filter(Boolean).join(" · "))),
      cell("who", actorOf(envelope)),
      cell("channel", channel ? `#${channel}` : (envelope.channel_id ?? "")),
      cell("attempts", envelope.attempts, h("span", { class: "only-phone" }, envelope.attempts === 1 ? " attempt" : " attempts")),
      cell("when", received && h("time", { ...timeAttributes(received), dataset: { ago: envelope.received_at } }, ago(received))),
    ];
  }

  nothingYet() {
    return [h("h2", {}, "Nobody has done anything yet"), tryThis("Press a button under a message, or type in a channel:", "/pulser status")];
  }
}
