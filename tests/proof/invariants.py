"""What holds once everything has come to rest, whoever died before: the ledger, Slack and the deployer are asked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pulser.database import Database
from pulser.slack import SlackApi
from pulser.vault import Vault
from pulser_cli.reconciling import reconcile
from pulser_local.slack import SlackSimulator
from tests.fixtures.postgres import Connection
from tests.unit.notify_dispatch.hook_server import HookServer

HELD = """
select format('delivery %s is %s', d.delivery_id, d.status) from ops.deliveries d
    where d.claim_token is not null or d.status in ('queued', 'sending', 'in_doubt', 'failed')
union all select format('event %s is %s', s.event_id, s.status) from ops.event_dispatches s
    where s.claim_token is not null or s.status = 'pending'
union all select format('envelope %s is %s', e.envelope_id, e.status) from ops.slack_envelopes e
    where e.claim_token is not null or e.status in ('pending', 'processing')
union all select format('the note of envelope %s is due', e.envelope_id) from ops.slack_envelopes e
    where e.reply_status = 'due'
"""
AUDITS = """
select e.envelope_id, count(p.*) from ops.slack_envelopes e
left join ops.platform_events p on p.payload ->> 'envelope_id' = e.envelope_id
where e.duplicate_of is null group by 1 having count(p.*) <> 1
"""
EFFECTS = """
select format('%s of card %s', e.event_type, e.payload ->> 'card_id'), count(*) from ops.platform_events e
where e.event_type in ('alert.acknowledged', 'alert.investigating', 'deploy.approved', 'rollback.requested')
group by 1 having count(*) > 1
"""
REQUESTS = """
select format('deploy of %s', c.service), count(*) from ops.cards c
where c.kind = 'deploy' and c.phase <> 'completed' and c.service like 'svc-%' group by 1 having count(*) > 1
"""
BRIEFINGS = """
select format('briefing of card %s', c.card_id), count(d.delivery_id) from ops.cards c
left join ops.deliveries d on d.card_id = c.card_id and d.thread_delivery_id is not null
where c.phase = 'investigating' group by 1 having count(d.delivery_id) <> 1
"""
COUNTED = (EFFECTS, REQUESTS, BRIEFINGS)
RECORDED = """
select e.envelope_id, coalesce(f.status, e.status) as status, extract(epoch from e.recorded_at) as recorded_at
from ops.slack_envelopes e left join ops.slack_envelopes f on f.id = e.duplicate_of
"""


@dataclass(slots=True)
class Judge:
    """Looks at one world. `begin`: what was shown and called until now is no matter any more."""

    sql: Connection
    ledger: Database
    slack: SlackSimulator
    deployer: HookServer
    _notes: set[str] = field(default_factory=set)
    _calls: int = 0

    def begin(self) -> None:
        """From now on."""
        self._notes = {_id_of(it) for it in self._shown()}
        self._calls = len(self.deployer.taken)

    async def broken(self, *, may_repeat: bool = False, refused: int = 0) -> list[str]:
        """The broken invariants, in words; empty when all hold.

        `may_repeat`: one private note may stand twice. `refused`: calls of hooks that were answered with no.
        """
        return [
            *await self._of_messages(),
            *[f"left for ever: {it[0]}" for it in await self.sql.fetch(HELD)],
            *[f"{it[1]} audit events of envelope {it[0]}" for it in await self.sql.fetch(AUDITS)],
            *[f"{it[1]} times: {it[0]}" for query in COUNTED for it in await self.sql.fetch(query)],
            *self._of_acks({it["envelope_id"]: dict(it) for it in await self.sql.fetch(RECORDED)}),
            *self._of_notes(may_repeat),
            *self._of_hooks(refused),
        ]

    async def _of_messages(self) -> list[str]:
        """One message for each delivery, both ways."""
        api = SlackApi(Vault(self.ledger), self.slack.api_url)
        try:
            report = await reconcile(self.ledger, api)
        finally:
            await api.close()
        lists = ("missing", "foreign", "double", "unrecorded", "unread")
        wrong = [f"{kind}: {it}" for kind in lists for it in getattr(report, kind)]
        return wrong if wrong or report.is_right else [f"not reconciled: {report.to_json()}"]

    def _of_acks(self, recorded: dict[str, dict[str, Any]]) -> list[str]:
        """No ack without a record before it, and none of what is not run."""
        wrong = []
        for ack in self.slack.sockets.acks:
            row = recorded.get(ack.envelope_id or "")
            if row is None or row["recorded_at"] > ack.at:
                wrong.append(f"acknowledged before it was recorded: {ack.envelope_id}")
            elif row["status"] != "completed" and ack.problem != "late":
                wrong.append(f"acknowledged and not run: {ack.envelope_id} is {row['status']}")
        return wrong

    def _shown(self) -> list[dict[str, Any]]:
        return [note for user in self.slack.users.values() for note in self.slack.ephemerals(None, user.id)]

    def _of_notes(self, may_repeat: bool) -> list[str]:  # noqa: FBT001
        """No private note twice, but one that its sender did not outlive."""
        new = [it for it in self._shown() if _id_of(it) not in self._notes]
        counted = Counter((it["interaction_id"], it["to"], str(it["text"])) for it in new)
        repeated = {what: count for what, count in counted.items() if count > 1}
        if may_repeat and list(repeated.values()) == [2]:
            return []
        return [f"a private note {count} times: {what}" for what, count in repeated.items()]

    def _of_hooks(self, refused: int) -> list[str]:
        """GitHub takes a call once at most; a webhook has one idempotency key, by which the other side does it once."""
        keys: dict[str, list[str | None]] = {}
        for call in self.deployer.taken[self._calls :]:
            keys.setdefault(str(call.body), []).append(call.headers.get("idempotency-key"))
        return [
            f"a hook is called {len(used)} times with the keys {set(used)}: {body}"
            for body, used in keys.items()
            if len(set(used)) > 1 or (None in used and len(used) > 1 + refused)
        ]


def _id_of(note: dict[str, Any]) -> str:
    return f"{note['to']} {note['ts']}"
