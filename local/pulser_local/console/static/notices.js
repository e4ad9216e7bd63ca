// What the page says about itself: the connection, the ledger, and new messages for screen readers.
import { fill, icon } from "./dom.js";
import { plainLine } from "./mrkdwn.js";

const CONNECTION = { connecting: "Connecting", open: "Live", lost: "Reconnecting" };

export class Notices {
  #connection = document.getElementById("connection");
  #text = document.getElementById("connection-text");
  #notice = document.getElementById("notice");
  #announcer = document.getElementById("announcer");
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
      this.#announcer.textContent = count > 1 ? `${count} new messages` : `New message in #${name}: ${plainLine(first.text)}`;
      this.#waiting = [];
    }, 500);
  }
}
