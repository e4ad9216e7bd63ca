// The console's JSON. An error has a sentence for the reader in its message.

export class ApiError extends Error {
  constructor(status, error, message) {
    super(message);
    this.status = status;
    this.error = error;
  }
}

async function request(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError(0, "unreachable", "The console's server does not answer.");
  }
  const body = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, body?.error ?? "error", body?.message ?? `The server answered ${response.status}.`);
  return body;
}

export const workspace = () => request("/console/workspace");
export const earlier = (channelId, before) => request(`/console/channels/${encodeURIComponent(channelId)}/messages?before=${encodeURIComponent(before)}`);
export const deliveries = (status = null) => request(`/console/deliveries${status ? `?status=${encodeURIComponent(status)}` : ""}`);
export const story = (deliveryId) => request(`/console/stories/${encodeURIComponent(deliveryId)}`);

export const envelopes = (status = null) => request(`/console/envelopes${status ? `?status=${encodeURIComponent(status)}` : ""}`);
export const envelopeStory = (id) => request(`/console/envelopes/${id.split("/").map(encodeURIComponent).join("/")}`);
export const services = () => request("/console/services");

const send = (path, body) => request(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

/** Do something in the workspace: "press", "say", "views/submit", "views/close" or "dismiss". */
export const act = (deed, body) => send(`/console/${deed}`, body);

/** What an event would become: {event_type, severity, messages: [{channels, text, blocks}]}. Nothing is written. */
export const preview = (eventType, payload) => send("/console/preview", { event_type: eventType, payload });

/** Tell the server what was read. Losing one is harmless: the next one says more. */
export function markRead(channelId, ts) {
  send("/console/read", { channel_id: channelId, ts }).catch(() => {});
}
