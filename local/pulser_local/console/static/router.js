// Addresses: /archives/<channel>[/p<ts>], /deliveries[/<id>][?status=…], /envelopes[/<team>/<id>][?status=…], /preview, and /
// for whatever fits best.

const LISTS = ["deliveries", "envelopes"];

/** The view an address names: {kind, …}. */
export function parse(location) {
  const [first, second, ...rest] = location.pathname.split("/").filter(Boolean).map(decode);
  if (first === "archives" && second) return { kind: "channel", channelId: second, ts: rest[0] ? tsOf(rest[0]) : null };
  if (first === "preview") return { kind: "preview" };
  if (!LISTS.includes(first)) return { kind: "home" };
  const id = first === "envelopes" ? (rest[0] ? `${second}/${rest[0]}` : null) : (second ?? null);
  return { kind: first, id, filter: new URLSearchParams(location.search).get("status") ?? "all" };
}

/** The address of a view. */
export function address(view) {
  if (view.kind === "channel") return `/archives/${encodeURIComponent(view.channelId)}${view.ts ? `/p${view.ts.replace(".", "")}` : ""}`;
  if (view.kind === "preview") return "/preview";
  if (!LISTS.includes(view.kind)) return "/";
  const query = view.filter && view.filter !== "all" ? `?status=${encodeURIComponent(view.filter)}` : "";
  const id = view.id ? `/${(view.kind === "envelopes" ? splitOnce(view.id) : [view.id]).map(encodeURIComponent).join("/")}` : "";
  return `/${view.kind}${id}${query}`;
}

function splitOnce(text) {
  const slash = text.indexOf("/");
  return [text.slice(0, slash), text.slice(slash + 1)];
}

/** p1700000000000100 → 1700000000.000100; null when it is not a permalink. */
function tsOf(text) {
  const match = /^p(\d+)(\d{6})$/.exec(text);
  return match ? `${match[1]}.${match[2]}` : null;
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Links inside the page are followed without loading it again. */
export function followLinks(go) {
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='/']");
    if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || link.target) return;
    event.preventDefault();
    go(parse(new URL(link.href)));
  });
}
