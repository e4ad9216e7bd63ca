// The story's parts as nodes. Pure: a story of the ledger in, nodes out.
import { command, h, icon, outsideLink } from "./dom.js";
import { clock, clockExact, dayName, duration, fromIso, timeAttributes } from "./dates.js";
import { actorOf, envelopeStatus } from "./envelope_words.js";
import { deliveryKey, envelopeKey } from "./story_keys.js";
import { outcome, standing, status, tookMs, wayOf, why } from "./words.js";

/** The whole story, told for one of the event's deliveries. */
export function drawStory(story, deliveryId, store) {
  const delivery = story.deliveries.find((each) => each.delivery_id === deliveryId);
  return [
    delivery && summary(delivery),
    delivery && place(delivery, store),
    h("section", {}, h("h3", {}, "What happened"), h("ol", { class: "timeline" }, timeline(story, delivery))),
    delivery && acts(delivery, store),
    eventPart(story.event),
    others(story, deliveryId),
    technical(story, delivery),
  ];
}

function summary(delivery) {
  const { label, tone, icon: name } = status(delivery.status);
  const took = tookMs(delivery);
  return h(
    "section", { class: `standing tone-${tone}` },
    h("div", { class: "standing-icon" }, icon(name)),
    h("div", {}, h("p", { class: "standing-label" }, label, delivery.adopted && h("span", { class: "pill" }, "adopted")), h("p", { class: "standing-text" }, standing(delivery))),
    took !== null && h("p", { class: "latency" }, h("strong", {}, duration(took)), h("span", {}, `${FROM_TO[wayOf(delivery)] ?? FROM_TO.post}${exactly(took)}`)),
  );
}

const FROM_TO = { post: "from the event to Slack's ok", briefing: "from the click to Slack's ok", reminder: "from when it was due to Slack's ok", details: "from when it fired again to Slack's ok", turn: "from its turn to Slack's ok", update: "from the change to Slack's ok", hook: "from the request to the hook's ok" };
const exactly = (ms) => (ms < 1000 ? "" : ` (${Number(ms).toLocaleString()} ms)`);

/** Where it went or should go, and what to do when it is not there. */
function place(delivery, store) {
  const href = delivery.slack_ts && `/archives/${encodeURIComponent(delivery.slack_channel_id)}/p${delivery.slack_ts.replace(".", "")}`;
  const elsewhere = href && store.channels.has(delivery.slack_channel_id) && location.pathname.startsWith("/deliveries");
  const name = store.channelNames.get(delivery.slack_channel_id ?? delivery.channel);
  return h(
    "section", { class: "facts-part" },
    h("dl", { class: "facts facts-three" }, fact("Channel", name ? `#${name}` : delivery.channel), fact("Route", delivery.route), fact("Mention", delivery.mention && `@${delivery.mention}`), fact("Attempts", delivery.attempts)),
    elsewhere && h("p", {}, h("a", { class: "block-button", href }, "Show the message")),
    delivery.status === "dead" && h("p", { class: "advice" }, "When the cause is gone, send it again: ", command(`pulser ledger retry ${delivery.delivery_id}`)),
  );
}

const fact = (name, value) => (value === null || value === undefined || value === "" ? null : h("div", {}, h("dt", {}, name), h("dd", {}, value)));
const timeNode = (date, text) => h("time", timeAttributes(date), text);

function eventPart(event) {
  const payload = event.payload !== null && typeof event.payload === "object" && !Array.isArray(event.payload) ? event.payload : {};
  const text = (key) => (["string", "number", "boolean"].includes(typeof payload[key]) ? String(payload[key]) : null);
  const created = fromIso(event.created_at);
  const severity = text("severity");
  return h(
    "section", {},
    h("h3", {}, "Event"),
    h("p", { class: "event-type" }, h("code", {}, String(event.event_type ?? "unknown")), severity && h("span", { class: `severity severity-${["info", "warning", "error", "critical"].includes(severity) ? severity : "other"}` }, severity)),
    text("title") && h("p", { class: "event-title" }, text("title")),
    h(
      "dl", { class: "facts" },
      fact("Service", text("service")),
      fact("Environment", text("environment")),
      fact("When", created && timeNode(created, `${dayName(created)} ${clock(created)}`)),
      fact("Actor", event.actor),
      fact("Target", event.target),
      fact("Version", text("version")),
      fact("Status", event.status),
      fact("Error", event.error_detail),
      fact("Link", text("url") && outsideLink(text("url"), text("url"))),
    ),
    h("details", { dataset: { part: "payload" } }, h("summary", {}, "Payload"), h("pre", {}, JSON.stringify(event.payload ?? null, null, 2))),
  );
}

/** The steps with the time since the event was recorded. */
function timeline(story, delivery) {
  const start = fromIso(story.event.recorded_at ?? story.dispatch?.recorded_at ?? story.event.created_at);
  const step = (when, tone, title, ...rest) => h(
    "li", { class: `step tone-${tone}` },
    h("div", { class: "step-head" }, h("span", { class: "step-title" }, title), when && h("span", { class: "step-when", title: clockExact(when) }, start && when - start > 0 ? `+${duration(when - start)}` : clockExact(when))),
    rest.filter(Boolean).map((line) => h("p", { class: "step-text" }, line)),
  );
  const steps = [step(start, "done", "Event recorded")];
  const routed = fromIso(story.dispatch?.routed_at);
  if (story.dispatch?.status === "unrouted") steps.push(step(routed, "warn", "No route wants this event", ["Nothing is sent. Ask why with ", command(`pulser routes explain ${story.event.event_type}`)]));
  else if (story.dispatch?.status === "silenced") steps.push(step(routed, "warn", "A silence muted it", ["Nothing is sent. Whose it is tells ", command(`pulser why ${story.event.event_id}`)]));
  else if (!routed) steps.push(step(null, "wait", "Waiting to be routed"));
  if (!delivery) return steps;
  steps.push(step(routed ?? fromIso(delivery.created_at), "done", ["Routed by ", h("strong", {}, delivery.route)], `into ${delivery.channel}`));
  return [...steps, ...attemptSteps(delivery, step), ...lastStep(delivery, step)];
}

function attemptSteps(delivery, step) {
  let before = null;
  return (delivery.attempts_log ?? []).flatMap((attempt) => {
    const started = fromIso(attempt.started_at);
    const ended = fromIso(attempt.ended_at);
    const { label, tone } = outcome(attempt.outcome, delivery.kind);
    const title = attempt.purpose === "probe" ? "Looked in Slack's history" : `Attempt ${attempt.attempt}`;
    const reason = attempt.outcome === "sent" || attempt.outcome === "adopted" ? null : why(attempt);
    const steps = [waited(before, attempt, step), step(started, tone, title, `${label}${ended ? ` (${duration(ended - started)})` : ""}${reason ? `: ${reason}.` : "."}`, attempt.error && h("code", { class: "error-text" }, attempt.error), `by ${attempt.worker}`)];
    before = attempt;
    return steps.filter(Boolean);
  });
}

/** The pause between two attempts, and whose it was. */
function waited(before, attempt, step) {
  const started = fromIso(attempt.started_at);
  const ended = fromIso(before?.ended_at);
  if (!ended || !started || started - ended < 500) return null;
  const limited = /rate|limit/.test(`${before.reason} ${before.error}`);
  return step(null, "wait", limited ? `Delayed ${duration(started - ended)} by Slack's rate limit` : `Waited ${duration(started - ended)} before ${attempt.purpose === "probe" ? "looking in Slack" : "the next attempt"}`);
}

const DONE = { post: "In Slack", briefing: "In the thread of its message", reminder: "In the thread of its message", details: "In the thread of its message", turn: "In the thread of its message", digest: "In Slack, in a digest", update: "Changed in Slack", hook: "Taken by the hook" };

function lastStep(delivery, step) {
  if (delivery.status === "sent") return [step(fromIso(delivery.sent_at), "good", delivery.adopted ? "Adopted: one message, not two" : (DONE[wayOf(delivery)] ?? DONE.post))];
  if (delivery.status === "dead") return [step(null, "bad", "Given up", "It stays here until you retry it.")];
  const next = fromIso(delivery.next_attempt_at);
  return next && next > new Date() ? [step(null, "wait", `Next attempt at ${clockExact(next)}`)] : [];
}

function others(story, deliveryId) {
  const rest = story.deliveries.filter((each) => each.delivery_id !== deliveryId);
  return rest.length > 0 && h(
    "section", {},
    h("h3", {}, "Also sent for this event"),
    h("ul", { class: "others" }, rest.map((each) => h("li", {}, h("button", { class: "link-button", type: "button", dataset: { story: deliveryKey(each.delivery_id) } }, each.channel), " ", h("span", { class: `badge tone-${status(each.status).tone}` }, status(each.status).label)))),
  );
}

/** What people did on this message. */
function acts(delivery, store) {
  const found = store.envelopesOn(delivery.slack_channel_id, delivery.slack_ts);
  return found.length > 0 && h(
    "section", {},
    h("h3", {}, "What people did on it"),
    h("ul", { class: "others" }, found.map((each) => h("li", {}, h("button", { class: "link-button", type: "button", dataset: { story: envelopeKey(each) } }, `${actorOf(each)}: ${each.what ?? each.type}`), " ", h("span", { class: `badge tone-${envelopeStatus(each.status).tone}` }, envelopeStatus(each.status).label)))),
  );
}

function technical(story, delivery) {
  const id = (name, value) => value && h("div", {}, h("dt", {}, name), h("dd", {}, command(String(value))));
  return h(
    "details", { dataset: { part: "technical" } },
    h("summary", {}, "Identifiers"),
    h("dl", { class: "facts facts-wide" }, id("Delivery", delivery?.delivery_id), id("Event", story.event.event_id), id("Message", delivery?.slack_ts), fact("Reason code", delivery?.reason), id("In a terminal", delivery && `pulser ledger show ${delivery.delivery_id}`)),
  );
}
