"""trigger_id: three seconds, one modal."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pulser_local.slack.errors import SlackError

_REMEMBERED: Final = 20_000


@dataclass(slots=True)
class Trigger:
    """What a trigger allows: to open a modal for this user. `view_id` is the modal it came from, if any."""

    user_id: str
    interaction_id: str
    born: float
    view_id: str | None = None
    is_used: bool = False


class Triggers:
    """The triggers of one app. `seconds` is how long each is good, `lag` what Slack itself has used up of it."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self.seconds = 3.0
        self.lag = 0.0
        self._now = monotonic
        self._given: OrderedDict[str, Trigger] = OrderedDict()

    def new_id(self) -> str:
        """A trigger_id that allows nothing yet."""
        return f"{secrets.randbelow(10**12)}.{secrets.randbelow(10**9)}.{secrets.token_hex(16)}"

    def give(self, trigger_id: str, user_id: str, interaction_id: str, *, view_id: str | None = None) -> None:
        """From now on the trigger is good."""
        self._given[trigger_id] = Trigger(user_id, interaction_id, self._now(), view_id)
        while len(self._given) > _REMEMBERED:
            self._given.popitem(last=False)

    def check(self, trigger_id: str) -> Trigger:
        """SlackError invalid_trigger_id, exchanged_trigger_id or expired_trigger_id."""
        trigger = self._given.get(trigger_id)
        if trigger is None:
            raise SlackError("invalid_trigger_id")
        if trigger.is_used:
            raise SlackError("exchanged_trigger_id")
        if self._now() - trigger.born + self.lag > self.seconds:
            raise SlackError("expired_trigger_id")
        return trigger
