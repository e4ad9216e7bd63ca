// One message as a row, with the badge that leads to its story.
import { h, icon, sprite } from "./dom.js";
import { body } from "./blocks.js";
import { clock, fromTs, timeAttributes } from "./dates.js";
import { personFace } from "./people_menu.js";
import { deliveryKey } from "./story_keys.js";
import { deliveryOf } from "./store.js";
import { isReply, replyCount } from "./threads.js";
import { badge, standing, status } from "./words.js";

/**
 * The row of a message. `store` gives the names of channels and the delivery's status. A message that I alone see
 * (`is_ephemeral`) says so, and can be dismissed. One without a channel is only drawn: it stands nowhere, and its buttons do nothing.
 */
export function messageRow(message, store) {
  const isPrivate = message.is_ephemeral === true;
  const date = fromTs(message.ts);
  const isApp = Boolean(message.bot_id);
  const name = message.bot_name || message.user || "someone";
  const replied = isReply(message);
  const replies = replyCount(message);
  return h(
    "li", { class: `message${replied ? " is-reply" : ""}${isPrivate ? " is-private" : ""}`, tabindex: "-1", dataset: { ts: message.ts, thread: replied ? message.thread_ts : "", delivery: deliveryOf(message) ?? "" } },
    h("div", { class: "avatar" }, isApp ? sprite("emoji", "pulser", { className: "avatar-picture" }) : personFace({ id: message.user ?? name, name })),
    h(
      "div", { class: "message-main" },
      isPrivate && h("p", { class: "private-note" }, icon("eye"), "Only visible to you"),
      h(
        "div", { class: "message-head" },
        h("span", { class: "author" }, name),
        isApp && h("span", { class: "app-badge" }, "APP"),
        isPrivate || !message.channel_id
          ? h("time", { class: "message-time", ...timeAttributes(date) }, clock(date))
          : h("a", { class: "message-time", href: `/archives/${encodeURIComponent(message.channel_id)}/p${message.ts.replace(".", "")}`, tabindex: "-1" }, h("time", timeAttributes(date), clock(date))),
        replied && h("span", { class: "reply-mark" }, "replied in a thread"),
        h("span", { class: "badge-place" }, deliveryBadge(message, store)),
      ),
      body(message, { channels: store.channelNames, users: store.userNames, place: message.channel_id ? { channelId: message.channel_id, ts: message.ts } : null }),
      edited(message),
      replies && h("p", { class: "reply-count" }, replies),
      isPrivate && h("button", { class: "link-button dismiss", type: "button", tabindex: "-1", dataset: { dismiss: message.ts, channel: message.channel_id } }, "Dismiss message"),
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
    "button", { class: `badge tone-${tone}`, type: "button", tabindex: "-1", title: delivery ? standing(delivery) : "Open the story of this message", "aria-label": `Story: ${delivery ? `${status(delivery.status).label}, ${text}` : text}`, dataset: { story: deliveryKey(id) } },
    icon(name), text,
  );
}
