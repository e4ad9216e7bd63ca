"""A status of many places and silences: Slack takes it, and what it leaves out is counted in it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from command_handler import status
from command_handler.answer import Answer, context, section
from command_handler.silence_answer import with_silences
from pulser_local.slack import validation
from pulser_local.slack.workspace import Content
from tests.unit.command_handler.answers import NOW, at, deployed, lines, policy, problems, row, running

BROKEN = {"what": "failed", "at": at(minutes=1)}


@st.composite
def rows(draw: st.DrawFn, *, services: int) -> list[dict[str, Any]]:
    """Up to 150 places, each one differently well, with names and links of some length."""
    length, url = draw(st.integers(1, 80)), "https://ci.example/" + "x" * draw(st.integers(0, 900))
    letter = draw(st.sampled_from(["n", "&", '"', "é"]))
    states: list[dict[str, Any]] = [
        {},
        {"deploy": deployed(hours=3)},
        {"open_alerts": 2},
        {"running_deploy": running()},
        {"deploy": {**deployed("failed", letter * length), "url": url}, "ci": {**BROKEN, "branch": "main", "url": url}},
    ]
    kinds = draw(st.lists(st.sampled_from(range(len(states))), min_size=1, max_size=5))
    many, count = draw(st.integers(1, 150)), draw(st.integers(1, services))
    return [
        row(f"s{nth % count}-{letter * length}", f"p{nth}-{letter * length}", **states[kinds[nth % len(kinds)]])
        for nth in range(many)
    ]


@st.composite
def silences(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Up to 40, of everything, with a reason of some length."""
    reason, many = draw(st.text(max_size=9)) * 11, draw(st.integers(0, 40))
    by = {"user": "U0ANA", "name": "ana"}
    ends_at = (NOW + timedelta(hours=30)).isoformat()
    return [{"service": "s*", "event_pattern": "ci.*", "environment": None, "ends_at": ends_at, "reason": reason,
             "created_by": by, "muted": 12_345} for _ in range(many)]  # fmt: skip


def refused(told: Answer) -> list[str]:
    """What Slack would not take, as the simulator knows it and as a second look has it."""
    validation.check_content(Content(told.text, [dict(it) for it in told.blocks]))
    return problems(told)


def counted(told: Answer, pattern: str) -> int:
    """The number in the line that says how much is left out; 0 where nothing is."""
    found = [int(it[1]) for line in lines(told) if (it := re.search(pattern, line))]
    return found[0] if found else 0


@given(rows(services=150), silences())
def test_an_overview_is_taken(known: list[dict[str, Any]], live: list[dict[str, Any]]) -> None:
    """However much there is; each place and each silence is told or counted."""
    told = with_silences(status.overview(known, NOW, {}), live, NOW)
    assert refused(told) == []
    places = sum(len(re.findall(r"\bp\d+-", line)) for line in lines(told))
    assert places + counted(told, r"^… and (\d+) more, ") == len(known)
    assert _silenced(told) == len(live)


@given(rows(services=1), silences(), st.integers(0, 200))
def test_a_status_of_one_service_is_taken(known: list[dict[str, Any]], live: list[dict[str, Any]], people: int) -> None:
    """However many environments it has, and people who may approve."""
    users = [f"U0{nth:06}" for nth in range(people)]
    own = policy(known[0]["service"], approvers=users, deployers=users, rollback_by=users, can_rollback=True)
    told = with_silences(status.of_service(known, own, NOW, {}), live, NOW, known[0]["service"])
    assert refused(told) == []
    places = sum(len(re.findall(r"\bp\d+-", line)) for line in lines(told))
    assert places + counted(told, r"^… and (\d+) more environments?, ") == len(known)
    assert _silenced(told) == len(live)


def _silenced(told: Answer) -> int:
    shown = sum(line.startswith("🔕 Silenced: ") for line in lines(told))
    return shown + counted(told, r"^… and (\d+) more$")


def _failed(environment: str) -> dict[str, Any]:
    url = "https://github.com/acme/the-service/actions/runs/10000000001/job/20000000001"
    ci = {**BROKEN, "branch": f"feature/{environment}", "url": url}
    return row("web", environment, deploy={**deployed("failed", "a" * 40), "url": url}, ci=ci)


def test_environments_that_do_not_fit_are_counted() -> None:
    """The worst stand first; how many are left, and how many of these need somebody, is said."""
    known = [_failed(f"preview-{nth:04}") for nth in range(60)] + [row("web", "old", deploy=deployed(days=9))]
    told = status.of_service(known, None, NOW, {})
    shown = sum("*preview-" in line for line in lines(told))
    assert 15 < shown < 60
    assert lines(told)[-2] == f"… and {61 - shown} more environments, {60 - shown} of them need attention"


def test_many_environments_that_are_well_share_lines() -> None:
    """All of them are there."""
    known = [row("web", f"preview-{nth}", deploy=deployed(hours=3)) for nth in range(100)]
    told = lines(status.of_service([*known, _failed("production")], None, NOW, {}))
    assert told[1] == "🔴 *production*"
    assert told[4].startswith("🟢 preview-0 `v1.2` 3 h · preview-1 `v1.2` 3 h · ")
    assert "\n".join(told).count("preview-") == 100


@pytest.mark.parametrize("services", [1, 2])
def test_many_quiet_environments_of_a_service_are_not_cut_off(services: int) -> None:
    """A paragraph of Slack's takes 3,000 characters; the overview goes on in another one."""
    known = [row(f"s{nth % services}", f"preview-{nth:040}", deploy=deployed(hours=3)) for nth in range(100)]
    told = lines(status.overview(known, NOW, {}))
    assert "\n".join(told).count("preview-") == 100


@pytest.mark.parametrize(("many", "said"), [(1, "🔕 1 silence lasts"), (9, "🔕 9 silences last")])
def test_where_there_is_room_for_no_silence_they_are_counted(many: int, said: str) -> None:
    """It is known at least that there are some."""
    blocks = [section("x" * 2700), section("x" * 2700), section("x" * 2700), section("x" * 2700), context("small")]
    live = [{"service": "api", "ends_at": at(hours=-2), "created_by": None, "muted": 0, "reason": "r" * 100}] * many
    told = with_silences(Answer("all", blocks), live, NOW)
    assert lines(told)[-2:] == [said, "small"]


def test_of_very_many_people_the_first_are_named() -> None:
    """And the others counted, not cut off in the middle of a name."""
    own = policy("api", approvers=[f"U0{nth:06}" for nth in range(200)])
    small = lines(status.of_service([row("api")], own, NOW, {}))[-1]
    assert small.endswith("<@U0000014> and 185 more")
