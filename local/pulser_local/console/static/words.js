// What a status, a reason or an outcome means, in the words one wants at three in the morning.
import { duration, fromIso, ago } from "./dates.js";

// What needs a person first.
export const STATUSES = ["dead", "failed", "in_doubt", "queued", "sending", "sent"];
export const TROUBLE = new Set(["in_doubt", "failed", "dead"]);

const STATUS = {
  queued: { label: "Queued", tone: "wait", icon: "wait", means: "Waiting to be sent to Slack." },
  sending: { label: "Sending", tone: "wait", icon: "wait", means: "A worker is sending it right now." },
  sent: { label: "Sent", tone: "good", icon: "ok", means: "Slack has it." },
  in_doubt: { label: "In doubt", tone: "warn", icon: "doubt", means: "The connection broke after the request: it may or may not be in Slack. pulser looks there before it sends again." },
  failed: { label: "Failed", tone: "bad", icon: "alert", means: "The last attempt failed; pulser will try again." },
  dead: { label: "Dead", tone: "bad", icon: "dead", means: "pulser gave up. It is not in Slack and will not be unless you retry it." },
};

const MEANS_OF_HOOK = {
  queued: "Waiting to be called.",
  sending: "A worker is calling it right now.",
  sent: "The hook has taken it.",
  dead: "pulser gave up. The hook has not taken it and will not be called again unless you retry it.",
};

/** {label, tone, icon, means} of a status; an unknown one is shown as it is. */
export const status = (name) => STATUS[name] ?? { label: sentence(name), tone: "wait", icon: "doubt", means: "" };

// By Slack's own error code where it gave one, else by pulser's.
const LIMITED = "Slack asked to wait: its rate limit was reached";
const TOO_LONG = "the message is too long for Slack: a fault of pulser";
const MALFORMED = "Slack found the message malformed: a fault of pulser";
const BROKE = "the connection broke after the request was sent";
const REASON = {
  ratelimited: LIMITED,
  rate_limited: LIMITED,
  message_limit_exceeded: LIMITED,
  channel_not_found: "Slack knows no such channel, or pulser cannot see it",
  not_in_channel: "pulser is not in the channel: invite it with /invite @pulser",
  is_archived: "the channel is archived",
  restricted_action: "a rule of the workspace forbids posting there",
  invalid_auth: "Slack does not accept the bot token",
  not_authed: "no bot token was sent",
  token_revoked: "the bot token was revoked",
  token_expired: "the bot token has expired",
  token_missing: "there is no bot token in Vault",
  account_inactive: "the bot's account is deactivated",
  missing_scope: "the bot token lacks a scope",
  vault_unavailable: "the bot token could not be read: the database did not answer",
  invalid_blocks: MALFORMED,
  invalid_blocks_format: MALFORMED,
  no_text: MALFORMED,
  msg_too_long: TOO_LONG,
  msg_blocks_too_long: TOO_LONG,
  service_unavailable: "Slack was not available",
  request_timeout: "Slack did not receive the whole request in time",
  internal_error: "Slack had a failure of its own and may have posted it",
  fatal_error: "Slack had a failure of its own and may have posted it",
  timeout: "no answer came in time",
  connection_lost: BROKE,
  unreadable_answer: "Slack's answer could not be read",
  not_connected: "Slack could not be reached",
  thread_missing: "the message in whose thread it belongs is not in Slack",
  lease_expired: "the worker vanished while it posted",
  started_late: "the worker was held up; nothing was sent",
  probe_absent: "it is not in Slack's history, so it is posted again",
  probe_channel_unknown: "Slack lists no such channel",
};

const OUTCOME = {
  sent: { label: "Slack took it", tone: "good" },
  adopted: { label: "Found in Slack and adopted", tone: "good" },
  failed: { label: "Failed, to be tried again", tone: "bad" },
  in_doubt: { label: "No answer: may be in Slack", tone: "warn" },
  dead: { label: "Failed for good", tone: "bad" },
  absent: { label: "Not in Slack: safe to post again", tone: "wait" },
  unknown: { label: "Slack's history could not tell", tone: "warn" },
  lease_expired: { label: "The worker vanished", tone: "warn" },
};

/** {label, tone} of an attempt's outcome; null means it still runs. `kind` is the delivery's. */
export const outcome = (name, kind = "post") => (name === "sent" && kind === "hook" ? { label: "The hook took it", tone: "good" } : name ? OUTCOME[name] ?? { label: sentence(name), tone: "wait" } : { label: "Running", tone: "wait" });

/** Why, in plain words, or null. */
export function why(row) {
  const reason = row.reason ?? "";
  if (Object.hasOwn(REASON, reason)) return REASON[reason];
  if (reason.startsWith("probe_")) return `Slack's history could not be read (${why({ reason: reason.slice(6) })})`;
  if (/^http_\d+$/.test(reason)) return `Slack answered with HTTP ${reason.slice(5)}`;
  return reason ? sentence(reason).toLowerCase() : row.error || null;
}

/** `is_archived` → `Is archived`. */
export function sentence(name) {
  const text = String(name ?? "").replaceAll("_", " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** What it does in Slack: a briefing or a reminder is a post in the thread of a card's message; many events may be told in one digest. */
export const wayOf = (delivery) =>
  delivery.thread_delivery_id ? delivery.thread_part ?? "briefing" : delivery.digest_id && delivery.kind === "post" ? "digest" : delivery.kind;

/** How long it took, in ms: a message from its event on, a change or a call from when it was asked for; or null. */
export function tookMs(delivery) {
  if (delivery.status !== "sent") return null;
  if (!delivery.kind || delivery.kind === "post") return delivery.latency_ms ?? null;
  const [asked, done] = [fromIso(delivery.created_at), fromIso(delivery.sent_at)];
  return asked && done ? done - asked : null;
}

/** The short text of a delivery's badge. */
export function badge(delivery) {
  if (delivery.status !== "sent") return status(delivery.status).label;
  const ms = tookMs(delivery);
  const took = ms === null ? "Sent" : duration(ms);
  return delivery.adopted ? `${took} · adopted` : took;
}

/** One sentence on where a delivery stands. */
export function standing(delivery) {
  const reason = why(delivery);
  const next = fromIso(delivery.next_attempt_at);
  if (delivery.status === "sent" && delivery.kind === "hook") return MEANS_OF_HOOK.sent;
  if (delivery.status === "sent" && delivery.kind === "update") return "The message has been changed.";
  if (delivery.status === "sent" && delivery.thread_delivery_id && !delivery.adopted) return "In the thread of its message.";
  if (delivery.status === "sent" && wayOf(delivery) === "digest" && !delivery.adopted) return "In Slack, in a digest with others.";
  if (delivery.status === "sent") return delivery.adopted ? "In Slack. The answer was lost; pulser found its message there and adopted it instead of posting twice." : "In Slack.";
  const due = next && next > new Date() && delivery.status !== "dead" ? ` Next attempt ${ago(next)}.` : "";
  const means = (delivery.kind === "hook" && MEANS_OF_HOOK[delivery.status]) || status(delivery.status).means;
  return `${means}${reason ? ` Reason: ${reason}.` : ""}${due}`;
}
