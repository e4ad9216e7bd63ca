"""What may wait in a digest, and what always stands alone."""

from __future__ import annotations

import pytest

from notify_dispatch.event import Event
from notify_dispatch.folding import fold_of
from notify_dispatch.intended import intended
from notify_dispatch.route import Route


def event(event_type: str = "ci.failed", **payload: str) -> Event:
    return Event.from_json({"event_id": "e", "event_type": event_type, "payload": {"service": "api", **payload}})


def test_an_alert_may_fold() -> None:
    """It is counted under its type and its service."""
    assert fold_of(event(), None) == {"fold_type": "ci.failed", "fold_service": "api"}


@pytest.mark.parametrize(
    ("alone", "mention"),
    [
        (event(severity="critical"), None),
        (event(), "here"),
        (event("deploy.requested"), None),
        (event("relay.alarm"), None),
        (event("delivery.dead"), None),
        (event("silence.started"), None),
    ],
    ids=["critical", "calls somebody", "asks people", "the relay's alarm", "an outbox's alarm", "what is muted"],
)
def test_what_people_must_see_stands_alone(alone: Event, mention: str | None) -> None:
    """No fold_type: the ledger never folds it."""
    assert fold_of(alone, mention) == {}


def test_a_type_and_a_service_are_of_bounded_length() -> None:
    """Whatever the writer says."""
    fold = fold_of(event("x" * 1000, service="y" * 1000), None)
    assert (len(fold["fold_type"]), len(fold["fold_service"])) == (200, 200)


def test_of_two_channels_the_one_that_calls_somebody_does_not_fold() -> None:
    """It is a matter of the delivery, not of the event alone."""
    routes = [
        Route(name="a", position=1, channel="#a", mention="here", **{"continue": True}),
        Route(name="b", position=2, channel="#b"),
    ]
    folds = {it["channel"]: "fold_type" in it for it in intended(event(), routes)["deliveries"]}
    assert folds == {"#a": False, "#b": True}
