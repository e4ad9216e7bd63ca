// What became of an envelope, in words.
import { duration } from "./dates.js";
import { sentence } from "./words.js";

export const ENVELOPE_STATUSES = ["failed", "processing", "pending", "completed"];

const STATUS = {
  pending: { label: "Waiting", tone: "wait", icon: "wait", means: "Recorded; its handler has not taken it yet." },
  processing: { label: "Running", tone: "wait", icon: "wait", means: "Its handler works on it right now." },
  completed: { label: "Done", tone: "good", icon: "ok", means: "Handled, with all its effects." },
  failed: { label: "Failed", tone: "bad", icon: "alert", means: "It was not carried out." },
};

/** {label, tone, icon, means} of an envelope's status. */
export const envelopeStatus = (name) => STATUS[name] ?? { label: sentence(name), tone: "wait", icon: "doubt", means: "" };

const WHY = {
  expired: () => "Slack had already given up on it when it could be recorded, so it was not carried out",
  refused: (detail) => `Refused: ${detail}`,
  gave_up: (detail) => `Given up after all attempts: ${detail}`,
};

/** Why it failed, or was refused, in plain words, or null. The ledger writes "why: detail". */
export function envelopeTrouble({ last_error: error }) {
  if (!error) return null;
  const [, why, detail] = /^(\w+)(?:: (.*))?$/s.exec(error) ?? [];
  return Object.hasOwn(WHY, why ?? "") ? WHY[why](detail ?? "no reason was kept") : String(error);
}

/** "Done", or how long it took. */
export const envelopeBadge = (envelope) => (envelope.status === "completed" && Number.isFinite(envelope.latency_ms) ? `Done · ${duration(envelope.latency_ms)}` : envelopeStatus(envelope.status).label);

const REPLY = { due: "still to be given", sent: "given", failed: "could not be given" };

/** What became of the private answer, or null when none was owed. */
export const replyWords = (name) => (name ? (REPLY[name] ?? sentence(name).toLowerCase()) : null);

/** Who did it. */
export const actorOf = (envelope) => envelope.user_name ?? envelope.user_id ?? "Slack";
