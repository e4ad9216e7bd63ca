"""The invariants of the envelopes (design, section 3) as questions to the database: each must find nothing."""

from __future__ import annotations

from tests.integration.schema.helpers import Session

# name → what breaks it
INVARIANTS = {
    "one click is run once, under whatever ids it came": """
        select logical_key from ops.slack_envelopes
        where logical_key is not null group by team_id, logical_key having count(*) > 1
    """,
    "a duplicate points to what is run, and runs nothing itself": """
        select d.envelope_id from ops.slack_envelopes d join ops.slack_envelopes f on f.id = d.duplicate_of
        where f.duplicate_of is not null or d.attempts > 0 or d.status <> 'completed' or d.event_ids is not null
            or d.claim_token is not null or d.reply_status is not null
    """,
    "each duplicate is counted": """
        select f.envelope_id from ops.slack_envelopes f
        where f.duplicates < (select count(*) from ops.slack_envelopes d where d.duplicate_of = f.id)
    """,
    "what is processed has its audit events, each with the envelope's id": """
        select e.envelope_id from ops.slack_envelopes e
        where e.duplicate_of is null and e.status in ('completed', 'failed') and (
            coalesce(cardinality(e.event_ids), 0) = 0 or e.event_ids is distinct from (
                select array_agg(p.event_id order by array_position(e.event_ids, p.event_id))
                from ops.platform_events p where p.payload ->> 'envelope_id' = e.envelope_id
            )
        )
    """,
    "what is not processed has no audit event": """
        select e.envelope_id from ops.slack_envelopes e
        where e.status in ('pending', 'processing') and (e.event_ids is not null or exists (
            select from ops.platform_events p where p.payload ->> 'envelope_id' = e.envelope_id
        ))
    """,
    "what has ended has no claim, and what is processing has one": """
        select envelope_id from ops.slack_envelopes
        where (status = 'processing') <> (claim_token is not null)
            or (status in ('completed', 'failed')) <> (processed_at is not null)
    """,
    "what failed says why": """
        select envelope_id from ops.slack_envelopes
        where status = 'failed' and coalesce(last_error, '') !~ '^(refused|expired|gave_up): '
    """,
    "a card has changed as often as events say so": """
        select c.card_id::text from ops.cards c
        where c.version <> (
            select count(*) from ops.platform_events p
            where p.payload ->> 'card_id' = c.card_id::text
                or p.event_id = c.card_id and p.event_type = 'deploy.requested'
        )
    """,
    "a hook is queued as often as events say so": """
        select d.event_id::text from ops.deliveries d
        where d.kind = 'hook' group by d.event_id having count(*) <> (
            select count(*) from ops.platform_events p where p.payload ->> 'hook_of' = d.event_id::text
        )
    """,
    "two deploys of a service do not run at once": """
        select service from ops.cards
        where kind = 'deploy' and phase in ('requested', 'approved', 'started')
        group by service, environment having count(*) > 1
    """,
    "the address that lets anybody answer is kept only as long as an answer is due": """
        select envelope_id from ops.slack_envelopes
        where reply ->> 'url' is not null and reply_status is distinct from 'due'
            or payload ->> 'response_url' is not null and status in ('completed', 'failed')
    """,
    "an answer is given five times at most": """
        select envelope_id from ops.slack_envelopes where reply_attempts > 5 and reply_status is distinct from 'failed'
    """,
}
_BROKEN = " union all ".join(
    f"(select $i${name}$i$ || ': ' || string_agg(b.who, ', ') from ({query}) b (who) having count(*) > 0)"  # noqa: S608  # our own text
    for name, query in INVARIANTS.items()
)


async def broken_invariants(db: Session) -> list[str]:
    """Those that do not hold, and for what."""
    return await db.column(_BROKEN)
