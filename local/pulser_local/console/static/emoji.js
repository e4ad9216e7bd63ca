// Shortcodes of the emoji that operations messages use. A shortcode that is not here stays text, as in Slack.
import { sprite } from "./dom.js";

const DRAWN = {
  rotating_light: "🚨", white_check_mark: "✅", heavy_check_mark: "✔", x: "❌", warning: "⚠", rocket: "🚀",
  information_source: "ℹ", fire: "🔥", hourglass_flowing_sand: "⏳", stopwatch: "⏱", eyes: "👀", bell: "🔔", no_bell: "🔕",
  red_circle: "🔴", large_orange_circle: "🟠", large_yellow_circle: "🟡", large_green_circle: "🟢", large_blue_circle: "🔵",
  white_circle: "⚪", chart_with_upwards_trend: "📈", chart_with_downwards_trend: "📉", hammer_and_wrench: "🛠", wrench: "🔧",
  gear: "⚙", bust_in_silhouette: "👤", memo: "📝", clipboard: "📋", leftwards_arrow_with_hook: "↩", rewind: "⏪",
  arrows_counterclockwise: "🔄", tada: "🎉", checkered_flag: "🏁", octagonal_sign: "🛑", no_entry: "⛔", zap: "⚡", mag: "🔍",
  link: "🔗", package: "📦", speech_balloon: "💬", robot_face: "🤖", construction: "🚧", question: "❓", hammer: "🔨",
  test_tube: "🧪",
};
const ALIASES = {
  hourglass: "hourglass_flowing_sand", pencil: "memo", ok: "white_check_mark", large_red_circle: "red_circle",
  repeat: "arrows_counterclockwise", boom: "fire", stop_sign: "octagonal_sign", timer_clock: "stopwatch", siren: "rotating_light",
};
const BY_CHARACTER = new Map(Object.entries(DRAWN).map(([name, character]) => [character, name]));
// The variation selector U+FE0F may follow; it only asks for colour.
const CHARACTERS = new RegExp(`(${[...BY_CHARACTER.keys()].join("|")})\uFE0F?`, "u");

/** The picture of a shortcode (without colons), or null when it has none. */
export function emoji(name) {
  const known = DRAWN[name] ? name : ALIASES[name];
  return known ? sprite("emoji", known, { className: "emoji", label: `:${name}:` }) : null;
}

/** Text to nodes: emoji characters, and `:shortcodes:` unless told not to, become pictures. */
export function withEmoji(text, { shortcodes = true } = {}) {
  const nodes = [];
  const pattern = shortcodes ? new RegExp(`:([a-z0-9_+-]+):|${CHARACTERS.source}`, "gu") : new RegExp(`(?!)()|${CHARACTERS.source}`, "gu");
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    const picture = match[1] ? emoji(match[1]) : emoji(BY_CHARACTER.get(match[2]));
    if (!picture) continue;
    nodes.push(text.slice(from, match.index), picture);
    from = match.index + match[0].length;
  }
  nodes.push(text.slice(from));
  return nodes;
}
