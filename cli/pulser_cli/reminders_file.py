"""The `reminders:` of `ssot/integrations/slack/pulser.yaml`: when an alert that nobody acknowledges reminds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from notify_dispatch.event import SEVERITIES, Severity
from pulser_cli.services_diff import Change

NAME: Final = "reminders of all services"
Minutes = Annotated[int, Field(ge=1, le=1440, strict=True)]


class ReminderTimes(BaseModel):
    """The first after `after_min`, each further one `every_min` later, `at_most` in all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    after_min: Minutes
    every_min: Minutes
    at_most: Annotated[int, Field(ge=1, le=20, strict=True)] = 6


Reminders = Mapping[Severity, ReminderTimes]
# Of a file that says nothing of it, and of a new database (table reminder_times).
DEFAULT: Final[Reminders] = {
    "critical": ReminderTimes(after_min=5, every_min=5),
    "error": ReminderTimes(after_min=15, every_min=15),
}


def reminders_json(reminders: Reminders) -> dict[str, dict[str, int]]:
    """As apply_reminder_times_v1 takes them."""
    return {severity: times.model_dump() for severity, times in reminders.items()}


def changes_of(held: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Change]:
    """What must change in the times that the database holds; one change at most."""
    keys: dict[str, tuple[Any, Any]] = {
        it: (in_words(held.get(it)), in_words(wanted.get(it))) for it in SEVERITIES if held.get(it) != wanted.get(it)
    }
    return [Change("changed", NAME, keys)] if keys else []


def in_words(times: Mapping[str, Any] | None) -> str | None:
    """ "after 5 min, then every 5 min, 6 at most"; None for none."""
    if times is None:
        return None
    return f"after {times['after_min']} min, then every {times['every_min']} min, {times['at_most']} at most"
