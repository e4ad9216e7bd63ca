"""What holds once everything has come to rest, whatever went wrong before: asked of the ledger and of Slack."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pulser.database import Database
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_cli.comparing import Report
from pulser_cli.reconciling import reconcile
from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Connection
from tests.unit.notify_dispatch.hook_server import HookServer

CLAIMED = """
select 'delivery ' || d.delivery_id || ' ' || d.status from ops.deliveries d
    where d.claim_token is not null or d.status in ('queued', 'sending', 'in_doubt', 'failed')
union all select 'event ' || s.event_id from ops.event_dispatches s
    where s.claim_token is not null or s.status = 'pending'
union all select 'envelope ' || e.envelope_id || ' ' || e.status from ops.slack_envelopes e
    where e.claim_token is not null or e.status in ('pending', 'processing')
union all select 'reply ' || e.envelope_id from ops.slack_envelopes e where e.reply_status = 'due'
"""
AUDITS = """
select e.envelope_id, (
    select count(*) from ops.platform_events p where p.payload ->> 'envelope_id' = e.envelope_id
) as audits from ops.slack_envelopes e where e.duplicate_of is null
"""
EFFECTS = """
select e.event_type || ' ' || coalesce(c.card_id::text, ''), count(*) from ops.platform_events e
join ops.cards c on c.card_id::text = e.payload ->> 'card_id'
where e.event_type in ('alert.acknowledged', 'rollback.requested', 'deploy.approved') group by 1 having count(*) > 1
"""
RECORDED = "select envelope_id, status, extract(epoch from recorded_at) as recorded_at from ops.slack_envelopes"


async def broken_invariants(
    sql: Connection, ledger: Database, slack: SlackSimulator, deployer: HookServer
) -> list[str]:
    """What is wrong, in words; empty when all invariants hold."""
    return [
        *_of_slack(await reconciled(ledger, slack)),
        *[f"left for ever: {it[0]}" for it in await sql.fetch(CLAIMED)],
        *[
            f"{it['audits']} audit events of envelope {it['envelope_id']}"
            for it in await sql.fetch(AUDITS)
            if it["audits"] != 1
        ],
        *[f"an effect twice: {it[0]}" for it in await sql.fetch(EFFECTS)],
        *_of_acks(slack, {it["envelope_id"]: dict(it) for it in await sql.fetch(RECORDED)}),
        *_of_notes(slack),
        *_of_hooks(deployer),
    ]


async def reconciled(ledger: Database, slack: SlackSimulator) -> Report:
    """Slack and the ledger, compared both ways."""
    api = SlackApi(Vault(ledger), slack.api_url)
    try:
        return await reconcile(ledger, api)
    finally:
        await api.close()


def _of_slack(report: Report) -> list[str]:
    wrong = {kind: getattr(report, kind) for kind in ("missing", "foreign", "double", "unrecorded", "unread")}
    return [f"{kind}: {it}" for kind, found in wrong.items() for it in found]


def _of_acks(slack: SlackSimulator, recorded: dict[str, dict[str, Any]]) -> list[str]:
    """No ack without a record before it, and no ack of what is not run."""
    wrong = []
    for ack in slack.sockets.acks:
        row = recorded.get(ack.envelope_id or "")
        if row is None or row["recorded_at"] > ack.at:
            wrong.append(f"acked before it was recorded: {ack.envelope_id}")
        elif row["status"] != "completed" and ack.problem != "late":
            wrong.append(f"acked and not run: {ack.envelope_id} is {row['status']}")
    return wrong


def _of_notes(slack: SlackSimulator) -> list[str]:
    """No private note twice. What Slack has shown and did not confirm counts, too."""
    seen = [note for user in slack.users.values() for note in slack.ephemerals(None, user.id)]
    counted = Counter((note["interaction_id"], note["to"], str(note["text"])) for note in seen)
    return [f"a private note {count} times: {what}" for what, count in counted.items() if count > 1]


def _of_hooks(deployer: HookServer) -> list[str]:
    """No call of a hook twice, but a webhook's under the same idempotency key: the other side does it once."""
    calls = Counter((it.headers.get("idempotency-key"), str(it.body)) for it in deployer.taken)
    doubled = [
        f"GitHub was called {count} times: {it[1]}" for it, count in calls.items() if it[0] is None and count > 1
    ]
    keys = Counter(body for key, body in calls if key is not None)
    return doubled + [f"{count} keys for one call of a webhook: {body}" for body, count in keys.items() if count > 1]
