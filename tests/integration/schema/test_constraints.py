"""Each constraint of the ops tables refuses what it names."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

NOW = "clock_timestamp()"
ID = "gen_random_uuid()"
TAKEN = {"claimed_at": NOW, "claimed_by": "'w'"}
STANDS = {"posted_at": NOW, "slack_channel_id": "'C1'", "slack_ts": "'1.1'"}
HASH = f"'{'0' * 64}'"
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


def canary(**columns: str) -> str:
    return insert("canaries", **{"channel": "'#c'"} | columns)


def approval(plan: str = HASH, **columns: str) -> str:
    """An approval of a new card, on which this plan was fixed."""
    fixed = f"""'{{"quorum": {{"needed": 2, "plan": {plan.replace("'", '"')}}}}}'"""
    made = card(card_id=A_SESSION, kind="'deploy'", phase="'requested'", service=ID, environment="'p'", state=fixed)
    named = {"card_id": A_SESSION, "approver": "'U1'", "plan_hash": plan, "team_id": "'T'", "envelope_id": "'e'"}
    return f"{made}; {insert('approvals', **named | columns)}"


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


def reminder_times(**columns: str) -> str:
    times = {"severity": "'info'", "after_min": "1", "every_min": "1", "at_most": "1"}
    return insert("reminder_times", **times | columns)


def reminder_plan(**columns: str) -> str:
    return insert("reminder_plans", **{"card_id": "(select card_id from ops.cards)"} | columns)


def reminder(**columns: str) -> str:
    of = "(select delivery_id from ops.deliveries limit 1)"
    told = {"delivery_id": of, "card_id": "(select card_id from ops.cards)", "step": "1", "after_snooze": "false"}
    return insert("reminders", **told | columns)


def insert(table: str, **columns: str) -> str:
    return f"insert into ops.{table} ({', '.join(columns)}) values ({', '.join(columns.values())})"  # noqa: S608


def twice(table: str) -> str:
    """Each row of the table once more, its identity included."""
    return f"insert into ops.{table} overriding system value select * from ops.{table}"  # noqa: S608


def silence(**columns: str) -> str:
    by = """'{"user": "U1", "name": "ada"}'"""
    return insert("silences", **{"ends_at": f"{NOW} + interval '1 hour'", "created_by": by} | columns)


def counted() -> str:
    return "insert into ops.silence_counts select silence_id, 'ci.failed', 1 from ops.silences"


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
THE_DETAILS = IN_THE_THREAD | {"thread_part": "'details'"}
A_POST = "(select delivery_id from ops.deliveries order by position limit 1)"
BESIDE_IT = {"status": "'sending'", "channel": "(select channel from ops.deliveries)"} | LEASE
SECOND_REMINDER = reminder(delivery_id="(select delivery_id from ops.deliveries order by position desc limit 1)")
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
    "event_dispatches.a_repeat_names_its_card": dispatch(is_repeat="true"),
    "event_dispatches.routed_at_matches_status": dispatch(routed_at=NOW),
    "event_dispatches.a_silenced_event_names_its_silence": dispatch(status="'silenced'", routed_at=NOW),
    "event_dispatches.only_a_silenced_event_names_a_silence": dispatch(status="'routed'", routed_at=NOW, silence_id=ID),
    "silences.silences_pkey": f"{silence()}; {twice('silences')}",
    "silences.a_silence_ends_after_it_begins": silence(ends_at=f"{NOW} - interval '1 second'"),
    "silences.a_silence_lasts_seven_days_at_most": silence(ends_at=f"{NOW} + interval '7 days 1 minute'"),
    "silences.a_silence_matches_something": silence(service="''"),
    "silences.a_pattern_has_stars_and_question_marks_only": silence(event_pattern="'ci.[fp]*'"),
    "silences.patterns_and_reason_are_short": silence(reason="repeat('x', 301)"),
    "silences.somebody_made_it": silence(created_by="'{}'"),
    "silences.it_is_not_over_before_it_began": silence(ended_at=f"{NOW} - interval '1 minute'"),
    "silences.only_what_is_over_was_ended_by_somebody": silence(ended_by="'{}'"),
    "silence_counts.silence_counts_pkey": f"{silence()}; {counted()}; {twice('silence_counts')}",
    "silence_counts.silence_counts_silence_id_fkey": insert(
        "silence_counts", silence_id=ID, event_type="'t'", events="1"
    ),
    "silence_counts.what_is_counted_was_there": insert("silence_counts", silence_id=ID, event_type="'t'", events="0"),
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
    "deliveries.one_details_waiting_per_card": (
        f"{card()}; {delivery(**THE_DETAILS, **OF_A_CARD)}; {delivery(**THE_DETAILS, **OF_A_CARD)}"
    ),
    "deliveries.deliveries_continues_delivery_id_fkey": delivery(continues_delivery_id=ID),
    "deliveries.only_a_message_of_its_own_continues_another": (
        f"{card()}; {delivery(continues_delivery_id=A_POST, **A_THREAD, **OF_A_CARD)}"
    ),
    "deliveries.one_continuation_per_message": (
        f"{delivery(continues_delivery_id=A_POST)}; {delivery(continues_delivery_id=A_POST)}"
    ),
    "services.services_pkey": f"{service()}; {service()}",
    "services.service_is_named": service(service="'Two words'"),
    "services.a_service_has_an_environment": service(environments="'{}'"),
    "services.one_to_ten_must_approve": service(approvals="11", approvers="'{S1}'"),
    "services.several_approve_only_where_approval_is_required": service(
        approvals="2", approvers="'{S1}'", approval_required="false"
    ),
    "services.there_are_as_many_approvers_as_must_approve": service(approvals="2", approvers="'{U1}'"),
    "approvals.each_approver_votes_once": f"{approval()}; {twice('approvals')}",
    "approvals.approvals_card_id_fkey": approval(card_id=ID),
    "approvals.an_approver_is_named": approval(approver="''"),
    "approvals.a_plan_hash_is_sha256": approval("'x'"),
    "services.deploy_hook_is_known": service(deploy="""'{"type": "fax"}'"""),
    "services.rollback_hook_is_known": service(rollback="""'{"type": "fax"}'"""),
    "services.hook_secrets_are_names_in_vault": service(deploy="""'{"type": "webhook", "secret": "hunter2"}'"""),
    "services.escalation_names_users_and_groups": service(escalation="'{<!here>}'"),
    "services.escalation_has_at_most_19_steps": service(escalation="array_fill('U1234'::text, array[20])"),
    "reminder_times.reminder_times_pkey": reminder_times(severity="'error'"),
    "reminder_times.severity_is_known": reminder_times(severity="'bad'"),
    "reminder_times.reminders_are_minutes_apart": reminder_times(every_min="0"),
    "reminder_times.reminders_come_to_an_end": reminder_times(at_most="21"),
    "reminder_plans.reminder_plans_pkey": f"{card()}; {reminder_plan()}; {reminder_plan()}",
    "reminder_plans.reminder_plans_card_id_fkey": reminder_plan(card_id=ID),
    "reminder_plans.severity_is_known": f"{card()}; {reminder_plan(severity=OTHER)}",
    "reminder_plans.a_round_is_a_part_of_all": f"{card()}; {reminder_plan(in_round='1')}",
    "reminders.reminders_pkey": f"{card()}; {reminder()}; {reminder(step='2')}",
    "reminders.reminders_delivery_id_fkey": f"{card()}; {reminder(delivery_id=ID)}",
    "reminders.reminders_card_id_fkey": reminder(card_id=ID),
    "reminders.reminders_are_counted": f"{card()}; {reminder(step='0')}",
    "reminders.one_reminder_per_step": (
        f"{card()}; {delivery(**A_THREAD, **OF_A_CARD)}; {reminder()}; {SECOND_REMINDER}"
    ),
    "cards.cards_pkey": f"{card()}; {twice('cards')}",
    "cards.kind_is_known": card(kind="'poem'", phase="'deployed'"),
    "cards.phase_belongs_to_kind": card(phase="'deployed'"),
    "cards.a_deploy_names_its_service": card(kind="'deploy'", phase="'started'"),
    "cards.only_an_alert_is_forgotten": deploy_card(forgotten="true"),
    "cards.only_an_alert_has_an_identity": deploy_card(alert_key="'k'"),
    "cards.one_open_alert_per_key": f"""{card(alert_key="'k'")}; {card(card_id=A_SESSION, alert_key="'k'")}""",
    "cards.a_snooze_says_until_when": card(state="""'{"snoozed": {"user": "U1"}}'"""),
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
    "canary_control.canary_control_pkey": insert("canary_control", every_s="300"),
    "canary_control.there_is_one_row": insert("canary_control", only_row="false"),
    "canary_control.channel_is_named": "update ops.canary_control set channel = ''",
    "canary_control.every_is_between_a_minute_and_a_day": "update ops.canary_control set every_s = 59",
    "canary_control.who_sends_no_canary_is_not_deaf": "update ops.canary_control set deaf_since = now()",
    "canaries.canaries_pkey": f"{canary(canary_id=A_SESSION)}; {canary(canary_id=A_SESSION, **TAKEN)}",
    "canaries.one_canary_waits": f"{canary()}; {canary()}",
    "canaries.who_claims_is_known": canary(claimed_at=NOW),
    "canaries.what_is_posted_was_claimed": canary(**STANDS),
    "canaries.what_is_posted_has_a_place": canary(posted_at=NOW, **TAKEN),
    "canaries.what_failed_says_why": canary(failed_at=NOW),
    "canaries.what_failed_is_not_posted": canary(failed_at=NOW, failed_reason=REASON, **TAKEN, **STANDS),
    "canaries.what_came_back_was_claimed": canary(came_back_at=NOW, envelope_id=OTHER, transport=OTHER),
    "canaries.what_came_back_came_in_an_envelope": canary(came_back_at=NOW, **TAKEN),
    "canaries.what_is_missed_was_posted": canary(missed_at=NOW, **TAKEN),
    "canaries.what_is_tidied_was_posted": canary(tidied_at=NOW, **TAKEN),
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
