"""guard_delivery_transition_v1: the state machine of invariant 4, all 36 pairs of it."""

from __future__ import annotations

import itertools

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

STATUSES = ("queued", "sending", "sent", "in_doubt", "failed", "dead")
LEGAL = {
    ("queued", "sending"),
    ("failed", "sending"),
    ("sending", "sent"),
    ("sending", "in_doubt"),
    ("sending", "failed"),
    ("sending", "dead"),
    ("in_doubt", "sent"),
    ("in_doubt", "queued"),
    ("dead", "queued"),
}
PAIRS = list(itertools.product(STATUSES, STATUSES))

# All that the constraints ask of a status, so that only the guard can refuse.
MOVE = """
update ops.deliveries set
    status = $2::text,
    claim_token = case $2::text when 'sending' then gen_random_uuid() end,
    lease_until = case $2::text when 'sending' then now() end,
    slack_ts = case $2::text when 'sent' then '1.1' end,
    slack_channel_id = case $2::text when 'sent' then 'C0000000001' end,
    sent_at = case $2::text when 'sent' then now() end,
    dead_at = case $2::text when 'dead' then now() end,
    doubtful_since = now(),
    reason = 'test'
where delivery_id = $1
"""


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair in LEGAL or pair[0] == pair[1]])
async def test_a_legal_step_is_taken(db: Session, before: str, after: str) -> None:
    """The nine steps of the state machine are possible, and so is staying."""
    delivery = await db.bring(before)
    await db.run(MOVE, delivery, after)
    assert await db.status(delivery) == after


@pytest.mark.parametrize(("before", "after"), [pair for pair in PAIRS if pair not in LEGAL and pair[0] != pair[1]])
async def test_an_illegal_step_is_refused(db: Session, before: str, after: str) -> None:
    """Each other step is refused by name, and the delivery stays as it was."""
    delivery = await db.bring(before)
    with pytest.raises(asyncpg.CheckViolationError) as refused:
        await db.run(MOVE, delivery, after)
    assert refused.value.constraint_name == "delivery_transition_is_legal"
    assert await db.status(delivery) == before
