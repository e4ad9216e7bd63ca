"""A delivery that this worker has claimed, as claim_deliveries_v1 gives it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict


class ClaimedDelivery(BaseModel):
    """`waited_s`: seconds since the event was recorded. `last_reason`: why the attempt before failed.

    `given_up`: its time is over, and it is not to be tried again: a hook, or a post that is absent after many tries.
    `card` and `hook` are as JSON: what is odd in one must not stop the other deliveries of a claim.
    `continues_ts` and `continues_channel_id`: the message before, which Slack lets nobody change any more. Of an
    update, `slack_ts` is the message that it changes, and `target_delivery_id` the delivery that posted it. Of a post
    in a thread, `thread_part` says what it is there, `thread_ts` is the message that began the thread (None: that died)
    and `thread_delivery_id` the delivery that posted it; `known` is what a briefing or a reminder tells.
    `digest`: what a digest tells of its events; of those, `event` is the first.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    delivery_id: str
    claim_token: str
    purpose: Literal["post", "probe", "update", "hook"]
    attempt: int
    channel: str
    slack_channel_id: str | None
    mention: str | None
    last_reason: str | None
    doubtful_since: AwareDatetime
    given_up: bool
    waited_s: float
    event: dict[str, Any]
    card: dict[str, Any] | None = None
    hook: dict[str, Any] | None = None
    slack_ts: str | None = None
    target_delivery_id: str | None = None
    continues_ts: str | None = None
    continues_channel_id: str | None = None
    thread_delivery_id: str | None = None
    thread_part: Literal["briefing", "details", "reminder", "turn", "withdrawn"] | None = None
    thread_ts: str | None = None
    known: dict[str, Any] | None = None
    digest: dict[str, Any] | None = None

    @property
    def message_id(self) -> str:
        """The delivery whose message this is: an update is of the message that a post made."""
        return self.target_delivery_id or self.delivery_id

    @property
    def in_thread(self) -> bool:
        """Whether it is a post in the thread of a card's message."""
        return self.thread_delivery_id is not None
