"""A storm through the dispatcher: each event is in one message, at the pace of Slack, whatever fails."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

from pulser_local.slack.faults import Fault
from pulser_local.slack.simulator import SlackSimulator
from tests.fixtures.postgres import Connection
from tests.integration.notify_dispatch.conftest import Bench

STANDS = """
select d.channel, d.slack_ts, count(*) as events, bool_or(d.digest_id is not null) as is_digest,
    min(d.digest_id::text) as digest
from ops.deliveries d where d.kind = 'post' and d.status = 'sent' group by 1, 2
"""
BURST = """
insert into ops.platform_events (event_type, payload)
select 'ci.failed', jsonb_build_object(
    'service', 's' || n % 3, 'environment', (array['a', 'b'])[1 + n % 2], 'fingerprint', gen_random_uuid()
)
from generate_series(1, $1::int) n
"""


async def burst(bench: Bench, count: int) -> None:
    await bench.sql.execute(BURST, count)


async def stands(bench: Bench) -> list[dict[str, Any]]:
    return [dict(row) for row in await bench.sql.fetch(STANDS)]


async def updates(bench: Bench) -> list[dict[str, Any]]:
    return [it for it in await bench.deliveries() if it["kind"] == "update"]


async def test_two_hundred_events_in_two_channels_are_each_in_one_message(
    database_url: str, connection: Connection, simulator: SlackSimulator, bench: Bench
) -> None:
    """At Slack's own pace: no 429, a second between two posts of a channel, and every event told of once."""
    await bench.ledger.call("store_secret_v1", {"name": "slack_bot_token", "value": simulator.bot_token})
    paced = Bench(database_url, connection, simulator, bench.ledger)
    await paced.route({"environment": "a", "channel": "#ops-ci"}, {"environment": "b", "channel": "#ops-tasks"})
    await burst(paced, 150)
    await paced.drain()
    await burst(paced, 50)
    await paced.drain()
    found = await stands(paced)
    assert sum(it["events"] for it in found) == 200
    for channel in ("ops-ci", "ops-tasks"):
        messages = paced.messages(channel)
        assert {it.ts for it in messages} == {it["slack_ts"] for it in found if it["channel"] == f"#{channel}"}
        times = [float(it.ts) for it in messages]
        assert all(later - before >= 0.98 for before, later in itertools.pairwise(times))
    assert not [call for call in simulator.calls if call.status == 429]
    counts = Counter(it["is_digest"] for it in found)
    assert counts[True] >= 2


async def test_more_is_taken_into_the_digest_that_stands(bench: Bench) -> None:
    """The message in the channel tells of all, by one update."""
    await burst(bench, 10)
    await bench.drain()
    await bench.pass_time(2)
    await burst(bench, 8)
    await bench.drain()
    (message,) = bench.messages()
    assert message.text.startswith("18 events, ")
    assert [it["events"] for it in await stands(bench)] == [18]
    assert [it["status"] for it in await updates(bench)] == ["sent"]


async def test_a_digest_whose_answer_is_lost_is_adopted_with_all(bench: Bench) -> None:
    """Found by its metadata, as any post."""
    await burst(bench, 10)
    bench.slack.faults.add(Fault(kind="reset_after", method="chat.postMessage", times=1))
    await bench.drain()
    await bench.pass_time(20)
    await bench.drain()
    assert (len(bench.messages()), bench.posts()) == (1, 1)
    assert [(it["status"], it["adopted"]) for it in await bench.deliveries()] == [("sent", True)] * 10


async def test_an_update_whose_answer_is_lost_is_made_again(bench: Bench) -> None:
    """It stands in Slack already, so what it had is posted nowhere else."""
    await burst(bench, 10)
    await bench.drain()
    await bench.pass_time(2)
    await burst(bench, 8)
    bench.slack.faults.add(Fault(kind="reset_after", method="chat.update", times=1))
    await bench.drain()
    await bench.pass_time(70)
    await bench.drain()
    (message,) = bench.messages()
    assert message.text.startswith("18 events, ")
    assert [it["events"] for it in await stands(bench)] == [18]


async def test_what_an_update_could_not_bring_is_posted(bench: Bench) -> None:
    """Somebody deleted the digest: what came later stands in a message of its own."""
    await burst(bench, 10)
    await bench.drain()
    (digest,) = bench.messages()
    bench.slack.workspace.delete(digest.channel_id, digest.ts)
    await bench.pass_time(2)
    await burst(bench, 8)
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    (message,) = bench.messages()
    assert message.text.startswith("8 events, ")
    assert sorted(it["events"] for it in await stands(bench)) == [8, 10]


async def test_a_refused_layout_goes_as_a_line(bench: Bench) -> None:
    """That there were so many is told all the same."""
    await burst(bench, 10)
    bench.slack.faults.add(Fault(kind="slack_error", error="invalid_blocks", method="chat.postMessage", times=1))
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    (message,) = bench.messages()
    digest = str((await stands(bench))[0]["digest"])[:8]
    said = f"10 events came faster than Slack takes messages. Each: `pulser ledger list --digest {digest}`"
    assert message.text == said


async def test_what_calls_somebody_and_what_is_critical_stand_alone(bench: Bench) -> None:
    """With their buttons, before the digest."""
    await bench.route({"event_pattern": "ci.*", "channel": "#ops-ci"})
    await burst(bench, 10)
    critical = await bench.emit(payload={"service": "api", "severity": "critical"})
    await bench.drain()
    await bench.pass_time(2)
    await bench.drain()
    first, second = bench.messages()
    assert (first.metadata or {})["event_payload"]["event_id"] == critical
    assert second.text.startswith("10 events, ")
