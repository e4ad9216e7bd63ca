// What pulser sends, newest first: above all what is not in Slack, and why.
import * as api from "./api.js";
import { h, icon } from "./dom.js";
import { ago, fromIso, timeAttributes } from "./dates.js";
import { ListView, cell, statusFilters, tryThis } from "./list_view.js";
import { deliveryKey } from "./story_keys.js";
import { STATUSES, badge, status, wayOf, why } from "./words.js";

export class DeliveriesView extends ListView {
  title = "Deliveries";
  columns = { status: "Status", event: "Event", channel: "Channel", route: "Route", attempts: "Attempts", when: "When" };
  statuses = STATUSES;
  filters = {
    all: { label: "All", has: () => true },
    not_in_slack: { label: "Not in Slack", has: (delivery) => delivery.status !== "sent" },
    ...statusFilters(STATUSES, (name) => status(name).label),
  };

  get note() {
    return !this.store.shows.messages && "The messages are in the real Slack workspace; here is what pulser did to get them there.";
  }

  all() {
    return this.store.deliveryList();
  }

  async fetchStatus(name) {
    this.store.putDeliveries((await api.deliveries(name)).deliveries);
  }

  keyOf(delivery) {
    return deliveryKey(delivery.delivery_id);
  }

  cells(delivery) {
    const { tone, icon: name, label } = status(delivery.status);
    const reason = delivery.status === "sent" ? null : why(delivery);
    const created = fromIso(delivery.created_at);
    const next = fromIso(delivery.next_attempt_at);
    const due = delivery.status !== "sent" && delivery.status !== "dead" && next > new Date() && `Next attempt ${ago(next)}`;
    const kind = { update: "changes its message", briefing: "tells what is known, in its thread", reminder: "reminds, in its thread", details: "tells what is new, in its thread", turn: "calls whose turn it is, in its thread", digest: "is told in a digest", hook: `calls the ${delivery.action ?? "deploy"} hook` }[wayOf(delivery)];
    const channel = this.store.channelNames.get(delivery.slack_channel_id ?? delivery.channel);
    return [
      cell("status", h("span", { class: `badge tone-${tone}` }, icon(name), delivery.status === "sent" ? `Sent · ${badge(delivery)}` : label)),
      cell("event", h("a", { class: "event-link", href: `/deliveries/${encodeURIComponent(delivery.delivery_id)}` }, delivery.event_type ?? "event"), (kind || reason || due) && h("p", { class: "reason" }, [kind, reason, due].filter(Boolean).join(" · "))),
      cell("channel", channel ? `#${channel}` : delivery.channel),
      cell("route", delivery.route),
      cell("attempts", delivery.attempts, h("span", { class: "only-phone" }, delivery.attempts === 1 ? " attempt" : " attempts")),
      cell("when", created && h("time", { ...timeAttributes(created), dataset: { ago: delivery.created_at } }, ago(created))),
    ];
  }

  emptyFilter(filter) {
    return filter === "sent" ? "Look under “Not in Slack” for what is on its way." : super.emptyFilter();
  }

  nothingYet() {
    return [h("h2", {}, "No delivery yet"), tryThis("An event that a route wants becomes a delivery. Make one:", "pulser emit ci.failed")];
  }
}
