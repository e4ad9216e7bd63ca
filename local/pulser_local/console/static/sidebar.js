// The list of channels: what is unread, what is open.
import { fill, h, icon, sprite } from "./dom.js";
import { personFace } from "./people_menu.js";

/** Draw the channels into the sidebar. `currentId` is the channel that is open, or null. */
export function drawSidebar(node, store, currentId) {
  const channels = [...store.channels.values()].sort((one, other) => one.name.localeCompare(other.name));
  fill(
    node,
    h("div", { class: "sidebar-head" }, h("h2", { class: "workspace-name" }, store.shows.messages ? "Simulated workspace" : "pulser")),
    store.shows.messages
      ? [h("h3", { class: "sidebar-section", id: "channels-label" }, "Channels"), h("ul", { class: "channel-list", "aria-labelledby": "channels-label" }, channels.map((channel) => item(channel, currentId)))]
      : h("p", { class: "sidebar-note" }, "The messages are in the real Slack workspace. What pulser did to get them there is under Deliveries."),
    store.users.length > 0 && [h("h3", { class: "sidebar-section", id: "people-label" }, "People"), h("ul", { class: "channel-list", "aria-labelledby": "people-label" }, store.users.map((user) => h("li", {}, h("span", { class: "channel-item app-item" }, personFace(user), h("span", { class: "channel-name" }, user.real_name, user.id === store.me && h("small", {}, " you"))))))],
    h("h3", { class: "sidebar-section" }, "Apps"),
    h("ul", { class: "channel-list" }, h("li", {}, h("span", { class: "channel-item app-item" }, sprite("emoji", "pulser", { className: "app-icon" }), h("span", { class: "channel-name" }, "pulser")))),
  );
}

function item(channel, currentId) {
  const unread = channel.unread > 0;
  const said = [channel.is_private ? "private channel" : "channel", channel.name, unread ? `${channel.unread} unread` : null, channel.is_archived ? "archived" : null];
  const classes = ["channel-item", unread && "is-unread", channel.is_archived && "is-archived"].filter(Boolean).join(" ");
  return h(
    "li", {},
    h(
      "a", { class: classes, href: `/archives/${encodeURIComponent(channel.id)}`, "aria-current": channel.id === currentId ? "page" : null, "aria-label": said.filter(Boolean).join(", "), dataset: { channel: channel.id } },
      icon(channel.is_private ? "lock" : "hash"),
      h("span", { class: "channel-name" }, channel.name),
      unread && h("span", { class: "unread-count" }, channel.unread > 99 ? "99+" : channel.unread),
    ),
  );
}

/** On a phone the list is a drawer: the button opens it, the scrim, Escape and a choice close it. */
export function wireDrawer(button, sidebar, scrim) {
  function set(open) {
    document.body.classList.toggle("drawer-open", open);
    button.setAttribute("aria-expanded", String(open));
    scrim.hidden = !open;
    if (open) (sidebar.querySelector("[aria-current]") ?? sidebar.querySelector("a"))?.focus();
  }
  const isOpen = () => button.getAttribute("aria-expanded") === "true";
  button.addEventListener("click", () => set(!isOpen()));
  scrim.addEventListener("click", () => set(false));
  sidebar.addEventListener("click", (event) => event.target.closest("a") && set(false));
  return {
    isOpen,
    close() {
      set(false);
      button.focus();
    },
  };
}
