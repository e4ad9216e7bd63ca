"""What a replay says of a stored event: what differs, and what must not seem to."""

from __future__ import annotations

from typing import Any

import pytest

from notify_dispatch.route import Route
from pulser_cli.replay.events import GONE, NO_CARD, NO_ROUTES, compare_event

CARD = "11111111-1111-4111-8111-111111111111"
DEFAULT = Route(name="default", position=99, channel="#ops-alerts", is_default=True)
CI = Route(name="ci", position=1, event_pattern="ci.*", channel="#ops-ci")
DEPLOYS = Route(name="deploys", position=2, event_pattern="*", channel="#ops-deploy")
ROUTES = (CI, DEPLOYS, DEFAULT)


def post(channel: str, mention: str | None = None, why: str = "type matches") -> dict[str, Any]:
    return {"channel": channel, "mention": mention, "why": why}


def stored(event_type: str = "ci.failed", *posts: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """As replay_events_v1 gives it: an alert's card, if not told otherwise."""
    event = {
        "event_id": CARD,
        "event_type": event_type,
        "payload": more.pop("payload", {}),
        "actor": more.pop("actor", None),
    }
    nothing: dict[str, Any] = {"card": "alert", "card_id": None, "card_channels": None, "verdicts": None}
    nothing["is_repeat"] = False
    return {"event": event, "posts": list(posts), **nothing, **more}


def differences(it: dict[str, Any], *routes: Route, places: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
    compared = compare_event(it, routes or ROUTES, places or {})
    assert not compared.is_left_out
    return [(one.aspect, one.then, one.now) for one in compared.differences]


def test_what_is_as_it_was_does_not_differ() -> None:
    """The same channel, the same card."""
    assert differences(stored("ci.failed", post("#ops-ci"))) == []


@pytest.mark.parametrize(
    ("posts", "then", "now"),
    [
        ([post("#ops-builds")], "#ops-builds", "#ops-ci"),
        ([], "nowhere", "#ops-ci"),
        ([post("#ops-ci"), post("#b")], "#b, #ops-ci", "#ops-ci"),
    ],
)
def test_other_channels_differ(posts: list[dict[str, Any]], then: str, now: str) -> None:
    """All channels of then and of now are named, so that equal differences are one group."""
    assert differences(stored("ci.failed", *posts)) == [("channels", then, now)]


def test_what_no_route_takes_now_goes_nowhere() -> None:
    """News without a route are not posted."""
    routes = (CI, DEFAULT)
    assert differences(stored("deploy.started", post("#ops-deploy"), card=None), *routes) == [
        ("channels", "#ops-deploy", "nowhere")
    ]


def test_another_mention_differs() -> None:
    """In a channel of both."""
    assert differences(stored("ci.failed", post("#ops-ci", "here"))) == [
        ("mention", "#ops-ci mentioning here", "#ops-ci mentioning nobody")
    ]


def test_a_route_of_another_name_is_no_difference() -> None:
    """It is effects that are compared."""
    renamed = CI.model_copy(update={"name": "builds"})
    assert differences(stored("ci.failed", post("#ops-ci")), renamed, DEFAULT) == []


@pytest.mark.parametrize(
    ("event_type", "card", "then", "now"),
    [
        ("ci.failed", None, "no card, no buttons", "a card with buttons (alert)"),
        ("ci.passed", "alert", "a card with buttons (alert)", "no card, no buttons"),
    ],
)
def test_another_card_differs(event_type: str, card: str | None, then: str, now: str) -> None:
    """What was a card and is none now, and the other way."""
    assert differences(stored(event_type, post("#ops-ci"), card=card)) == [("card", then, now)]


@pytest.mark.parametrize("card", [None, "deploy"])
def test_a_requested_deploy_has_the_card_that_its_handler_wrote(card: str | None) -> None:
    """Routing makes none, and misses none."""
    assert differences(stored("deploy.requested", post("#ops-deploy"), card=card)) == []


@pytest.mark.parametrize("told", [["#ops-deploy"], ["C1"]])
def test_what_changed_a_card_is_not_missed_in_its_channel(told: list[str]) -> None:
    """A deploy's result is told by its card, also where the channel was named by its ID."""
    it = stored("deploy.started", card=None, card_id=CARD, card_channels=told)
    assert differences(it, places={"#ops-deploy": "C1"}) == []


def test_what_changed_a_card_elsewhere_is_missed() -> None:
    """In a channel where the card did not stand it would be posted."""
    it = stored("deploy.started", card=None, card_id=CARD, card_channels=["#other"])
    assert differences(it) == [("channels", "nowhere", "#ops-deploy")]


def test_what_fired_again_is_told_by_its_card() -> None:
    """It has neither a card nor a message of its own."""
    it = stored("ci.failed", card=None, card_id=CARD, card_channels=["#ops-ci"], is_repeat=True)
    assert differences(it) == []


def test_what_ended_an_alert_is_told_by_its_card() -> None:
    """Where that card stands."""
    ended = {"payload": {"service": "api"}, "card": None, "card_id": CARD}
    assert differences(stored("ci.passed", card_channels=["#ops-ci"], **ended)) == []
    assert differences(stored("ci.passed", card_channels=["#other"], **ended)) == [("channels", "nowhere", "#ops-ci")]


def test_a_deploy_that_began_by_itself_has_a_card_where_no_other_runs() -> None:
    """Which the code of now cannot know."""
    for kind in ("deploy", None):
        assert differences(stored("deploy.started", post("#ops-deploy"), card=kind)) == []


def test_what_was_posted_beside_its_card_is_not_taken_back() -> None:
    """Card and result were routed together: the ledger posted both."""
    it = stored("deploy.started", post("#ops-deploy"), card=None, card_id=CARD, card_channels=["#ops-deploy"])
    assert differences(it) == []


def test_a_click_tells_of_its_card_only_by_a_handler() -> None:
    """What would not change its card any more would be posted."""
    alike = {"payload": {"card_id": CARD}, "card": None, "card_id": CARD, "card_channels": ["#ops-deploy"]}
    assert differences(stored("alert.acknowledged", actor="action-handler", **alike)) == []
    assert differences(stored("alert.acknowledged", actor="ada", **alike)) == [("channels", "nowhere", "#ops-deploy")]


def test_a_channel_that_is_named_in_two_ways_is_one() -> None:
    """By its name and by its ID, where the ledger knows it."""
    twice = CI.model_copy(update={"name": "again", "position": 0, "channel": "C1", "continue_": True})
    assert differences(stored("ci.failed", post("#ops-ci")), twice, CI, DEFAULT, places={"#ops-ci": "C1"}) == []


@pytest.mark.parametrize(
    "then",
    [
        {"verdicts": [{"route": "default", "channel": "#ops-alerts", "used": False, "why": "for severity error"}]},
        {"posts": [post("#ops-alerts", why="default route: there is no other, severity error")]},
    ],
)
def test_before_the_routes_nothing_differs(then: dict[str, Any]) -> None:
    """What only the default route was asked about is left out, and said."""
    it = stored() | then
    assert compare_event(it, ROUTES, {}).not_compared == NO_ROUTES
    assert not compare_event(it, (DEFAULT,), {}).is_left_out


def test_an_event_that_is_gone_is_left_out() -> None:
    """Nothing is known of it but its id."""
    assert compare_event({"event": {"event_id": CARD}}, ROUTES, {}).not_compared == GONE


def test_what_changed_a_card_that_is_not_kept_is_left_out() -> None:
    """Nobody can say where it stood."""
    it = stored("deploy.started", card=None, card_id=CARD, card_channels=None)
    assert compare_event(it, ROUTES, {}).not_compared == NO_CARD


def test_a_layout_that_fails_now_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the kind of its error, so that equal ones are one group."""

    def fails(*_arguments: object) -> None:
        raise KeyError("a word of this one event")

    monkeypatch.setattr("notify_dispatch.render.header", fails)
    assert differences(stored("ci.failed", post("#ops-ci"))) == [("layout", "its layout", "plain text: KeyError")]


SILENCED = [
    {"route": "ci", "channel": "#ops-ci", "used": True, "why": "it fits"},
    {"route": "deploys", "channel": "#ops-deploy", "used": False, "why": "not tried"},
]


def test_a_silenced_event_is_no_missed_post() -> None:
    """Nobody wanted a message, so there was neither that nor a card."""
    it = stored("ci.failed", card=None, verdicts=SILENCED, is_silenced=True)
    assert differences(it) == []


def test_a_silenced_event_that_would_go_elsewhere_differs() -> None:
    """Its verdicts tell where it would have been posted then."""
    it = stored(
        "ci.failed", card=None, verdicts=[SILENCED[0] | {"channel": "#ops-builds"}, SILENCED[1]], is_silenced=True
    )
    assert differences(it) == [("channels", "#ops-builds", "#ops-ci")]
