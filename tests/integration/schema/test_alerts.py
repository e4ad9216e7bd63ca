"""docs/alerts.yaml against a ledger in which everything has happened: each selector of each alarm finds something."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from notify_dispatch.exposition import CATALOGUE
from tests.integration.schema.acting import record, settle
from tests.integration.schema.digests import digest_of
from tests.integration.schema.envelopes import claimed, command, old
from tests.integration.schema.helpers import Session
from tests.integration.schema.relay import HELLO, connecting, lay, live, report, said

RULES = Path(__file__).parents[3] / "docs" / "alerts.yaml"
CANARIES = """
insert into ops.canaries
    (channel, claimed_at, claimed_by, posted_at, slack_channel_id, slack_ts, came_back_at, envelope_id, transport)
select '#pulser-canary', t, 'w', t, 'C1', '1.1', t, 'e', 'socket' from (select clock_timestamp() as t) now;
insert into ops.canaries (channel, asked_at, failed_at, failed_reason)
select '#pulser-canary', t, t, 'not_in_channel' from (select clock_timestamp() + interval '1 second' as t) now;
"""
SELECTOR = re.compile(r"\b(pulser_[a-z_]+)(?:\{([^}]*)\})?")
MATCHER = re.compile(r'(\w+)(=~|!~|!=|=)"([^"]*)"')


@pytest.fixture
async def eventful(db: Session) -> Session:
    """Deliveries, envelopes and connections with every outcome, two holds, and an alarm."""
    digest, _ = await digest_of(db, 5, "#digest")
    await db.settle(digest, "sent")
    await db.queue(1, "#sent", "#dead", "#failed", "#in_doubt")
    for claimed_one in await db.claim():
        await db.settle(claimed_one, claimed_one["channel"].removeprefix("#"))
    await db.call("hold_slack_v1", method="chat.postMessage", seconds=600, reason="ratelimited")
    await db.call("hold_slack_v1", method="*", seconds=600, reason="token_revoked")
    await settle(db, (await claimed(db))["claim_token"])
    await settle(db, (await claimed(db, command()))["claim_token"])
    token = (await claimed(db))["claim_token"]
    await db.run("update ops.slack_envelopes set attempts = 8 where claim_token is not null")
    await db.call("fail_envelope_v1", claim_token=token, error="no")
    await record(db, old(5), command())
    await lay(db, 500, 100, end_reason="silent")
    await report(db, "a", said(await connecting(db, "a"), hello=HELLO))
    await live(db, "b")
    await db.call("apply_canary_v1", channel="#pulser-canary", every_s=300, actor="ada")
    await db.run(CANARIES)
    await db.call("raise_relay_alarm_v1", reason="link_disabled", detail="x", worker="a")
    return db


def finds(matchers: str, labels: dict[str, str]) -> bool:
    """Whether Prometheus would take a series with these labels."""
    met: dict[str, Callable[[str, str], bool]] = {
        "=": lambda value, wanted: value == wanted,
        "!=": lambda value, wanted: value != wanted,
        "=~": lambda value, wanted: re.fullmatch(wanted, value) is not None,
        "!~": lambda value, wanted: re.fullmatch(wanted, value) is None,
    }
    return all(name in labels and met[how](labels[name], wanted) for name, how, wanted in MATCHER.findall(matchers))


async def test_each_selector_finds_something(eventful: Session) -> None:
    """A label or a value that is never there would make an alarm that never comes."""
    rows = await eventful.call("metrics_v1")
    expressions = [rule["expr"] for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]]
    selectors = {it for expression in expressions for it in SELECTOR.findall(expression)}
    assert len(selectors) > 20
    blind = [
        (name, matchers)
        for name, matchers in selectors
        if not any(row["name"] == name and finds(matchers, row["labels"]) for row in rows)
    ]
    assert blind == []


async def test_each_metric_of_the_catalogue_is_told(eventful: Session) -> None:
    """None has a help and never a number."""
    told = {row["name"] for row in await eventful.call("metrics_v1")}
    assert told == set(CATALOGUE) - {"pulser_build_info"}


async def test_the_view_tells_the_same(eventful: Session) -> None:
    """One row per number, for who speaks SQL."""
    rows = await eventful.connection.fetch("select name, labels, value from ops.metrics")
    told = {(row["name"], tuple(sorted(row["labels"].items()))) for row in await eventful.call("metrics_v1")}
    assert {(row["name"], tuple(sorted(row["labels"].items()))) for row in rows} == told


async def test_the_service_role_calls_the_function(eventful: Session) -> None:
    """As notify-dispatch does through the Data API: it needs no right to a table."""
    async with eventful.connection.transaction():
        await eventful.run("set local role service_role")
        assert len(await eventful.call("metrics_v1")) > 30
