"""The invariants of the outbox (design, section 3) as questions to the database: each must find nothing.

Each routing that the models record has its verdicts, so that the database knows what the routes named.
"""

from __future__ import annotations

from tests.integration.schema.helpers import Session

# name → what breaks it
INVARIANTS = {
    "what is routed has the posts that its routes named, and no other": """
        select e.event_id::text from ops.event_dispatches e
        left join ops.routing_verdicts r on r.event_id = e.event_id
        cross join lateral (
            select coalesce(array_agg(v ->> 'channel') filter (where (v ->> 'used')::boolean), '{}') as channels
            from jsonb_array_elements(coalesce(r.verdicts, '[]')) v
        ) named
        where e.status = 'pending' and r.event_id is not null
            or exists (
                select from ops.deliveries d
                where d.event_id = e.event_id and d.kind = 'post' and d.channel <> all (named.channels)
            )
            or exists (
                select from unnest(named.channels) c (channel)
                where not exists (
                    select from ops.deliveries d
                    where d.event_id in (e.event_id, e.card_id) and d.kind = 'post' and d.channel = c.channel
                )
            )
    """,
    "what is claimed is being tried, by one": """
        select coalesce(d.delivery_id, a.delivery_id)::text
        from (select delivery_id, claim_token from ops.deliveries where claim_token is not null) d
        full join (select delivery_id, claim_token from ops.delivery_attempts where ended_at is null) a
            using (delivery_id, claim_token)
        where d.delivery_id is null or a.delivery_id is null
    """,
    "what is in Slack stays there": """
        select d.delivery_id::text from ops.delivery_attempts a join ops.deliveries d using (delivery_id)
        where a.outcome in ('sent', 'adopted') and d.status <> 'sent'
    """,
    "nothing is sent twice": """
        select delivery_id::text from ops.delivery_attempts
        where outcome in ('sent', 'adopted') group by delivery_id having count(*) > 1
    """,
    "each try counts": """
        select d.delivery_id::text from ops.deliveries d
        where d.attempts <> (
            select count(*) from ops.delivery_attempts a where a.delivery_id = d.delivery_id and a.purpose <> 'probe'
        )
    """,
    "a post that may be in Slack is not repeated before a look has found it absent": """
        select delivery_id::text from (
            select delivery_id, purpose, lag(outcome) over (partition by delivery_id order by started_at) as before
            from ops.delivery_attempts
        ) a where purpose = 'post' and before in ('in_doubt', 'unknown', 'lease_expired')
    """,
    "a call that GitHub may have taken is not made again": """
        select d.delivery_id::text from ops.deliveries d join ops.delivery_attempts a using (delivery_id)
        where d.hook #>> '{hook,type}' like 'github%' and a.outcome = 'lease_expired' and d.status <> 'dead'
    """,
    "a channel gets one post at a time": """
        select channel from ops.deliveries
        where kind = 'post' and status = 'sending' group by channel having count(*) > 1
    """,
    "no message stays behind its card, unless its update died": """
        select c.card_id::text from ops.cards c
        join ops.deliveries p on p.event_id = c.card_id and p.kind = 'post' and p.status = 'sent'
        where c.version > 0 and not exists (
            select from ops.deliveries u
            where p.delivery_id in (u.delivery_id, u.target_delivery_id) and (
                u.status = 'sent' and u.card_version >= c.version
                or u.kind = 'update' and u.status in ('queued', 'sending', 'failed', 'dead')
            )
        )
    """,
}
_BROKEN = " union all ".join(
    f"(select $i${name}$i$ || ': ' || string_agg(b.who, ', ') from ({query}) b (who) having count(*) > 0)"  # noqa: S608  # our own text
    for name, query in INVARIANTS.items()
)


async def broken_outbox_invariants(db: Session) -> list[str]:
    """Those that do not hold, and for what."""
    return await db.column(_BROKEN)
