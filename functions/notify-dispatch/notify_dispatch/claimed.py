"""A delivery that this worker has claimed, as claim_deliveries_v1 gives it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict


class ClaimedDelivery(BaseModel):
    """`waited_s`: seconds since the event was recorded. `last_reason`: why the attempt before failed.

    `given_up`: its time is over, after many posts, and the last one is surely absent: it is not to be posted again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    delivery_id: str
    claim_token: str
    purpose: Literal["post", "probe"]
    attempt: int
    channel: str
    slack_channel_id: str | None
    mention: str | None
    last_reason: str | None
    doubtful_since: AwareDatetime
    given_up: bool
    waited_s: float
    event: dict[str, Any]
