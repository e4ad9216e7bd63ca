"""What the ledger says after the soak: read once, as it stands, for the verdict and the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bench.soak.stack import Stack

Row = Mapping[str, Any]

# All that is still to be done: nothing, once the soak has settled. A deploy that was called for waits for its result;
# one that a deployer began by himself may have none.
OPEN = """
select jsonb_strip_nulls(jsonb_build_object(
    'events not seen', nullif((
        select count(*) from ops.platform_events p
        where not exists (select from ops.event_dispatches d where d.event_id = p.event_id)), 0),
    'events pending', nullif((select count(*) from ops.event_dispatches where status = 'pending'), 0),
    'deliveries open', (
        select jsonb_object_agg(s.what, s.many) from (
            select format('%s %s', kind, status) as what, count(*) as many from ops.deliveries
            where status not in ('sent', 'dead') group by 1) s),
    'envelopes open', nullif((
        select count(*) from ops.slack_envelopes
        where handler is not null and status in ('pending', 'processing')), 0),
    'notes due', nullif((select count(*) from ops.slack_envelopes where reply_status = 'due'), 0),
    'deploys under way', nullif((
        select count(*) from ops.cards
        where kind = 'deploy' and phase in ('approved', 'started') and not state ? 'started'
            or state ? 'rollback' and not state #> '{rollback}' ? 'ended'), 0)
))::text as open
"""

EVENTS = """
select p.event_id::text, p.event_type, extract(epoch from p.created_at)::float8 as at, d.status,
    d.card_id is not null as on_card, d.claim_token is not null as claimed,
    (select count(*) from ops.deliveries v where v.event_id = p.event_id and v.kind = 'post') as posts
from ops.platform_events p left join ops.event_dispatches d on d.event_id = p.event_id
order by p.created_at
"""

DELIVERIES = """
select delivery_id::text, event_id::text, card_id::text, target_delivery_id::text,
    coalesce(thread_part, kind) as kind, status, reason, channel, attempts,
    adopted, claim_token is not null as claimed, hook ->> 'action' as action, slack_channel_id, slack_ts,
    digest_id::text,
    card_version, extract(epoch from created_at)::float8 as created_at, extract(epoch from sent_at)::float8 as sent_at
from ops.deliveries order by position
"""

# The root of an envelope is the row that runs: its own, or that of which it is a duplicate.
ENVELOPES = """
with audits as (
    select payload ->> 'envelope_id' as envelope_id, array_agg(event_id::text order by event_id) as events
    from ops.platform_events where payload ->> 'envelope_id' is not null and actor <> 'soak' group by 1
)
select e.id, e.envelope_id, e.event_type, e.handler, e.status, e.last_error, coalesce(e.duplicate_of, e.id) as root,
    e.duplicate_of is not null as is_duplicate, e.claim_token is not null as claimed, e.reply_status,
    e.payload ->> 'trigger_id' as trigger_id, extract(epoch from e.recorded_at)::float8 as recorded_at,
    extract(epoch from e.received_at)::float8 as received_at,
    array(select i::text from unnest(e.event_ids) i order by i) as settled_events, coalesce(a.events, '{}') as audits
from ops.slack_envelopes e left join audits a on a.envelope_id = e.envelope_id
order by e.id
"""

# What a person's deed changed: each at most once for its card.
CHANGES = """
select p.event_type, p.payload ->> 'card_id' as card_id, p.payload ->> 'deploy_id' as deploy_id,
    p.payload ->> 'envelope_id' as envelope_id
from ops.platform_events p
where p.event_type in ('alert.acknowledged', 'alert.investigating', 'deploy.requested', 'deploy.approved',
    'deploy.rejected', 'rollback.requested') and p.actor = 'action-handler'
"""

CARDS = """
select c.card_id::text, c.kind, c.phase, c.version, c.service,
    c.state #>> '{approval,decision}' as decision
from ops.cards c
"""

# For whoever has to find out.
ATTEMPTS = "select to_jsonb(a)::text as attempt from ops.delivery_attempts a order by a.started_at"


@dataclass(frozen=True, slots=True)
class Ledger:
    """Its rows, as dictionaries."""

    events: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)
    envelopes: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    cards: list[Row] = field(default_factory=list)
    attempts: list[Row] = field(default_factory=list)

    @classmethod
    async def read(cls, stack: Stack) -> Ledger:
        """All of it."""
        return cls(
            events=[*await stack.rows(EVENTS)],
            deliveries=[*await stack.rows(DELIVERIES)],
            envelopes=[*await stack.rows(ENVELOPES)],
            changes=[*await stack.rows(CHANGES)],
            cards=[*await stack.rows(CARDS)],
            attempts=[*await stack.rows(ATTEMPTS)],
        )


async def still_open(stack: Stack) -> str:
    """What is still to be done, as JSON; {} when nothing is."""
    return str((await stack.rows(OPEN))[0]["open"])
