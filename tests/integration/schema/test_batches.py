"""record_deliveries_v1 on a batch: it means what its events mean when each is recorded for itself."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.integration.schema.firing import route, write
from tests.integration.schema.helpers import Session

KINDS = (
    *("ci.failed", "ci.passed", "error_rate.exceeded", "error_rate.recovered", "task.failed", "task.completed"),
    *("deploy.started", "deploy.failed", "deploy.completed", "disk.full", "disk.resolved"),
)
MEANT = """
select p.payload ->> 'nth' as nth, d.status, d.is_repeat, tells.payload ->> 'nth' as tells_of,
    c.kind, c.phase, c.severity, c.version, c.told_words, r.severity as reminds_of, c.state
from ops.event_dispatches d
join ops.platform_events p using (event_id)
left join ops.platform_events tells on tells.event_id = d.card_id
left join ops.cards c on c.card_id = d.event_id
left join ops.reminder_plans r on r.card_id = d.event_id
where p.payload ->> 'service' = $1
order by d.position
"""
FACTS = """
select f.environment, f.aspect, f.what, f.version, p.payload ->> 'nth' as nth
from ops.service_facts f join ops.platform_events p using (event_id) where f.service = $1 order by 1, 2
"""
TIMES = {"at", "after_s", "last_at"}


def story(seed: int) -> list[tuple[str, dict[str, Any]]]:
    """Twelve events of one service, of so few kinds and places that they have to do with each other."""
    dice = random.Random(seed)  # noqa: S311
    return [
        (
            dice.choice(KINDS),
            {
                "environment": dice.choice(["production", "staging"]),
                "branch": dice.choice(["main", "next"]),
                "severity": dice.choice(["warning", "error", "critical"]),
                "version": dice.choice(["1", "2"]),
                "summary": dice.choice(["cold", "warm"]),
                "nth": nth,
            },
        )
        for nth in range(12)
    ]


async def meant(db: Session, service: str) -> list[Any]:
    """What the ledger holds of the service's events, whoever they are and whenever it was."""
    rows = [dict(row) for table in (MEANT, FACTS) for row in await db.connection.fetch(table, service)]
    names = await db.connection.fetch(
        "select event_id::text, payload ->> 'nth' as nth from ops.platform_events where payload ->> 'service' = $1",
        service,
    )
    text = json.dumps([timeless(row) for row in rows])
    for row in names:
        text = text.replace(row["event_id"], f"event {row['nth']}")
    return list(json.loads(text.replace(service, "service")))


def timeless(value: Any) -> Any:  # noqa: ANN401  # JSON
    if isinstance(value, dict):
        return {key: timeless(it) for key, it in value.items() if key not in TIMES}
    return [timeless(it) for it in value] if isinstance(value, list) else value


@pytest.mark.parametrize("seed", range(24))
async def test_a_batch_means_what_its_events_mean_one_by_one(db: Session, seed: int) -> None:
    """The same cards, counts, ends, reminders and news, whether or not the router came after each of them."""
    for event_type, payload in story(seed):
        await write(db, event_type, payload | {"service": "single"})
        await route(db)
    for event_type, payload in story(seed):
        await write(db, event_type, payload | {"service": "batch"})
    await route(db)
    assert await meant(db, "batch") == await meant(db, "single")


@pytest.mark.parametrize(("branches", "calls"), [(50, 0), (1, 50)])
async def test_only_alerts_that_have_to_do_with_each_other_have_their_turn(
    db: Session, branches: int, calls: int
) -> None:
    """The others, as those of a storm, have their cards by one statement."""
    for nth in range(50):
        await write(db, "ci.failed", {"service": "api", "branch": f"b{nth % branches}"})
    await db.run("set track_functions = 'all'")
    async with db.connection.transaction():
        await route(db)
        assert await db.value("select count(*) from ops.cards") == branches
        counted = "select coalesce(sum(calls), 0) from pg_stat_xact_user_functions where funcname = 'attach_event_v1'"
        assert await db.value(counted) == calls
