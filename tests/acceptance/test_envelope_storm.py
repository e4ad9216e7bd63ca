"""Ten thousand envelopes, a fifth of them twice, while relays and handlers are killed at random."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from pulser_local.slack.interactions.story import Interaction
from tests.acceptance.people import Alert, Workplace, at_a_rate, workplace
from tests.acceptance.relays import a_relay_of_its_own

CLICKS = 8_000
DOUBLED = 0.25  # of the clicks: with 8,000 of them 10,000 envelopes, a fifth of which are duplicates
RATE = 160.0  # clicks a second
ALERTS = 24
KILL_EVERY = 4.0  # seconds
ACK_SECONDS = 3.0  # that Slack waits
SEED = 20261124
VICTIMS = ("socket-relay", "pulser relay", "action-handler", "notify-dispatch")

# Each click that was recorded: how many audit events it has (one), and what became of it.
EFFECTS = """
select e.status, coalesce(e.last_error, '') as error, (
    select count(*) from ops.platform_events p where p.payload ->> 'envelope_id' = e.envelope_id
) as events, count(*) as envelopes
from ops.slack_envelopes e where e.duplicate_of is null and e.event_type = 'interactive'
group by 1, 2, 3
"""
RECORDED = "select envelope_id, extract(epoch from recorded_at)::float8 as at from ops.slack_envelopes"


async def kill_at_random(place: Workplace, relays: list[asyncio.subprocess.Process], chance: random.Random) -> None:
    """Until it is cancelled."""
    while True:
        await asyncio.sleep(KILL_EVERY)
        # Relays are killed less often: Slack lets an app open few connections, and pulser keeps to that.
        (victim,) = chance.choices(VICTIMS, weights=(1, 1, 4, 2))
        if victim != "pulser relay":
            place.kill(victim)
        elif relays and relays[-1].returncode is None:
            os.kill(relays[-1].pid, signal.SIGKILL)


async def storm(place: Workplace, alerts: list[Alert], chance: random.Random) -> list[Interaction]:
    """All clicks; half of the duplicates come under the same id, half under another one."""
    settings = place.simulator.sockets.settings
    settings.duplicate_share = DOUBLED
    pressed: list[Interaction] = []
    for duplicate in ("same_id", "new_id"):
        settings.duplicate = duplicate
        clicks = [_until_taken(place, chance.choice(alerts), f"U0PERSON{number % 50}") for number in range(CLICKS // 2)]
        for tries in await at_a_rate(RATE, clicks):
            pressed += tries
    return pressed


async def _until_taken(place: Workplace, alert: Alert, user: str) -> list[Interaction]:
    """A click that fails is made again, as people do; all tries. There is no connection while a relay is replaced."""
    tries = [await place.click(alert, user)]
    while tries[-1].outcome != "acked" and len(tries) < 20:
        await asyncio.sleep(4)
        tries.append(await place.click(alert, user))
    return tries


async def rows(place: Workplace, query: str) -> list[Any]:
    connection = await asyncpg.connect(place.database_url)
    try:
        return list(await connection.fetch(query))
    finally:
        await connection.close()


class HeldUp:
    """When this process, which is Slack here, was held up: an ack that lay in its sockets meanwhile was not late."""

    def __init__(self) -> None:
        self._spells: list[tuple[float, float]] = []

    async def watch(self) -> None:
        """Until it is cancelled."""
        before = time.time()
        while True:
            await asyncio.sleep(0.02)
            now = time.time()
            if now - before > 0.1:
                self._spells.append((before, now))
            before = now

    def seconds(self, begin: float, end: float) -> float:
        """How much of this span (epoch seconds)."""
        return sum(max(0.0, min(end, until) - max(begin, since)) for since, until in self._spells)


@pytest.mark.storm
@pytest.mark.timeout(420)
async def test_each_click_has_one_effect_whoever_is_killed(tmp_path: Path) -> None:
    """Every recorded click has one audit event, each card changed once, no ack came before its record or after 3 s."""
    chance = random.Random(SEED)  # noqa: S311  # it chooses victims
    held_up = HeldUp()
    async with workplace(tmp_path, rate_limit=False) as place:
        for number in range(50):
            place.simulator.interactivity.people.add(f"person{number}")
        kinds = ("error_rate.exceeded", "ci.failed", "task.failed")
        alerts: list[Alert] = []
        for _ in range(0, ALERTS, 12):  # more than four at once in a channel would be told in a digest, without buttons
            alerts += await asyncio.gather(*(place.alert(kinds[number % 3]) for number in range(12)))
        async with a_relay_of_its_own(place, tmp_path) as relays:
            beside = [asyncio.create_task(it) for it in (kill_at_random(place, relays, chance), held_up.watch())]
            pressed = await storm(place, alerts, chance)
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            await place.settled(limit=120)

        effects = await rows(place, EFFECTS)
        outcomes = Counter(one.outcome for one in pressed)
        print(dict(outcomes), [dict(row) for row in effects], file=sys.stderr)  # noqa: T201  # figures for people
        # One effect per envelope: it ran, or it came too late to be acked and says so. Nothing between, nothing twice.
        # A private note that Slack did not confirm is not sent again, lest it stand there twice; the ledger says so.
        assert {(row["status"], row["error"].split(":")[0], row["events"]) for row in effects} <= {
            ("completed", "", 1),
            ("completed", "the private answer", 1),
            ("failed", "expired", 1),
        }
        acknowledged = "select count(*) from ops.platform_events where event_type = 'alert.acknowledged'"
        assert await place.value(acknowledged) == len(alerts)
        recorded = {row["envelope_id"]: row["at"] for row in await rows(place, RECORDED)}
        good = [ack for ack in place.simulator.sockets.acks if ack.problem in (None, "other_socket", "twice")]
        assert all(ack.envelope_id in recorded and recorded[ack.envelope_id] <= ack.at for ack in good)
        late = [
            (ack, ack.after) for ack in place.simulator.sockets.acks if ack.problem == "late" and ack.after is not None
        ]
        assert [ack for ack, after in late if after - held_up.seconds(ack.at - after, ack.at) > ACK_SECONDS] == []
        # What Slack told its user had worked, has run.
        done = await rows(place, "select envelope_id from ops.slack_envelopes where status = 'completed'")
        completed = {row["envelope_id"] for row in done}
        assert [one.envelope_id for one in pressed if one.outcome == "acked" and not _ran(one, completed)] == []
        assert outcomes["acked"] == CLICKS


def _ran(one: Interaction, completed: set[str]) -> bool:
    """Under its own envelope_id, or that of its duplicate, which is another row of the same click."""
    return any(delivered.envelope_id in completed for delivered in one.attempts) or one.envelope_id in completed
