// One message as a row, with the badge that leads to its story.
import { h, icon, sprite } from "./dom.js";
import { body } from "./blocks.js";
import { clock, fromTs, timeAttributes } from "./dates.js";
import { deliveryOf } from "./store.js";
import { badge, standing, status } from "./words.js";

/** The row of a message. `store` gives the names of channels and the delivery's status. */
export function messageRow(message, store) {
  const date = fromTs(message.ts);
  const isApp = Boolean(message.bot_id);
  const name = message.bot_name || message.user || "someone";
  const isReply = message.thread_ts && message.thread_ts !== message.ts;
  return h(
    "li", { class: `message${isReply ? " is-reply" : ""}`, tabindex: "-1", dataset: { ts: message.ts, delivery: deliveryOf(message) ?? "" } },
    h("div", { class: "avatar" }, isApp ? sprite("emoji", "pulser", { className: "avatar-picture" }) : h("span", { class: "avatar-letter", "aria-hidden": "true" }, [...name][0].toUpperCase())),
    h(
      "div", { class: "message-main" },
      h(
        "div", { class: "message-head" },
        h("span", { class: "author" }, name),
        isApp && h("span", { class: "app-badge" }, "APP"),
        h("a", { class: "message-time", href: `/archives/${encodeURIComponent(message.channel_id)}/p${message.ts.replace(".", "")}`, tabindex: "-1" }, h("time", timeAttributes(date), clock(date))),
        isReply && h("span", { class: "reply-mark" }, "replied in a thread"),
        h("span", { class: "badge-place" }, deliveryBadge(message, store)),
      ),
      body(message, { channels: store.channelNames }),
      edited(message),
    ),
  );
}

/** Slack marks an edit only on messages without blocks. */
function edited(message) {
  return message.edited && !(message.blocks?.length > 0) ? h("span", { class: "edited" }, "(edited)") : null;
}

/** The badge: status or latency, a button that opens the story. Nothing when the message has no delivery. */
export function deliveryBadge(message, store) {
  const id = deliveryOf(message);
  if (!id || !store.shows.ledger) return null;
  const delivery = store.deliveries.get(id);
  const { tone, icon: name } = delivery ? status(delivery.status) : { tone: "wait", icon: "wait" };
  const text = delivery ? badge(delivery) : "Story";
  return h(
    "button", { class: `badge tone-${tone}`, type: "button", tabindex: "-1", title: delivery ? standing(delivery) : "Open the story of this message", "aria-label": `Story: ${delivery ? `${status(delivery.status).label}, ${text}` : text}`, dataset: { story: id } },
    icon(name), text,
  );
}
