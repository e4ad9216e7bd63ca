// What the page says about itself: the connection, the ledger, and new messages for screen readers.
import { fill, h, icon } from "./dom.js";
import { plainLine } from "./mrkdwn.js";

const CONNECTION = { connecting: "Connecting", open: "Live", lost: "Reconnecting" };

export class Notices {
  #connection = document.getElementById("connection");
  #text = document.getElementById("connection-text");
  #notice = document.getElementById("notice");
  #announcer = document.getElementById("announcer");
  #line = document.getElementById("line");
  #lost = false;
  #trouble = null;
  #passing = null;
  #waiting = [];

  /** "connecting", "open" or "lost". */
  setConnection(state) {
    this.#connection.dataset.state = state;
    this.#text.textContent = CONNECTION[state];
    this.#lost = state === "lost";
    this.#draw();
  }

  /** How the workspace reaches pulser; null when this console cannot know. */
  setLine(line) {
    this.#line.hidden = !line;
    if (!line) return;
    const sockets = `${line.sockets} ${line.sockets === 1 ? "socket" : "sockets"}`;
    const said = line.transport === "http" ? "connected by HTTP" : line.sockets ? `connected, ${sockets}` : "not connected";
    this.#line.dataset.state = line.listening ? "open" : "lost";
    this.#line.title = line.transport === "http" ? "Slack sends to pulser's request URLs" : "Live Socket Mode connections of pulser";
    fill(this.#line, h("span", { class: "dot", "aria-hidden": "true" }), h("span", { class: "not-phone" }, `pulser ${said}`), h("span", { class: "only-phone" }, h("span", { class: "visually-hidden" }, `pulser ${said}`), h("span", { "aria-hidden": "true" }, line.transport === "http" ? "HTTP" : line.sockets || "off")));
  }

  /** A sentence when the ledger does not answer, else null. */
  setLedgerTrouble(message) {
    this.#trouble = message;
    this.#draw();
  }

  /** Something to say until the reader goes elsewhere. */
  say(message) {
    this.#passing = message;
    this.#draw();
  }

  #draw() {
    const text = this.#lost
      ? "The console's server went away. Reconnecting; this page is as it was. Is pulser dev still running?"
      : this.#trouble ? `The ledger does not answer, so statuses and stories stand still: ${this.#trouble}` : this.#passing;
    this.#notice.hidden = !text;
    this.#notice.dataset.kind = this.#lost ? "lost" : this.#trouble ? "trouble" : "info";
    if (this.#notice.textContent !== (text ?? "")) fill(this.#notice, text && [icon(this.#lost || this.#trouble ? "alert" : "wait"), text]);
  }

  /** Read a new message out; several within half a second are counted instead. */
  announce(message, channelName) {
    this.#waiting.push([message, channelName]);
    if (this.#waiting.length > 1) return;
    setTimeout(() => {
      const [[first, name]] = this.#waiting;
      const count = this.#waiting.length;
      const place = first.is_ephemeral ? "Only visible to you" : `New message in #${name}`;
      this.#announcer.textContent = count > 1 ? `${count} new messages` : `${place}: ${plainLine(first.text)}`;
      this.#waiting = [];
    }, 500);
  }
}
