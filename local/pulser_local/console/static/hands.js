// What the person does, sent to the workspace; what he sees after it comes back into the store.
import * as api from "./api.js";
import { NOT_LISTENING, pressFailure } from "./outcomes.js";
import { isBusy, setPress } from "./presses.js";

export class Hands {
  #store;
  #say;

  /** `say` shows a sentence on the page, or takes it away (null). */
  constructor(store, say) {
    this.#store = store;
    this.#say = say;
  }

  /** Do it as the one I am. Resolves to what became of it; throws ApiError when the server refused. */
  async act(deed, body) {
    const answer = await api.act(deed, { user_id: this.#store.me, ...body });
    this.#store.putLine(answer.line);
    this.#store.putPrivate(answer.private);
    return answer;
  }

  /** Press a button (the detail of a "block-press" event) and show what becomes of it. */
  async press({ key, place, item, isLink }) {
    if (isBusy(key)) return;
    if (!this.#store.me) return void (isLink || setPress(key, { failed: NOT_LISTENING }));
    this.#say(null);
    setPress(key, "busy");
    try {
      const body = { channel_id: place.channelId, ts: place.ts, action_id: item.action_id ?? "", value: item.value ?? null };
      this.#ended(key, pressFailure(await this.act("press", body)));
    } catch (error) {
      if (!(error instanceof api.ApiError)) throw error;
      this.#ended(key, error.message);
    }
  }

  /** `words`: why it failed, else null. The message may have changed before it was confirmed, and its button be gone. */
  #ended(key, words) {
    if (setPress(key, words && { failed: words }) || !words) return;
    setPress(key, null);
    this.#say(`That did not work. ${words}`);
  }

  /** Take an ephemeral message away. */
  dismiss(channelId, ts) {
    return this.act("dismiss", { channel_id: channelId, ts }).catch(() => {}); // it stays, and can be dismissed again
  }
}
