// What a story panel can open, as one string: "delivery:<id>" or "envelope:<team>/<envelope id>".

export const deliveryKey = (deliveryId) => `delivery:${deliveryId}`;
export const envelopeKey = ({ team_id: team, envelope_id: id }) => `envelope:${team}/${id}`;

/** {kind, id} of a key. */
export function parts(key) {
  const colon = key.indexOf(":");
  return { kind: key.slice(0, colon), id: key.slice(colon + 1) };
}

/** The key of what stands in an address after the list's name; null when nothing does. */
export const keyOf = (listKind, id) => (id ? `${listKind === "envelopes" ? "envelope" : "delivery"}:${id}` : null);
