// An envelope's story as nodes: who did what, when Slack had its answer, what it changed. Pure.
import { command, h, icon } from "./dom.js";
import { clockExact, duration, fromIso, timeAttributes } from "./dates.js";
import { actorOf, envelopeStatus, envelopeTrouble, replyWords } from "./envelope_words.js";
import { deliveryKey, envelopeKey } from "./story_keys.js";
import { sentence, status, wayOf } from "./words.js";

const list = (value) => (Array.isArray(value) ? value : []);
const known = (value) => value !== null && value !== undefined && value !== "";
const fact = (name, value) => known(value) && h("div", {}, h("dt", {}, name), h("dd", {}, value));

/** The whole story. `story.seen` is what Slack itself saw of the ack, where the workspace is the simulated one. */
export function drawEnvelopeStory(story, _id, store) {
  const { envelope } = story;
  return [
    summary(envelope),
    place(envelope, story, store),
    h("section", {}, h("h3", {}, "What happened"), h("ol", { class: "timeline" }, timeline(story))),
    h("section", {}, h("h3", {}, "Events it wrote"), events(story)),
    deliveries(story, store),
    duplicates(story),
    technical(envelope),
  ];
}

function summary(envelope) {
  const { label, tone, icon: name, means } = envelopeStatus(envelope.status);
  const trouble = envelopeTrouble(envelope);
  return h(
    "section", { class: `standing tone-${tone}` },
    h("div", { class: "standing-icon" }, icon(name)),
    h("div", {}, h("p", { class: "standing-label" }, label, envelope.duplicate_of && h("span", { class: "pill" }, "duplicate")), h("p", { class: "standing-text" }, `${means}${trouble ? ` ${trouble.replace(/\.$/, "")}.` : ""}`)),
    Number.isFinite(envelope.latency_ms) && h("p", { class: "latency" }, h("strong", {}, duration(envelope.latency_ms)), h("span", {}, "from its arrival to its last effect")),
  );
}

function place(envelope, { card }, store) {
  const channel = store.channelNames.get(envelope.channel_id);
  const at = messageOf(envelope, card);
  const href = at && store.channels.has(at.channel) && `/archives/${encodeURIComponent(at.channel)}/p${at.ts.replace(".", "")}`;
  return h(
    "section", { class: "facts-part" },
    h("dl", { class: "facts facts-three" }, fact("Who", actorOf(envelope)), fact("What", envelope.what ?? envelope.type), fact("Channel", channel ? `#${channel}` : envelope.channel_id), fact("Attempts", envelope.attempts), fact("Came over", envelope.transport === "http" ? "HTTP" : "Socket Mode"), fact("Private answer", replyWords(envelope.reply_status))),
    href && h("p", {}, h("a", { class: "block-button", href }, "Show the message")),
  );
}

/** The message it was done on: the one that was clicked, else the card's. */
function messageOf({ payload, channel_id: channelId }, card) {
  const ts = payload?.container?.message_ts ?? payload?.message?.ts;
  if (ts && payload?.container?.is_ephemeral !== true) return { channel: payload?.container?.channel_id ?? payload?.channel?.id ?? channelId, ts: String(ts) };
  return card?.ts ? { channel: card.channel, ts: String(card.ts) } : null;
}

function timeline(story) {
  const { envelope, seen } = story;
  const start = fromIso(envelope.received_at);
  const end = fromIso(envelope.processed_at);
  const step = (when, tone, title, ...rest) => h(
    "li", { class: `step tone-${tone}` },
    h("div", { class: "step-head" }, h("span", { class: "step-title" }, title), when && h("span", { class: "step-when", title: clockExact(when) }, start && when - start > 0 ? `+${duration(when - start)}` : clockExact(when))),
    rest.filter(Boolean).map((line) => h("p", { class: "step-text" }, line)),
  );
  const steps = [step(start, "done", [h("strong", {}, actorOf(envelope)), `: ${envelope.what ?? envelope.type}`], "Received, and recorded before Slack was answered.")];
  steps.push(...ackSteps(envelope, seen, step));
  if (envelope.duplicates > 0) steps.push(step(null, "warn", `Slack sent it ${envelope.duplicates + 1} times`, "It was carried out once."));
  if (envelope.attempts > 1) steps.push(step(null, "warn", `Taken ${envelope.attempts} times`, "A worker went away or could not finish; another took over."));
  if (envelope.duplicate_of) steps.push(step(end, "done", "Not carried out again", "It is a duplicate of an earlier envelope and got the same answer."));
  else if (envelope.status === "completed") steps.push(step(end, "good", "Settled", story.card && `The card of ${story.card.service ?? "the event"} is now ${phase(story.card)} (version ${story.card.version}).`));
  else if (envelope.status === "failed") steps.push(step(end, "bad", "Not carried out", envelopeTrouble(envelope)));
  else steps.push(step(null, "wait", envelopeStatus(envelope.status).means));
  const reply = replyWords(envelope.reply_status);
  if (reply) steps.push(step(null, envelope.reply_status === "failed" ? "bad" : "done", `A private answer was ${envelope.reply_status === "due" ? "owed and is still to be given" : reply}`));
  return steps;
}

const phase = (card) => sentence(card.phase).toLowerCase();

function ackSteps(envelope, seen, step) {
  if (seen?.outcome === "acked") return [step(null, "good", `Slack had its ack after ${duration(seen.acked_after_ms ?? 0)}`, envelope.ack && "With an answer in it.")];
  if (seen?.outcome === "timeout") return [step(null, "bad", "Slack had no ack within 3 s", "It showed the person a failure.")];
  return envelope.ack ? [step(null, "done", "An answer was kept for the ack")] : [];
}

function events({ events: all }) {
  if (!list(all).length) return h("p", { class: "advice" }, "None yet.");
  return h("ul", { class: "others" }, list(all).map((event) => {
    const when = fromIso(event.created_at ?? event.recorded_at);
    return h(
      "li", {},
      h("p", { class: "event-type" }, h("code", {}, String(event.event_type ?? "event")), event.status === "error" && h("span", { class: "severity severity-error" }, "error"), when && h("time", { class: "step-when", ...timeAttributes(when) }, clockExact(when))),
      event.error_detail && h("p", { class: "step-text" }, event.error_detail),
      h("details", { dataset: { part: `event-${event.event_id ?? event.event_type}` } }, h("summary", {}, "Payload"), h("pre", {}, JSON.stringify(event.payload ?? null, null, 2))),
    );
  }));
}

const DELIVERY_KIND = { post: "message", briefing: "briefing in the thread", reminder: "reminder in the thread", details: "details in the thread", turn: "call of whose turn it is, in the thread", digest: "digest", update: "update of the card", hook: "deploy hook" };

function deliveries({ deliveries: all }, store) {
  return list(all).length > 0 && h(
    "section", {},
    h("h3", {}, "What it sent"),
    h("ul", { class: "others" }, list(all).map((each) => {
      const channel = store.channelNames.get(each.slack_channel_id ?? each.channel) ?? each.channel;
      const what = DELIVERY_KIND[wayOf(each)] ?? "message";
      return h("li", {}, h("button", { class: "link-button", type: "button", dataset: { story: deliveryKey(each.delivery_id) } }, channel && each.kind !== "hook" ? `${sentence(what)} in #${String(channel).replace(/^#/, "")}` : sentence(what)), " ", h("span", { class: `badge tone-${status(each.status).tone}` }, status(each.status).label));
    })),
  );
}

function duplicates({ duplicates: all, envelope }) {
  return list(all).length > 0 && h(
    "section", {},
    h("h3", {}, "The same again"),
    h("ul", { class: "others" }, list(all).map((each) => {
      const when = fromIso(each.received_at);
      return h("li", {}, h("button", { class: "link-button", type: "button", dataset: { story: envelopeKey({ team_id: envelope.team_id, ...each }) } }, String(each.envelope_id)), " ", when && h("time", { class: "step-when", ...timeAttributes(when) }, clockExact(when)));
    })),
  );
}

function technical(envelope) {
  return h(
    "details", { dataset: { part: "technical" } },
    h("summary", {}, "Identifiers and payload"),
    h("dl", { class: "facts facts-wide" }, fact("Envelope", command(String(envelope.envelope_id))), fact("Team", envelope.team_id), fact("User", envelope.user_id), fact("Handler", envelope.handler), fact("Type", envelope.type), fact("Reason code", envelope.last_error)),
    h("pre", {}, JSON.stringify(envelope.payload ?? null, null, 2)),
  );
}
