// Slack's mrkdwn to nodes, as Slack shows it. Never to markup: each piece of text becomes a text node.
import { h, outsideLink } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { exact, slackDate } from "./dates.js";

/** Slack escapes these three and no others. One pass, so that "&amp;lt;" stays "&lt;". */
export const unescape = (text) => text.replace(/&(amp|lt|gt);/g, (_, name) => ({ amp: "&", lt: "<", gt: ">" })[name]);

const edge = (mark) => `(?<![\\p{L}\\p{N}${mark}])${mark}(?=\\S)([^${mark}\\n]*[^${mark}\\s])${mark}(?![\\p{L}\\p{N}${mark}])`;
const INLINE = new RegExp(
  [
    "<(?<angle>[^<>\\n]+)>",
    "`(?<code>[^`\\n]+)`",
    edge("\\*").replace("([^", "(?<bold>[^"),
    edge("_").replace("([^", "(?<italic>[^"),
    edge("~").replace("([^", "(?<strike>[^"),
    "(?<bare>https?://[^\\s<>|]+[^\\s<>|.,;:!?)\\]'\"*_~`])",
  ].join("|"),
  "gu",
);

/**
 * The nodes of a mrkdwn text. `channels` and `users` map an id to its name.
 * Order matters: code is taken out first, because nothing in it is formatting.
 */
export function mrkdwn(text, { channels = new Map(), users = new Map() } = {}) {
  const context = { channels, users };
  return text.split(/```\n?([\s\S]*?)\n?```/).flatMap((part, index) => {
    if (index % 2) return [h("pre", {}, unescape(part))];
    return part === "" ? [] : lines(index ? part.replace(/^\n/, "") : part, context);
  });
}

/** Quotes are lines that begin with > (escaped or not); neighbours are one quote. */
function lines(text, context) {
  const groups = [];
  for (const line of text.split("\n")) {
    const quoted = /^(?:&gt;|>)\s?(.*)$/.exec(line);
    const last = groups.at(-1);
    if (last && last.quote === Boolean(quoted)) last.lines.push(quoted ? quoted[1] : line);
    else groups.push({ quote: Boolean(quoted), lines: [quoted ? quoted[1] : line] });
  }
  return groups.flatMap((group) => {
    const nodes = inline(group.lines.join("\n"), context);
    return group.quote ? [h("blockquote", {}, nodes)] : nodes;
  });
}

function inline(text, context) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(...plain(text.slice(from, match.index)), piece(match.groups, context));
    from = match.index + match[0].length;
  }
  nodes.push(...plain(text.slice(from)));
  return nodes;
}

const plain = (text) => withEmoji(unescape(text));

function piece(groups, context) {
  if (groups.angle !== undefined) return angle(groups.angle, context);
  if (groups.code !== undefined) return h("code", {}, unescape(groups.code));
  if (groups.bold !== undefined) return h("strong", {}, inline(groups.bold, context));
  if (groups.italic !== undefined) return h("em", {}, inline(groups.italic, context));
  if (groups.strike !== undefined) return h("s", {}, inline(groups.strike, context));
  const address = unescape(groups.bare);
  return outsideLink(address, address);
}

/** What stands in <…>: a mention, a channel, a special mention, a date or a link. */
function angle(content, context) {
  const bar = content.indexOf("|");
  const target = bar < 0 ? content : content.slice(0, bar);
  const label = bar < 0 ? null : content.slice(bar + 1);
  if (target.startsWith("!date^")) return date(target, label ?? "");
  if (target.startsWith("@")) return pill("user", `@${unescape(label ?? context.users.get(target.slice(1)) ?? target.slice(1)).replace(/^@/, "")}`);
  if (target.startsWith("#")) return channel(target.slice(1), label, context);
  if (target.startsWith("!")) return special(target.slice(1), label, context);
  return outsideLink(unescape(target), label === null ? unescape(target) : plain(label));
}

const pill = (kind, text) => h("span", { class: `mention mention-${kind}` }, text);

function channel(id, label, { channels }) {
  const name = channels.get(id) ?? (label ? unescape(label) : id);
  if (!channels.has(id)) return pill("channel", `#${name}`);
  return h("a", { class: "mention mention-channel", href: `/archives/${encodeURIComponent(id)}` }, `#${name}`);
}

function special(target, label, { users }) {
  const [kind, id] = target.split("^");
  if (["here", "channel", "everyone"].includes(kind)) return pill("group", `@${kind}`);
  const text = label ? unescape(label) : (users.get(id) ?? id ?? kind);
  return kind === "subteam" ? pill("user", `@${text.replace(/^@/, "")}`) : h("span", {}, text);
}

function date(target, label) {
  const [, seconds = "", pattern = "", address] = target.split("^");
  const fallback = unescape(label);
  const shown = slackDate(seconds, unescape(pattern), fallback);
  if (address) return outsideLink(unescape(address), shown);
  const when = new Date(Number(seconds) * 1000);
  if (Number.isNaN(when.getTime())) return h("span", {}, shown);
  return h("time", { class: "slack-date", datetime: when.toISOString(), title: exact(when) }, shown);
}

/** One line without formatting, for the sidebar, for titles and for screen readers. */
export function plainLine(text) {
  const bare = (text ?? "").replace(/<([^<>\n]+)>/g, (_, content) => {
    const bar = content.indexOf("|");
    return bar < 0 ? content.replace(/^!(\w+).*$/, "@$1") : content.slice(bar + 1);
  });
  return unescape(bare).replace(/[*~`]/g, "").replace(/:([a-z0-9_+-]+):\s*/g, "").replace(/\s+/g, " ").trim();
}
