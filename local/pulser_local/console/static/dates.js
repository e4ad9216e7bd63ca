// Times for people, in the reader's zone. Slack's ts ("1700000000.000100") and ISO strings come in.

const format = (options) => new Intl.DateTimeFormat(undefined, options);
const TIME = format({ hour: "2-digit", minute: "2-digit" });
const TIME_EXACT = format({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 });
const TIME_SECONDS = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const EXACT = format({ dateStyle: "full", timeStyle: "long" });
const DAY = format({ weekday: "long", month: "long", day: "numeric" });

export const fromTs = (ts) => new Date(Number.parseFloat(ts) * 1000);
export const fromIso = (text) => (text ? new Date(text) : null);
export const clock = (date) => TIME.format(date);
export const exact = (date) => EXACT.format(date);

/** 03:12:07.412, for a story read after the fact. */
export const clockExact = (date) => TIME_EXACT.format(date);

function daysAgo(date, now = new Date()) {
  const midnight = (day) => new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime();
  return Math.round((midnight(now) - midnight(date)) / 86_400_000);
}

/** Today, Yesterday, or the day. */
export function dayName(date) {
  const days = daysAgo(date);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : DAY.format(date);
}

/** "just now", "4 min ago", "3 h ago", "2 days ago"; "in 20 s" for what is to come. */
export function ago(date, now = new Date()) {
  const seconds = Math.round((now - date) / 1000);
  if (seconds < 0) return `in ${duration(-seconds * 1000)}`;
  if (seconds < 10) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} days ago`;
}

/** 412 ms, 1.8 s, 42 s, 3 min 20 s, 2 h 5 min. */
export function duration(milliseconds) {
  const ms = Math.max(0, Math.round(milliseconds));
  if (ms < 1000) return `${ms} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const pretty = (date, otherwise) => (daysAgo(date) === 0 ? "today" : daysAgo(date) === 1 ? "yesterday" : otherwise);
const long = (date) => format({ weekday: "long", year: "numeric", month: "long", day: "numeric" }).format(date);
const middle = (date) => format({ year: "numeric", month: "long", day: "numeric" }).format(date);
const short = (date) => format({ year: "numeric", month: "short", day: "numeric" }).format(date);

// The tokens of Slack's <!date^…>.
const TOKENS = {
  date_num: (date) => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, "0")}-${String(date.getDate()).padStart(2, "0")}`,
  date: middle,
  date_short: short,
  date_long: long,
  date_pretty: (date) => pretty(date, middle(date)),
  date_short_pretty: (date) => pretty(date, short(date)),
  date_long_pretty: (date) => pretty(date, long(date)),
  time: clock,
  time_secs: (date) => TIME_SECONDS.format(date),
  ago: (date) => ago(date),
};

/** The text of <!date^seconds^pattern|fallback>. An unusable time or an unknown token gives the fallback. */
export function slackDate(seconds, pattern, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (!/^\d+$/.test(seconds) || Number.isNaN(date.getTime())) return fallback;
  let known = true;
  const text = pattern.replace(/\{(\w+)\}/g, (_, token) => {
    if (Object.hasOwn(TOKENS, token)) return TOKENS[token](date);
    known = false;
    return "";
  });
  return known ? text : fallback;
}

/** A <time> element's attributes. */
export const timeAttributes = (date) => ({ datetime: date.toISOString(), title: exact(date) });
