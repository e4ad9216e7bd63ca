// The live stream. Reconnects by itself; whoever listens fetches everything again on each `hello`.

const KINDS = ["hello", "message", "update", "delete", "channel", "deliveries", "envelopes", "ledger", "private", "line", "ping"];
const SILENCE = 16_000; // ms; the server pings each 5 s
const RETRY = 1_000; // ms

/**
 * Keep a stream open for as long as the page lives. `onEvent(kind, data)` gets each event, `onState` one of
 * "connecting", "open", "lost". The browser's own retry is not used: it gives up on an HTTP error, and
 * does not notice a connection that is open but dead.
 */
export function keepStream({ onEvent, onState }) {
  let source = null;
  let watchdog = 0;
  let retry = 0;

  function heard() {
    clearTimeout(watchdog);
    watchdog = setTimeout(lost, SILENCE);
  }

  function lost() {
    source?.close();
    clearTimeout(watchdog);
    clearTimeout(retry);
    onState("lost");
    retry = setTimeout(open, RETRY);
  }

  function open() {
    source = new EventSource("/console/stream");
    heard();
    source.addEventListener("error", lost);
    for (const kind of KINDS) {
      source.addEventListener(kind, (event) => {
        heard();
        if (kind === "hello") onState("open");
        onEvent(kind, JSON.parse(event.data));
      });
    }
  }

  onState("connecting");
  open();
  addEventListener("online", () => source?.readyState === EventSource.OPEN || lost());
}
