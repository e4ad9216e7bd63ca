// What Slack says when an app does not answer. The workspace's own words come first; null when all went well.

export const NOT_LISTENING = "pulser is not listening: no Socket Mode connection";

const failed = (answer) => answer.outcome !== "acked";
const deaf = (answer) => answer.line && !answer.line.listening;

/** Of a button: what stands beside the triangle. */
export function pressFailure(answer) {
  if (!failed(answer)) return null;
  if (deaf(answer)) return NOT_LISTENING;
  if (answer.outcome === "timeout") return "Operation timed out. Apps need to respond within 3 seconds.";
  return answer.failure ?? "This button did not work. Try again?";
}

/** Of a slash command; `text` begins with it. */
export function commandFailure(answer, text) {
  if (!failed(answer)) return null;
  const [command] = text.split(/\s/, 1);
  if (deaf(answer)) return `${command} failed with the error “dispatch_failed”. ${NOT_LISTENING}.`;
  if (answer.outcome === "timeout") return `${command} failed because the app did not respond. Please try again or contact the app developer.`;
  return answer.failure ?? `${command} failed with the error “dispatch_failed”`;
}

/** Of a modal that was submitted. */
export function submitFailure(answer) {
  if (!failed(answer)) return null;
  const words = answer.failure ?? "We had some trouble connecting. Try again?";
  return deaf(answer) ? `${words} ${NOT_LISTENING}.` : words;
}
