from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler import status
from command_handler.answer import BAD, BUSY, GOOD, UNKNOWN, WARN
from tests.unit.command_handler.answers import NOW, at, deployed, lines, policy, problems, row, running

CI_FAILED = {"what": "failed", "at": at(minutes=1), "branch": "main", "url": "https://ci.example/9"}
CI_PASSED = {"what": "passed", "at": at(minutes=1), "branch": None, "url": None}


@pytest.mark.parametrize(
    ("told", "sign"),
    [
        ({}, UNKNOWN),
        ({"deploy": deployed()}, GOOD),
        ({"ci": CI_PASSED}, GOOD),
        ({"deploy": deployed("started", minutes=5)}, BUSY),
        ({"deploy": deployed("started", hours=2)}, WARN),
        ({"deploy": deployed(), "running_deploy": running()}, BUSY),
        ({"deploy": deployed(), "ci": CI_FAILED}, WARN),
        ({"deploy": deployed(), "acknowledged_alerts": 1}, WARN),
        ({"deploy": deployed(), "open_alerts": 1}, BAD),
        ({"deploy": deployed("failed")}, BAD),
        ({"deploy": deployed("failed"), "running_deploy": running()}, BAD),
    ],
)
def test_a_service_at_a_glance(told: dict[str, Any], sign: str) -> None:
    """One sign tells whether somebody must look; a deploy that does not end is not a good sign."""
    assert status.sign(row("api", **told), NOW) == sign


def test_the_worst_stands_first() -> None:
    """Who reads only the first lines reads what needs him; of what nothing is known needs nobody."""
    rows = [
        row("well", deploy=deployed(days=3)),
        row("new"),
        row("busy", deploy=deployed("started", minutes=2)),
        row("ci", None, ci=CI_FAILED),
        row("down", open_alerts=2, oldest_open_alert_at=at(minutes=14), deploy=deployed("failed", minutes=12)),
    ]
    told = status.overview(rows, NOW, {})
    assert lines(told)[:-1] == [
        "🔴 2 of 5 need attention",
        "🔴 *down* production: *2 open alerts*, the oldest for 14 min · deploy failed 12 min ago, `v1.2`",
        "🟠 *ci*: <https://ci.example/9|CI failed> on `main` 1 min ago",
        "🔵 *busy* production: `v1.2` has been going out for 2 min",
        "🟢 *well* production: `v1.2` deployed 3 d ago",
        "⚪ *new* production: nothing is known yet",
    ]
    assert problems(told) == []


@pytest.mark.parametrize(
    ("phase", "told"),
    [
        ("requested", "<@U0BOB> wants `v1.3`, waits for approval for 4 min (in <#C0000001>)"),
        ("approved", "`v1.3` of <@U0BOB> approved, not started yet for 4 min (in <#C0000001>)"),
        ("started", "<@U0BOB> is deploying `v1.3` for 4 min (in <#C0000001>)"),
    ],
)
def test_a_running_deploy_says_who_and_since_when(phase: str, told: str) -> None:
    """In each phase, with the channel where its message is."""
    rows = [row("api", running_deploy=running(phase), deploy=deployed("started"))]
    assert lines(status.overview(rows, NOW, {}))[1] == f"🔵 *api* production: {told}"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"decision": "not_needed"}, "needs no approval, not started yet"),
        ({"decision": "not_needed", "hook": "accepted"}, "accepted by the deploy hook, not started yet"),
    ],
)
def test_a_deploy_that_has_not_started_says_how_far_it_is(more: dict[str, str], told: str) -> None:
    """Nobody approved what needs no approval."""
    rows = [row("api", running_deploy=running("approved", **more))]
    assert f"`v1.3` of <@U0BOB> {told} for 4 min" in lines(status.overview(rows, NOW, {}))[1]


def test_a_running_deploy_has_a_link() -> None:
    """Where Slack told the message's address, it is there."""
    url = "https://acme.slack.com/archives/C1/p1700000000000100"
    told = status.overview([row("api", running_deploy=running())], NOW, {"1700000000.000100": url})
    assert f"(<{url}|see it>)" in lines(told)[1]


def test_all_is_well() -> None:
    """The first line says so; what runs is said too."""
    well = row("web", deploy=deployed())
    assert lines(status.overview([well], NOW, {}))[0] == "🟢 Nothing needs attention"
    busy = status.overview([well, row("api", running_deploy=running())], NOW, {})
    assert lines(busy)[0] == "🔵 Nothing needs attention, 1 deploy under way"


def test_nothing_known_is_said() -> None:
    """An empty ledger is no reason for an empty answer."""
    told = status.overview([], NOW, {})
    assert lines(told)[0] == "Nothing is known yet: no event has named a service, and none is set up."
    assert problems(told) == []


def test_services_without_news_are_not_called_well() -> None:
    """What is set up and has never been heard of is not green."""
    assert lines(status.overview([row("api")], NOW, {}))[0] == "⚪ No event has told of any service yet"


def test_two_hundred_services_fit() -> None:
    """What needs somebody is told in full, what is well in a few words each, and all of it fits."""
    rows = [row(f"service-{at}", deploy=deployed(days=at)) for at in range(198)]
    rows += [row("down", deploy=deployed("failed")), row("ci", ci=CI_FAILED)]
    told = status.overview(rows, NOW, {})
    assert problems(told) == []
    assert len(lines(told)) == 1 + 200 + 1
    assert lines(told)[1].startswith("🔴 *down* production: deploy failed")
    assert lines(told)[3] == "🟢 *service-0* production `v1.2` a few seconds"


def test_where_there_are_many_a_services_quiet_environments_share_a_line() -> None:
    """Not more lines than services."""
    rows = [row(f"s{at}", place, deploy=deployed(hours=3)) for at in range(20) for place in ("production", "staging")]
    told = status.overview(rows, NOW, {})
    assert len(lines(told)) == 1 + 20 + 1
    assert lines(told)[1] == "🟢 *s0* production `v1.2` 3 h · staging `v1.2` 3 h"


def test_what_does_not_fit_is_counted() -> None:
    """Two hundred failures do not fit into a message; how many are left is said."""
    rows = [row(f"service-{at}", deploy=deployed("failed"), open_alerts=1, ci=CI_FAILED) for at in range(200)]
    told = status.overview(rows, NOW, {})
    *shown, left, _ = lines(told)[1:]
    count = 200 - len(shown)
    assert left == f"… and {count} more, {count} of them need attention: `/pulser status` with a name shows one"
    assert problems(told) == []


@given(st.lists(st.tuples(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400)), max_size=40))
def test_names_are_inert(names: list[tuple[str, str, str]]) -> None:
    """Whatever an event calls its service, no mention, no link and no refused message comes of it."""
    rows = [
        row(service, place, deploy=deployed("failed", version), ci={**CI_FAILED, "branch": version, "url": version})
        for service, place, version in names
    ]
    assert problems(status.overview(rows, NOW, {})) == []
    if rows:
        assert problems(status.of_service(rows[:1], None, NOW, {})) == []


def test_one_service_in_full() -> None:
    """A paragraph an environment, the worst first, and who may do what."""
    rows = [row("api", "production", deploy=deployed(hours=3)), row("api", "staging", open_alerts=1)]
    people = {"approvers": ["S0APPROVERS"], "rollback_by": ["U0BOB", "U0CAROL"], "can_rollback": True}
    back, runbook = "Roll back: <@U0BOB> <@U0CAROL>", "https://wiki.example/api"
    own = policy("api", "staging", "production", runbook_url=runbook, **people)
    told = status.of_service(rows, own, NOW, {})
    assert lines(told) == [
        "🔴 api",
        "🔴 *staging*",
        "• *1 open alert*",
        "🟢 *production*",
        "• `v1.2` deployed 3 h ago",
        f"`/pulser deploy api`: everybody, approved by <!subteam^S0APPROVERS> · {back} · <{runbook}|Runbook>",
    ]
    assert problems(told) == []


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (None, "It is not set up to be deployed from Slack."),
        (policy("api", can_deploy=False), "It is not set up to be deployed from Slack."),
        (policy("api"), "`/pulser deploy api`: everybody, approved by nobody"),
        (policy("api", approval_required=False, deployers=["U0BOB"]), "`/pulser deploy api`: <@U0BOB>, no approval"),
    ],
)
def test_what_may_be_done_with_a_service(own: dict[str, object] | None, told: str) -> None:
    """The last line tells who may, also when nobody may."""
    assert lines(status.of_service([row("api")], own, NOW, {}))[-1] == told


def test_a_service_that_is_only_set_up() -> None:
    """Known by its policy, but never heard of."""
    assert lines(status.of_service([], policy("api"), NOW, {}))[:2] == ["⚪ api", "No event has told of it yet."]


def test_an_unknown_service_has_near_ones() -> None:
    """The nearest names are ready to be typed."""
    told = status.unknown_service("biling", ["billing", "billing-worker"], "/pulser", "status")
    assert lines(told) == [
        "I know no service `biling`. Did you mean `/pulser status billing` or `/pulser status billing-worker`?"
    ]
    assert (told.outcome, problems(told)) == ("refused", [])


def test_an_unknown_service_without_near_ones() -> None:
    """Where one finds those that there are."""
    told = status.unknown_service("<!channel>", [], "/pulser", "status")
    assert lines(told) == ["I know no service `&lt;!channel&gt;`. `/pulser status` shows those that there are."]


def test_a_rollback_under_way_is_told() -> None:
    """Who asked for it, of which release, for how long: nothing needs attention, but somebody is at it."""
    by = {"user": "U0BOB", "name": "bob", "at": at(minutes=2)}
    told = lines(status.overview([row("api", deploy=deployed(), rollback={"version": "v1.2", "by": by})], NOW, {}))
    assert "<@U0BOB> is rolling back `v1.2` for 2 min" in told[1]
    assert told[1].startswith(BUSY)
