// Replies stand under the message that began their thread.

export const isReply = (message) => Boolean(message.thread_ts) && message.thread_ts !== message.ts;

/** In the order of reading. A reply to a message that is not among them stays where its time puts it. */
export function inThreads(messages) {
  const there = new Set(messages.map((message) => message.ts));
  const isUnder = (message) => isReply(message) && there.has(message.thread_ts);
  const under = new Map();
  for (const reply of messages.filter(isUnder)) under.set(reply.thread_ts, [...(under.get(reply.thread_ts) ?? []), reply]);
  return messages.filter((message) => !isUnder(message)).flatMap((message) => [message, ...(under.get(message.ts) ?? [])]);
}

/** Put the row of a new reply into the list, under its thread. False when that is not there. */
export function putUnder(list, row, message) {
  if (!isReply(message)) return false;
  const ts = CSS.escape(message.thread_ts);
  const last = [...list.querySelectorAll(`.message[data-ts="${ts}"], .message[data-thread="${ts}"]`)].at(-1);
  if (!last || (last.dataset.thread && !list.querySelector(`.message[data-ts="${ts}"]`))) return false;
  last.after(row);
  return true;
}

/** "2 replies", or null. */
export const replyCount = (message) => (message.reply_count > 0 ? `${message.reply_count} ${message.reply_count === 1 ? "reply" : "replies"}` : null);
