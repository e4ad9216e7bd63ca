// The wiring of the page: the stream into the store, the address into a view, the keys into commands.
import * as api from "./api.js";
import { ChannelView } from "./channel_view.js";
import { DeliveriesView, keepAgesFresh } from "./deliveries_view.js";
import { fill, icon } from "./dom.js";
import { showShortcuts, wireKeyboard } from "./keyboard.js";
import { Notices } from "./notices.js";
import { address, followLinks, parse } from "./router.js";
import { drawSidebar, wireDrawer } from "./sidebar.js";
import { Store } from "./store.js";
import { StoryPanel } from "./story_panel.js";
import { keepStream } from "./stream.js";

const byId = (id) => document.getElementById(id);
const LAST_CHANNEL = "pulser.channel";
const store = new Store();
const notices = new Notices();
const panel = new StoryPanel(byId("story"), store, { onChange: storyChanged });
const drawer = wireDrawer(byId("menu"), byId("sidebar"), byId("scrim"));
let at = parse(location); // where the reader is
let view = null; // ChannelView or DeliveriesView
let waiting = null; // events that came while the workspace was being fetched

/* ---- what comes in ---- */

async function load() {
  waiting = [];
  try {
    const workspace = await api.workspace();
    const rows = workspace.shows.ledger ? await deliveriesNow() : [];
    store.deliveries.clear();
    store.putDeliveries(rows);
    store.loadWorkspace(workspace);
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    notices.say(error.message);
  } finally {
    const events = waiting;
    waiting = null;
    for (const [kind, data] of events) receive(kind, data);
  }
}

async function deliveriesNow() {
  try {
    const { deliveries } = await api.deliveries();
    setLedgerTrouble(null);
    return deliveries;
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    setLedgerTrouble(error.message);
    return [];
  }
}

function setLedgerTrouble(message) {
  store.setLedgerTrouble(message);
  notices.setLedgerTrouble(message);
}

function receive(kind, data) {
  if (kind === "hello") load();
  else if (waiting) waiting.push([kind, data]);
  else if (kind === "message" || kind === "update") store.putMessage(data);
  else if (kind === "delete") store.dropMessage(data);
  else if (kind === "channel") store.putChannel(data);
  else if (kind === "deliveries") store.putDeliveries(data);
  else if (kind === "ledger") setLedgerTrouble(data.ok ? null : data.message);
}

/* ---- what is shown ---- */

store.addEventListener("workspace", () => {
  const same = view instanceof ChannelView && at.kind === "channel" && store.channels.has(at.channelId);
  if (same) view.reload();
  else show(at);
  panel.refresh();
  readCurrent();
  drawFrame();
});
store.addEventListener("channels", drawFrame);
store.addEventListener("message", ({ detail: { message, isNew } }) => {
  const here = at.kind === "channel" && at.channelId === message.channel_id;
  if (here) view.put(message, { isNew });
  if (here) readCurrent();
  if (isNew) notices.announce(message, store.channels.get(message.channel_id)?.name ?? message.channel_id);
  drawFrame();
});
store.addEventListener("gone", ({ detail: { message } }) => at.kind === "channel" && at.channelId === message.channel_id && view.drop(message));
store.addEventListener("deliveries", ({ detail: { changed } }) => {
  if (view instanceof DeliveriesView) view.refresh();
  else view?.refreshBadges(changed);
  if (changed.some((delivery) => delivery.delivery_id === panel.openId)) panel.refresh();
  drawFrame();
});

function drawFrame() {
  const currentChannel = at.kind === "channel" ? at.channelId : null;
  const focused = document.activeElement?.dataset?.channel;
  drawSidebar(byId("sidebar"), store, currentChannel);
  if (focused) byId("sidebar").querySelector(`[data-channel="${CSS.escape(focused)}"]`)?.focus();
  byId("go-home").toggleAttribute("hidden", !store.shows.messages);
  byId("go-home").setAttribute("aria-current", at.kind === "channel" ? "page" : "false");
  byId("go-deliveries").setAttribute("aria-current", at.kind === "deliveries" ? "page" : "false");
  const trouble = store.troubleCount();
  fill(byId("trouble-count"), trouble > 99 ? "99+" : trouble);
  byId("trouble-count").hidden = trouble === 0;
  byId("trouble-count").setAttribute("aria-label", `${trouble} in trouble`);
  const unread = [...store.channels.values()].reduce((sum, channel) => sum + channel.unread, 0);
  const place = currentChannel ? `#${store.channels.get(currentChannel)?.name}` : "Deliveries";
  document.title = `${unread ? `(${unread}) ` : ""}${place} – pulser console`;
}

/** Go to a view, with an entry in the history. */
function go(next) {
  const resolved = resolve(next);
  history.pushState(null, "", address(resolved));
  notices.say(null);
  show(resolved);
}

/** The view to show for an address: `home` is the channel that was open last, or the one with news. */
function resolve(next) {
  if (next.kind === "channel" && store.channels.has(next.channelId)) return next;
  if (next.kind === "deliveries" || !store.shows.messages) return { kind: "deliveries", deliveryId: null, filter: "all", ...next, ...(next.kind === "deliveries" ? {} : { kind: "deliveries" }) };
  const channels = [...store.channels.values()];
  const newest = channels.filter((channel) => channel.unread).sort((one, other) => other.last_ts.localeCompare(one.last_ts))[0];
  const last = store.channels.get(localStorage.getItem(LAST_CHANNEL));
  const best = last ?? newest ?? channels.find((channel) => channel.name === "ops-alerts") ?? channels[0];
  return best ? { kind: "channel", channelId: best.id, ts: null, missing: next.kind === "channel" } : { kind: "deliveries", deliveryId: null, filter: "all" };
}

function show(next) {
  at = resolve(next);
  if (location.pathname + location.search !== address(at)) history.replaceState(null, "", address(at));
  if (at.kind === "channel") showChannel();
  else showDeliveries();
  view.markStory(panel.openId);
  drawFrame();
}

async function showChannel() {
  const { channelId, ts } = at;
  localStorage.setItem(LAST_CHANNEL, channelId);
  if (at.missing) notices.say("There is no such channel in this workspace.");
  view = new ChannelView(store, channelId, { loadEarlier });
  view.mount(byId("view"));
  readCurrent();
  while (ts && at.channelId === channelId && !view.highlight(ts)) {
    if (!store.history(channelId).hasEarlier) return notices.say("This message is not in the workspace: it was removed, or the workspace was started anew.");
    await view.loadEarlier();
  }
}

function showDeliveries() {
  view = new DeliveriesView(store, at.filter, { onFilter: (filter) => history.replaceState(null, "", address((at = { ...at, filter }))) });
  view.mount(byId("view"));
  if (at.deliveryId) panel.open(at.deliveryId);
}

async function loadEarlier(channelId) {
  const [first] = store.history(channelId).messages;
  store.addEarlier(channelId, await api.earlier(channelId, first.ts));
}

function readCurrent() {
  if (at.kind !== "channel" || document.visibilityState !== "visible") return;
  const ts = store.readChannel(at.channelId);
  if (ts) api.markRead(at.channelId, ts);
}

/* ---- the story ---- */

const isPhone = matchMedia("(max-width: 47.99em)");

function storyChanged(deliveryId) {
  view?.markStory(deliveryId);
  // On a phone the story covers the page: what is under it must not be reached by the keyboard.
  for (const id of ["content", "sidebar"]) byId(id).inert = Boolean(deliveryId) && isPhone.matches;
  if (at.kind === "deliveries") history.replaceState(null, "", address((at = { ...at, deliveryId })));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-story]") ?? event.target.closest("tr[data-delivery]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  panel.open(opener.dataset.story ?? opener.dataset.delivery, { focus: true });
}, { capture: true });

// The sheet on a phone also closes by a tap beside it, which is what shows of the frame then.
document.querySelector(".frame").addEventListener("click", (event) => event.target === event.currentTarget && panel.close());

/* ---- the reader's hands ---- */

function moveChannel(step) {
  const links = [...byId("sidebar").querySelectorAll("[data-channel]")];
  const index = links.findIndex((link) => link.getAttribute("aria-current"));
  const next = links[Math.min(links.length - 1, Math.max(0, index + step))];
  if (next) go({ kind: "channel", channelId: next.dataset.channel, ts: null });
}

wireKeyboard({
  move: (step) => view?.move(step),
  moveChannel,
  openStory() {
    const deliveryId = view?.currentDelivery;
    if (deliveryId && store.shows.ledger) panel.open(deliveryId, { focus: true });
    return Boolean(deliveryId);
  },
  escape() {
    if (drawer.isOpen()) return drawer.close(), true;
    if (panel.openId) return panel.close(), true;
    return false;
  },
});

function drawTheme(theme) {
  const names = { auto: "as the system", light: "light", dark: "dark" };
  const button = byId("theme");
  fill(button, icon(theme));
  button.setAttribute("aria-label", `Theme: ${names[theme]}`);
  button.title = `Theme: ${names[theme]}`;
}

drawTheme(window.consoleTheme.current());
byId("theme").addEventListener("click", () => drawTheme(window.consoleTheme.next()));
byId("shortcuts").addEventListener("click", showShortcuts);
addEventListener("popstate", () => show(parse(location)));
document.addEventListener("visibilitychange", readCurrent);
followLinks(go);
keepAgesFresh();
keepStream({ onEvent: receive, onState: (state) => notices.setConnection(state) });
