"""Each constraint of the ops tables refuses what it names."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

NOW = "clock_timestamp()"
ID = "gen_random_uuid()"
A_SESSION = "'8f3b0c9e-0000-4000-8000-000000000001'"


def platform_event(**columns: str) -> str:
    return insert("platform_events", event_type="'ci.failed'", **columns)


def dispatch(**columns: str) -> str:
    return insert("event_dispatches", **{"event_id": ID} | columns)


def delivery(**columns: str) -> str:
    event = "(select event_id from ops.event_dispatches limit 1)"
    return insert("deliveries", **{"event_id": event, "route": "'r'", "channel": "'#new'"} | columns)


def attempt(**columns: str) -> str:
    of = "(select delivery_id from ops.deliveries limit 1)"
    return insert(
        "delivery_attempts",
        **{"delivery_id": of, "claim_token": ID, "attempt": "1", "purpose": "'post'", "worker": "'w'"} | columns,
    )


def told_doubt(**columns: str) -> str:
    of = "(select delivery_id from ops.deliveries limit 1)"
    return insert("told_doubts", **{"delivery_id": of, "channel": "'#a'", "reason": "'r'"} | columns)


def verdicts(event: str, said: str = "'[]'") -> str:
    return f"insert into ops.routing_verdicts (event_id, verdicts) {event.format(said=said)}"


def route(**columns: str) -> str:
    return insert("notification_routes", **{"name": "'r'", "position": "1", "channel": "'#a'"} | columns)


def hold(**columns: str) -> str:
    return insert("slack_holds", **{"method": "'*'", "reason": "'r'", "held_until": NOW} | columns)


def service(**columns: str) -> str:
    return insert("services", **{"service": "'api'"} | columns)


def card(**columns: str) -> str:
    return insert("cards", **{"card_id": ID, "kind": "'alert'", "phase": "'open'"} | columns)


def deploy_card(**columns: str) -> str:
    deploy = {"kind": "'deploy'", "phase": "'started'", "service": "'api'", "environment": "'production'"}
    return card(**deploy | columns)


def fact(**columns: str) -> str:
    told = {"service": "'api'", "environment": "''", "aspect": "'ci'", "what": "'passed'"}
    return insert("service_facts", **told | {"event_id": ID, "position": "1", "at": NOW} | columns)


def envelope(**columns: str) -> str:
    return insert("slack_envelopes", **{"envelope_id": "'e'", "team_id": "'T'"} | columns)


def relay_session(**columns: str) -> str:
    return insert("relay_sessions", **{"session_id": ID, "worker": "'w'", "lease_until": NOW} | columns)


def relay_alarm(**columns: str) -> str:
    return insert("relay_alarms", **{"reason": "'r'"} | columns)


def insert(table: str, **columns: str) -> str:
    return f"insert into ops.{table} ({', '.join(columns)}) values ({', '.join(columns.values())})"  # noqa: S608


def twice(table: str) -> str:
    """Each row of the table once more, its identity included."""
    return f"insert into ops.{table} overriding system value select * from ops.{table}"  # noqa: S608


UPDATE, IN_DOUBT, REASON, METHOD, OTHER = "'update'", "'in_doubt'", "'r'", "'chat.update'", "'other'"
LEASE = {"claim_token": ID, "lease_until": NOW}
OF_A_CARD = {"card_id": "(select card_id from ops.cards)"}
A_HOOK = {"kind": "'hook'", "hook": "'{}'"}
HELD = {"lease_until": NOW, "claim_token": A_SESSION}
A_TARGET = {"target_delivery_id": "(select delivery_id from ops.deliveries limit 1)"}
MAY_FOLD = {"fold_type": "'ci.failed'"}
IN_A_DIGEST = {"digest_id": "(select delivery_id from ops.deliveries limit 1)"}
IN_THE_THREAD = {"thread_delivery_id": "(select delivery_id from ops.deliveries limit 1)"}
BRIEFING = "'briefing'"
A_THREAD = IN_THE_THREAD | {"thread_part": BRIEFING}
BESIDE_IT = {"status": "'sending'", "channel": "(select channel from ops.deliveries)"} | LEASE
REFUSED = {
    "platform_events.platform_events_pkey": twice("platform_events"),
    "platform_events.status_is_ok_or_error": platform_event(status="'maybe'"),
    "routing_verdicts.routing_verdicts_pkey": verdicts(
        "select event_id, {said}::jsonb from ops.event_dispatches cross join generate_series(1, 2)"
    ),
    "routing_verdicts.routing_verdicts_event_id_fkey": verdicts("values (gen_random_uuid(), {said})"),
    "routing_verdicts.verdicts_are_a_list": verdicts(
        "select event_id, {said}::jsonb from ops.event_dispatches", "'{}'"
    ),
    "event_dispatches.event_dispatches_pkey": twice("event_dispatches"),
    "event_dispatches.status_is_known": dispatch(status="'odd'", routed_at=NOW),
    "event_dispatches.only_a_pending_event_is_claimed": dispatch(status="'routed'", routed_at=NOW, **LEASE),
    "event_dispatches.a_claim_has_a_lease": dispatch(claim_token=ID),
    "event_dispatches.routed_at_matches_status": dispatch(routed_at=NOW),
    "deliveries.deliveries_pkey": delivery(delivery_id="(select delivery_id from ops.deliveries)"),
    "deliveries.deliveries_event_id_fkey": delivery(event_id=ID),
    "deliveries.kind_is_known": delivery(kind="'call'"),
    "deliveries.status_is_known": delivery(status="'odd'"),
    "deliveries.a_claim_has_a_lease": delivery(status="'in_doubt'", reason="'r'", doubtful_since=NOW, claim_token=ID),
    "deliveries.sending_is_claimed": delivery(status="'sending'"),
    "deliveries.only_sending_and_in_doubt_are_claimed": delivery(**LEASE),
    "deliveries.sent_has_its_message": delivery(status="'sent'", slack_ts="'1.1'", sent_at=NOW),
    "deliveries.trouble_has_a_reason": delivery(status="'failed'"),
    "deliveries.in_doubt_says_since_when": delivery(status="'in_doubt'", reason="'r'"),
    "deliveries.only_sent_is_adopted": delivery(adopted="true"),
    "deliveries.dead_says_since_when": delivery(status="'dead'", reason="'r'"),
    "deliveries.one_post_per_event_and_channel": delivery(channel="(select channel from ops.deliveries limit 1)"),
    "deliveries.one_post_at_a_time": f"{dispatch(event_id=A_SESSION)}; {delivery(event_id=A_SESSION, **BESIDE_IT)}",
    "deliveries.only_a_hook_has_a_hook": delivery(hook="'{}'"),
    "deliveries.an_update_has_its_message": f"{card()}; {delivery(kind=UPDATE, **OF_A_CARD)}",
    "deliveries.updates_and_hooks_are_of_a_card_or_a_digest": delivery(**A_HOOK),
    "deliveries.only_a_post_of_its_own_without_a_mention_may_fold": delivery(mention="'here'", **MAY_FOLD),
    "deliveries.a_digest_has_what_may_fold": delivery(**IN_A_DIGEST, status="'failed'", reason=REASON),
    "deliveries.an_update_of_a_digest_changes_its_message": delivery(
        kind=UPDATE, delivery_id=A_SESSION, digest_id=A_SESSION, **A_TARGET
    ),
    "deliveries.a_hook_is_of_no_digest": delivery(**A_HOOK, **IN_A_DIGEST),
    "deliveries.what_is_queued_is_in_no_digest": delivery(**MAY_FOLD, **IN_A_DIGEST),
    "deliveries.deliveries_digest_id_fkey": delivery(status="'failed'", reason=REASON, digest_id=ID, **MAY_FOLD),
    "deliveries.only_a_post_is_in_doubt": (
        f"{card()}; {delivery(status=IN_DOUBT, reason=REASON, doubtful_since=NOW, **A_HOOK, **OF_A_CARD)}"
    ),
    "deliveries.deliveries_card_id_fkey": delivery(card_id=ID),
    "deliveries.deliveries_target_delivery_id_fkey": (
        f"{card()}; {delivery(kind=UPDATE, target_delivery_id=ID, **OF_A_CARD)}"
    ),
    "deliveries.one_open_update_per_message": (
        f"{card()}; {delivery(kind=UPDATE, **A_TARGET, **OF_A_CARD)}; {delivery(kind=UPDATE, **A_TARGET, **OF_A_CARD)}"
    ),
    "deliveries.deliveries_thread_delivery_id_fkey": (
        f"{card()}; {delivery(thread_delivery_id=ID, thread_part=BRIEFING, **OF_A_CARD)}"
    ),
    "deliveries.only_a_post_stands_in_a_thread": f"{card()}; {delivery(**A_HOOK, **A_THREAD, **OF_A_CARD)}",
    "deliveries.what_stands_in_a_thread_is_of_a_card": delivery(**A_THREAD),
    "deliveries.what_stands_in_a_thread_says_its_part": f"{card()}; {delivery(**IN_THE_THREAD, **OF_A_CARD)}",
    "deliveries.thread_part_is_known": f"{card()}; {delivery(**A_THREAD | OF_A_CARD | {'thread_part': OTHER})}",
    "deliveries.one_briefing_per_message": (
        f"{card()}; {delivery(**A_THREAD, **OF_A_CARD)}; {delivery(**A_THREAD, **OF_A_CARD)}"
    ),
    "services.services_pkey": f"{service()}; {service()}",
    "services.service_is_named": service(service="'Two words'"),
    "services.a_service_has_an_environment": service(environments="'{}'"),
    "services.deploy_hook_is_known": service(deploy="""'{"type": "fax"}'"""),
    "services.rollback_hook_is_known": service(rollback="""'{"type": "fax"}'"""),
    "services.hook_secrets_are_names_in_vault": service(deploy="""'{"type": "webhook", "secret": "hunter2"}'"""),
    "cards.cards_pkey": f"{card()}; {twice('cards')}",
    "cards.kind_is_known": card(kind="'poem'", phase="'deployed'"),
    "cards.phase_belongs_to_kind": card(phase="'deployed'"),
    "cards.a_deploy_names_its_service": card(kind="'deploy'", phase="'started'"),
    "cards.state_is_an_object": card(state="'[]'"),
    "cards.one_running_deploy_per_service_and_environment": f"{deploy_card()}; {deploy_card()}",
    "service_facts.service_facts_pkey": f"{fact()}; {fact()}",
    "service_facts.aspect_is_known": fact(aspect="'mood'"),
    "slack_paces.slack_paces_pkey": f"{insert('slack_paces', method=METHOD)}; {insert('slack_paces', method=METHOD)}",
    "slack_envelopes.slack_envelopes_pkey": f"{envelope(id='7')}; {envelope(id='7', team_id=OTHER)}",
    "slack_envelopes.one_row_per_envelope": f"{envelope()}; {envelope()}",
    "slack_envelopes.one_row_per_logical_event": (
        f"{envelope(logical_key=OTHER)}; {envelope(envelope_id=OTHER, logical_key=OTHER)}"
    ),
    "slack_envelopes.status_is_known": envelope(status="'odd'"),
    "slack_envelopes.transport_is_known": envelope(transport="'pigeon'"),
    "slack_envelopes.a_claim_has_a_lease": envelope(claim_token=ID),
    "slack_envelopes.slack_envelopes_claimed": (f"{envelope(**HELD)}; {envelope(envelope_id=OTHER, **HELD)}"),
    "slack_envelopes.reply_status_is_known": envelope(reply_status="'odd'", reply_due_at=NOW),
    "slack_envelopes.a_due_reply_says_when": envelope(reply_status="'due'"),
    "slack_envelopes.slack_envelopes_duplicate_of_fkey": envelope(duplicate_of="0"),
    "delivery_attempts.delivery_attempts_pkey": twice("delivery_attempts"),
    "delivery_attempts.delivery_attempts_delivery_id_fkey": attempt(delivery_id=ID),
    "delivery_attempts.purpose_is_known": attempt(purpose="'call'"),
    "delivery_attempts.outcome_is_known": attempt(outcome="'odd'", ended_at=NOW),
    "delivery_attempts.an_ended_attempt_has_an_outcome": attempt(ended_at=NOW),
    "told_doubts.told_doubts_pkey": f"{told_doubt()}; {told_doubt()}",
    "told_doubts.told_doubts_delivery_id_fkey": told_doubt(delivery_id=ID),
    "slack_channels.slack_channels_pkey": twice("slack_channels"),
    "slack_holds.slack_holds_pkey": f"{hold()}; {hold()}",
    "slack_holds.method_is_named": hold(method="'post'"),
    "relay_control.relay_control_pkey": insert("relay_control", transport="'socket'"),
    "relay_control.there_is_one_row": insert("relay_control", only_row="false"),
    "relay_control.transport_is_known": "update ops.relay_control set transport = 'pigeon'",
    "relay_sessions.relay_sessions_pkey": f"{relay_session()}; {twice('relay_sessions')}",
    "relay_sessions.worker_is_named": relay_session(worker="''"),
    "relay_sessions.state_is_known": relay_session(state="'odd'"),
    "relay_sessions.a_live_session_said_hello": relay_session(state="'live'"),
    "relay_sessions.who_said_hello_is_alive_for_a_time": relay_session(hello_at=NOW),
    "relay_sessions.life_begins_with_the_hello": relay_session(hello_at="'2026-01-02'", alive_until="'2026-01-01'"),
    "relay_sessions.ended_says_since_when": relay_session(state="'ended'", end_reason="'r'"),
    "relay_sessions.ended_says_why": relay_session(state="'ended'", ended_at=NOW),
    "relay_sessions.nothing_replaces_itself": relay_session(session_id=A_SESSION, replaces=A_SESSION),
    "relay_sessions.envelopes_are_counted": relay_session(envelopes="-1"),
    "relay_standbys.relay_standbys_pkey": f"{insert('relay_standbys', worker=REASON)}; {twice('relay_standbys')}",
    "relay_standbys.worker_is_named": insert("relay_standbys", worker="''"),
    "relay_alarms.relay_alarms_pkey": f"{relay_alarm()}; {relay_alarm()}",
    "relay_alarms.reason_is_named": relay_alarm(reason="''"),
    "notification_routes.notification_routes_pkey": f"{route()}; {route()}",
    "notification_routes.notification_routes_one_default": route(is_default="true"),
    "notification_routes.name_is_not_empty": route(name="''"),
    "notification_routes.severity_is_known": route(minimum_severity="'bad'"),
    "notification_routes.channel_is_a_name_or_an_id": route(channel="'ops alerts'"),
    "notification_routes.mention_is_known": route(mention="'everybody'"),
}
NAMED = """
select c.conrelid::regclass::text || '.' || c.conname
from pg_constraint c
where c.connamespace = 'ops'::regnamespace and c.contype in ('p', 'u', 'f', 'c', 'x')
"""


@pytest.mark.parametrize("name", REFUSED)
async def test_a_constraint_refuses_what_it_names(db: Session, name: str) -> None:
    """The statement that breaks just this constraint is refused by it."""
    await db.bring("sending")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await db.run(REFUSED[name])
    assert f"{refused.value.table_name}.{refused.value.constraint_name}" == name


async def test_each_constraint_has_its_test(db: Session) -> None:
    """A constraint that is added is to be refused above as well."""
    constraints = {name.removeprefix("ops.") for name in await db.column(NAMED)}
    assert constraints <= set(REFUSED)


@pytest.mark.parametrize("channel", ["#a", "#ops-alerts", "#größe_1", "C0123456789", "G0123456789", "D0123456789"])
async def test_a_channel_may_be_a_name_or_an_id(db: Session, channel: str) -> None:
    """Slack's names and IDs are both taken."""
    await db.run("insert into ops.notification_routes (name, position, channel) values ('r', 1, $1)", channel)
    assert await db.value("select channel from ops.notification_routes where name = 'r'") == channel


@pytest.mark.parametrize(
    "channel", ["", "#", "ops", "#Ops", "#a b", "@user", "#a,#b", "#a.b", "U0123456789", "#" + "a" * 81]
)
async def test_what_is_no_channel_is_refused(db: Session, channel: str) -> None:
    """A route to a place that Slack cannot have is refused when it is written."""
    with pytest.raises(asyncpg.CheckViolationError):
        await db.run("insert into ops.notification_routes (name, position, channel) values ('r', 1, $1)", channel)
