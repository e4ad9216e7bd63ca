"""The `canary:` of `ssot/integrations/slack/pulser.yaml`: where a canary is posted, and how often."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict

SHORTEST, LONGEST = 60, 86_400  # seconds between two, as the database has it
_EVERY = re.compile(r"([1-9][0-9]{0,5})(s|m|h)")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_CHANNEL = re.compile(r"#[^\s#]{1,79}|[CG][A-Z0-9]{2,20}")


def seconds_of(every: str) -> int:
    """ "5m" in seconds. Raises ValueError for what is no time from a minute to a day."""
    found = _EVERY.fullmatch(every)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0
    if not SHORTEST <= seconds <= LONGEST:
        raise ValueError("must be a time from 1m to 24h, such as 90s, 5m or 1h")
    return seconds


def _is_every(every: str) -> str:
    seconds_of(every)
    return every


def _is_channel(channel: str) -> str:
    if not _CHANNEL.fullmatch(channel):
        raise ValueError('must be a channel ID (C…) or "#name"')
    return channel


class FileCanary(BaseModel):
    """A message to a channel of its own that must come back."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: Annotated[str, AfterValidator(_is_channel)]
    every: Annotated[str, AfterValidator(_is_every)] = "5m"

    @property
    def every_s(self) -> int:
        """Seconds between two."""
        return seconds_of(self.every)
