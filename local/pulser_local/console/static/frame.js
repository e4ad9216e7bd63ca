// The frame around the view: channels, rail, title and the two counts of what is in trouble.
import { fill, icon } from "./dom.js";
import { drawSidebar } from "./sidebar.js";

const byId = (id) => document.getElementById(id);
const TITLES = { deliveries: "Deliveries", envelopes: "Envelopes", preview: "Preview" };

/** Draw it for where the reader is ({kind, …}). */
export function drawFrame(store, at) {
  const currentChannel = at.kind === "channel" ? at.channelId : null;
  const focused = document.activeElement?.dataset?.channel;
  drawSidebar(byId("sidebar"), store, currentChannel);
  if (focused) byId("sidebar").querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  byId("go-home").toggleAttribute("hidden", !store.shows.messages);
  for (const [id, kind] of [["go-home", "channel"], ["go-deliveries", "deliveries"], ["go-envelopes", "envelopes"], ["go-preview", "preview"]]) byId(id).setAttribute("aria-current", at.kind === kind ? "page" : "false");
  drawCount(byId("trouble-count"), store.troubleCount(), "in trouble");
  drawCount(byId("failed-count"), store.failedEnvelopes(), "failed");
  const unread = [...store.channels.values()].reduce((sum, channel) => sum + channel.unread, 0);
  const place = currentChannel ? `#${store.channels.get(currentChannel)?.name}` : (TITLES[at.kind] ?? "Home");
  document.title = `${unread ? `(${unread}) ` : ""}${place} – pulser console`;
}

function drawCount(node, count, what) {
  fill(node, count > 99 ? "99+" : count);
  node.hidden = count === 0;
  node.setAttribute("aria-label", `${count} ${what}`);
}

/** The button of the theme. */
export function drawTheme(theme) {
  const names = { auto: "as the system", light: "light", dark: "dark" };
  const button = byId("theme");
  fill(button, icon(theme));
  button.setAttribute("aria-label", `Theme: ${names[theme]}`);
  button.title = `Theme: ${names[theme]}`;
}
