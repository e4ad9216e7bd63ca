// The wiring of the page: the stream into the store, the address into a view, the reader's hands into commands.
import * as api from "./api.js";
import { ChannelView } from "./channel_view.js";
import { DeliveriesView } from "./deliveries_view.js";
import { EnvelopesView } from "./envelopes_view.js";
import { drawFrame as drawFrameFor, drawTheme } from "./frame.js";
import { Hands } from "./hands.js";
import { showShortcuts, wireKeyboard } from "./keyboard.js";
import { ListView, keepAgesFresh } from "./list_view.js";
import { Modals } from "./modals.js";
import { Notices } from "./notices.js";
import { rememberedMe, wirePeopleMenu } from "./people_menu.js";
import { forgetPresses } from "./presses.js";
import { PreviewView } from "./preview_view.js";
import { address, followLinks, parse } from "./router.js";
import { wireDrawer } from "./sidebar.js";
import { Store } from "./store.js";
import { deliveryKey, keyOf, parts } from "./story_keys.js";
import { StoryPanel } from "./story_panel.js";
import { keepStream } from "./stream.js";

const byId = (id) => document.getElementById(id);
const LAST_CHANNEL = "pulser.channel";
const LISTS = { deliveries: DeliveriesView, envelopes: EnvelopesView };
const store = new Store();
const notices = new Notices();
const hands = new Hands(store, (words) => notices.say(words));
const panel = new StoryPanel(byId("story"), store, { onChange: storyChanged });
const drawer = wireDrawer(byId("menu"), byId("sidebar"), byId("scrim"));
let at = parse(location); // where the reader is
let view = null; // ChannelView, a ListView or PreviewView
let waiting = null; // events that came while the workspace was being fetched

/* ---- what comes in ---- */

async function load() {
  waiting = [];
  try {
    const workspace = await api.workspace();
    const ledger = workspace.shows.ledger ? await ledgerNow() : { deliveries: [], envelopes: [] };
    store.deliveries.clear();
    store.envelopes.clear();
    store.putDeliveries(ledger.deliveries);
    store.putEnvelopes(ledger.envelopes);
    store.me ??= rememberedMe();
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

async function ledgerNow() {
  try {
    const [{ deliveries }, { envelopes }] = await Promise.all([api.deliveries(), api.envelopes()]);
    setLedgerTrouble(null);
    return { deliveries, envelopes };
  } catch (error) {
    if (!(error instanceof api.ApiError)) throw error;
    setLedgerTrouble(error.message);
    return { deliveries: [], envelopes: [] };
  }
}

function setLedgerTrouble(message) {
  store.setLedgerTrouble(message);
  notices.setLedgerTrouble(message);
}

const RECEIVERS = {
  message: (data) => store.putMessage(data),
  update: (data) => store.putMessage(data),
  delete: (data) => store.dropMessage(data),
  channel: (data) => store.putChannel(data),
  deliveries: (data) => store.putDeliveries(data),
  envelopes: (data) => store.putEnvelopes(data),
  ledger: (data) => setLedgerTrouble(data.ok ? null : data.message),
  private: (data) => store.putPrivate(data),
  line: (data) => store.putLine(data),
};

function receive(kind, data) {
  if (kind === "hello") load();
  else if (waiting) waiting.push([kind, data]);
  else RECEIVERS[kind]?.(data);
}

/* ---- what is shown ---- */

const drawFrame = () => drawFrameFor(store, at);
const isHere = (message) => at.kind === "channel" && at.channelId === message.channel_id;
const nameOf = (channelId) => store.channels.get(channelId)?.name ?? channelId;

store.addEventListener("workspace", () => {
  const same = view instanceof ChannelView && at.kind === "channel" && store.channels.has(at.channelId);
  if (same || (view instanceof PreviewView && at.kind === "preview")) view.reload();
  else show(at);
  notices.setLine(store.line);
  panel.refresh();
  readCurrent();
  drawFrame();
});
store.addEventListener("channels", drawFrame);
store.addEventListener("message", ({ detail: { message, isNew } }) => {
  if (isHere(message)) view.put(message, { isNew });
  if (isHere(message)) readCurrent();
  if (isNew) notices.announce(message, nameOf(message.channel_id));
  drawFrame();
});
store.addEventListener("gone", ({ detail: { message } }) => isHere(message) && view.drop(message));
store.addEventListener("deliveries", ({ detail: { changed } }) => {
  if (view instanceof DeliveriesView) view.refresh();
  else if (view instanceof ChannelView) view.refreshBadges(changed);
  if (changed.some((delivery) => deliveryKey(delivery.delivery_id) === panel.openKey)) panel.refresh();
  drawFrame();
});
store.addEventListener("envelopes", ({ detail: { changed } }) => {
  if (view instanceof EnvelopesView) view.refresh();
  if (changed.length) panel.refresh(); // its own, or one that was done on the message it is about
  drawFrame();
});
store.addEventListener("private", ({ detail: { came } }) => {
  for (const message of came) notices.announce({ ...message, is_ephemeral: true }, nameOf(message.channel_id));
  if (view instanceof ChannelView) view.refreshPrivate({ came: came.some(isHere) });
});
store.addEventListener("line", () => notices.setLine(store.line));
store.addEventListener("me", () => {
  forgetPresses();
  if (view instanceof ChannelView) view.refreshPrivate({ came: false });
  drawFrame();
});

/** Go to a view, with an entry in the history. */
function go(next) {
  const resolved = resolve(next);
  history.pushState(null, "", address(resolved));
  notices.say(null);
  show(resolved);
}

/** The view to show for an address: `home` is the channel that was open last, or the one with news. */
function resolve(next) {
  if (LISTS[next.kind] || next.kind === "preview" || (next.kind === "channel" && store.channels.has(next.channelId))) return next;
  const channels = [...store.channels.values()];
  const newest = channels.filter((channel) => channel.unread).sort((one, other) => other.last_ts.localeCompare(one.last_ts))[0];
  const last = store.channels.get(localStorage.getItem(LAST_CHANNEL));
  const best = last ?? newest ?? channels.find((channel) => channel.name === "ops-alerts") ?? channels[0];
  return best ? { kind: "channel", channelId: best.id, ts: null, missing: next.kind === "channel" } : { kind: "deliveries", id: null, filter: "all" };
}

function show(next) {
  at = resolve(next);
  if (location.pathname + location.search !== address(at)) history.replaceState(null, "", address(at));
  if (at.kind === "channel") showChannel();
  else if (at.kind === "preview") (view = new PreviewView(store)).mount(byId("view"));
  else showList();
  view.markStory(panel.openKey);
  drawFrame();
}

async function showChannel() {
  const { channelId, ts } = at;
  localStorage.setItem(LAST_CHANNEL, channelId);
  if (at.missing) notices.say("There is no such channel in this workspace.");
  view = new ChannelView(store, channelId, { loadEarlier, hands });
  view.mount(byId("view"));
  readCurrent();
  while (ts && at.channelId === channelId && !view.highlight(ts)) {
    if (!store.history(channelId).hasEarlier) return notices.say("This message is not in the workspace: it was removed, or the workspace was started anew.");
    await view.loadEarlier();
  }
}

function showList() {
  view = new LISTS[at.kind](store, at.filter, { onFilter: (filter) => history.replaceState(null, "", address((at = { ...at, filter }))) });
  view.mount(byId("view"));
  if (at.id) panel.open(keyOf(at.kind, at.id));
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

function storyChanged(key) {
  view?.markStory(key);
  // On a phone the story covers the page: what is under it must not be reached by the keyboard.
  for (const id of ["content", "sidebar"]) byId(id).inert = Boolean(key) && isPhone.matches;
  const id = key && keyOf(at.kind, parts(key).id) === key ? parts(key).id : null;
  if (view instanceof ListView) history.replaceState(null, "", address((at = { ...at, id })));
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-story]");
  if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  panel.open(opener.dataset.story, { focus: true });
}, { capture: true });

// The sheet on a phone also closes by a tap beside it, which is what shows of the frame then.
document.querySelector(".frame").addEventListener("click", (event) => event.target === event.currentTarget && panel.close());

/* ---- the reader's hands ---- */

document.addEventListener("block-press", (event) => hands.press(event.detail));
document.addEventListener("composer-left", () => view.focusCurrent());
document.addEventListener("click", (event) => {
  const { dismiss, channel } = event.target.closest("[data-dismiss]")?.dataset ?? {};
  if (dismiss) hands.dismiss(channel, dismiss);
});

function moveChannel(step) {
  const links = [...byId("sidebar").querySelectorAll("[data-channel]")];
  const index = links.findIndex((link) => link.getAttribute("aria-current"));
  const next = links[Math.min(links.length - 1, Math.max(0, index + step))];
  if (next) go({ kind: "channel", channelId: next.dataset.channel, ts: null });
}

wireKeyboard({
  move: (step) => view?.move(step),
  moveChannel,
  typeCommand: () => view instanceof ChannelView && view.typeCommand(),
  openStory() {
    const key = view?.currentStory;
    if (key && store.shows.ledger) panel.open(key, { focus: true });
    return Boolean(key);
  },
  escape() {
    if (drawer.isOpen()) return drawer.close(), true;
    if (panel.openKey) return panel.close(), true;
    return false;
  },
});

drawTheme(window.consoleTheme.current());
byId("theme").addEventListener("click", () => drawTheme(window.consoleTheme.next()));
byId("shortcuts").addEventListener("click", showShortcuts);
addEventListener("popstate", () => show(parse(location)));
document.addEventListener("visibilitychange", readCurrent);
wirePeopleMenu(byId("people"), store);
new Modals(store, hands);
followLinks(go);
keepAgesFresh();
keepStream({ onEvent: receive, onState: (state) => notices.setConnection(state) });
