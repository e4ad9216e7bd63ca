// Addresses: /archives/<channel>[/p<ts>], /deliveries[/<id>][?status=…], and / for whatever fits best.

/** The view an address names: {kind, …}. */
export function parse(location) {
  const [first, second, third] = location.pathname.split("/").filter(Boolean).map(decode);
  if (first === "archives" && second) return { kind: "channel", channelId: second, ts: third ? tsOf(third) : null };
  if (first === "deliveries") return { kind: "deliveries", deliveryId: second ?? null, filter: new URLSearchParams(location.search).get("status") ?? "all" };
  return { kind: "home" };
}

/** The address of a view. */
export function address(view) {
  if (view.kind === "channel") return `/archives/${encodeURIComponent(view.channelId)}${view.ts ? `/p${view.ts.replace(".", "")}` : ""}`;
  if (view.kind !== "deliveries") return "/";
  const query = view.filter && view.filter !== "all" ? `?status=${encodeURIComponent(view.filter)}` : "";
  return `/deliveries${view.deliveryId ? `/${encodeURIComponent(view.deliveryId)}` : ""}${query}`;
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
