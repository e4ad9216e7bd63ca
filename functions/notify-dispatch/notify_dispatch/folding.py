"""What may wait in a digest when its channel's pace is spent, and what always stands alone. Pure."""

from __future__ import annotations

from typing import Any, Final

from notify_dispatch.event import Event

_KEPT: Final = 200  # characters of a type or a service: as much as anybody reads of it
# Somebody must press its button before anything goes on.
_ASKED: Final = {"deploy.requested"}
# Pulser's own alarms: that messages do not get through, or are muted, must not wait among messages.
_OWN: Final = {"relay", "delivery", "silence"}


def fold_of(event: Event, mention: str | None) -> dict[str, Any]:
    """`fold_type` and `fold_service` of a delivery, as record_deliveries_v1 takes them: what a digest counts it under.

    Empty for what is never folded: critical events, those that call somebody, those that ask people to decide, and
    pulser's own alarms.
    """
    if event.severity == "critical" or mention or event.event_type in _ASKED or event.thing in _OWN:
        return {}
    return {"fold_type": event.event_type[:_KEPT], "fold_service": event.service and event.service[:_KEPT]}
