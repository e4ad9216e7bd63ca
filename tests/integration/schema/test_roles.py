"""Who may do what (invariant 9; design, section 8): each object of schema ops, also those that are added later."""

from __future__ import annotations

import asyncpg
import pytest

from tests.integration.schema.helpers import Session

API = {
    "append_event_v1",
    "apply_canary_v1",
    "apply_reminder_times_v1",
    "apply_routes_v1",
    "apply_services_v1",
    "canary_status_v1",
    "card_for_event_v1",
    "claim_canary_v1",
    "claim_deliveries_v1",
    "claim_envelope_v1",
    "claim_envelopes_v1",
    "claim_events_v1",
    "claim_relay_session_v1",
    "claim_replies_v1",
    "claim_reply_v1",
    "confirm_reply_v1",
    "cover_relay_v1",
    "delivery_story_v1",
    "dial_again_v1",
    "dispatch_health_v1",
    "doctor_ask_functions_v1",
    "doctor_function_answers_v1",
    "doctor_grants_v1",
    "doctor_jobs_v1",
    "doctor_ledger_v1",
    "doctor_secrets_v1",
    "doctor_server_v1",
    "end_silence_v1",
    "envelope_health_v1",
    "envelope_story_v1",
    "event_story_v1",
    "events_wait_v1",
    "expire_envelopes_v1",
    "fail_envelope_v1",
    "find_posts_v1",
    "hold_connections_open_v1",
    "ids_beginning_v1",
    "list_deliveries_v1",
    "list_envelopes_v1",
    "list_posts_v1",
    "list_services_v1",
    "list_silences_v1",
    "metrics_v1",
    "missing_functions_v1",
    "owe_late_reply_v1",
    "posted_channels_v1",
    "preview_silence_v1",
    "raise_relay_alarm_v1",
    "read_secret_v1",
    "record_deliveries_v1",
    "record_envelopes_v1",
    "relay_status_v1",
    "reminder_times_v1",
    "replay_envelopes_v1",
    "replay_events_v1",
    "report_relay_sessions_v1",
    "rest_v1",
    "retry_delivery_v1",
    "ring_doorbell_v1",
    "routes_v1",
    "running_deploys_v1",
    "service_hooks_v1",
    "service_policy_v1",
    "service_status_v1",
    "set_transport_v1",
    "settle_canary_v1",
    "settle_delivery_v1",
    "settle_envelope_v1",
    "start_silence_v1",
    "transport_v1",
    "why_v1",
}
OUTSIDERS = ("anon", "authenticated")
RELATIONS = "('r', 'p', 'v', 'm', 'f')"  # tables, views and what else can be read
TABLES = f"select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind in {RELATIONS}"  # noqa: S608
# A view cannot be written whoever asks, and says so before it looks at rights.
STORED = TABLES + " and relkind in ('r', 'p')"
VIEWS = TABLES + " and relkind = 'v'"
SEQUENCES = "select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind = 'S'"
FUNCTIONS = "from pg_proc p where p.pronamespace = 'ops'::regnamespace"
# A call of each function with nulls of its argument types.
CALLS = f"""
select format('select ops.%I(%s)', p.proname, (
    select string_agg('null::' || format_type(a, null), ', ' order by at)
    from unnest(p.proargtypes) with ordinality t (a, at)
)) {FUNCTIONS}
"""  # noqa: S608  # our own text
WRITES = ("insert", "update", "delete", "truncate", "references", "trigger")


def statements(table: str, column: str) -> dict[str, str]:
    return {
        "select": f"select * from ops.{table}",  # noqa: S608
        "insert": f"insert into ops.{table} default values",
        "update": f"update ops.{table} set {column} = default",  # noqa: S608
        "delete": f"delete from ops.{table}",  # noqa: S608
        "truncate": f"truncate ops.{table}",
    }


async def refusals(db: Session, role: str, attempts: list[str]) -> dict[str, str]:
    """The SQLSTATE of each attempt as this role, or what it did instead."""
    outcomes = {}
    for attempt in attempts:
        transaction = db.connection.transaction()
        await transaction.start()
        try:
            await db.run(f"set local role {role}")
            outcomes[attempt] = await db.run(attempt)
        except asyncpg.PostgresError as error:
            outcomes[attempt] = error.sqlstate or ""
        await transaction.rollback()
    return outcomes


async def all_attempts(db: Session) -> list[str]:
    """Each kind of access to each table, each sequence and each function."""
    attempts = await db.column(CALLS)
    attempts += [f"select * from ops.{view}" for view in await db.column(VIEWS)]  # noqa: S608
    for table in await db.column(STORED):
        column = await db.value(
            "select attname from pg_attribute where attrelid = ('ops.' || $1)::regclass and attnum = 1", table
        )
        attempts += statements(table, column).values()
    for sequence in await db.column(SEQUENCES):
        attempts += [
            f"select * from ops.{sequence}",  # noqa: S608
            f"select nextval('ops.{sequence}')",
            f"select setval('ops.{sequence}', 1)",
        ]
    assert len(attempts) > 80
    return attempts


@pytest.mark.parametrize("role", OUTSIDERS)
async def test_an_outsider_can_do_nothing(db: Session, role: str) -> None:
    """Each table, sequence and function refuses."""
    outcomes = await refusals(db, role, await all_attempts(db))
    assert {attempt: code for attempt, code in outcomes.items() if code != "42501"} == {}


@pytest.mark.parametrize("role", OUTSIDERS)
async def test_an_outsider_can_do_nothing_even_within_the_schema(own: Session, role: str) -> None:
    """Should somebody expose the schema, each object still refuses for itself."""
    await own.run(f"grant usage on schema ops to {role}")
    outcomes = await refusals(own, role, await all_attempts(own))
    assert {attempt: code for attempt, code in outcomes.items() if code != "42501"} == {}


@pytest.mark.parametrize("role", OUTSIDERS)
async def test_an_outsider_has_no_right_in_the_catalog(db: Session, role: str) -> None:
    """Neither by a grant of its own nor by one to everybody."""
    rights = f"""
    select 'schema' where has_schema_privilege($1, 'ops', 'usage') or has_schema_privilege($1, 'ops', 'create')
    union all select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind in {RELATIONS}
        and has_table_privilege($1, oid, 'select, insert, update, delete, truncate, references, trigger')
    union all select relname from pg_class where relnamespace = 'ops'::regnamespace and relkind in {RELATIONS}
        and has_any_column_privilege($1, oid, 'select, insert, update, references')
    union all select relname from pg_class where relnamespace = 'ops'::regnamespace and
        case relkind when 'S' then has_sequence_privilege($1, oid, 'usage, select, update') end
    union all select p.proname {FUNCTIONS} and has_function_privilege($1, p.oid, 'execute')
    """  # noqa: S608
    assert await db.column(rights, role) == []


async def test_the_service_role_may_call_just_the_api(db: Session) -> None:
    """What it may call is this list; helpers are called by the API's functions, as their owner."""
    callable_ = await db.column(
        f"select p.proname {FUNCTIONS} and has_function_privilege('service_role', p.oid, 'execute')"
    )
    assert sorted(callable_) == sorted(API)


async def test_the_service_role_reads_the_platforms_own_tables_only(db: Session) -> None:
    """Contract C-20 has it read these two; a table of pulser's own cannot be read through the Data API with any key."""
    readable = await db.column(TABLES + " and has_table_privilege('service_role', oid, 'select')")
    assert sorted(readable) == ["platform_events", "slack_envelopes"]


async def test_the_service_role_writes_no_table_but_events(db: Session) -> None:
    """And these only append-only."""
    rights = TABLES.replace("select relname", "select relname || ' ' || w").replace(
        "from pg_class", "from pg_class cross join unnest($1::text[]) w"
    )
    assert await db.column(rights + " and has_table_privilege('service_role', oid, w)", list(WRITES)) == [
        "platform_events insert"
    ]


async def test_the_service_role_is_refused_each_other_write(db: Session) -> None:
    """Tried, not only looked up: an update of an event, a delivery made by hand, …"""
    attempts = []
    for table in await db.column(STORED):
        column = await db.value(
            "select attname from pg_attribute where attrelid = ('ops.' || $1)::regclass and attnum = 1", table
        )
        attempts += [text for right, text in statements(table, column).items() if right != "select"]
    attempts.remove("insert into ops.platform_events default values")
    outcomes = await refusals(db, "service_role", attempts)
    assert {attempt: code for attempt, code in outcomes.items() if code != "42501"} == {}


async def test_the_service_role_may_not_touch_the_doorbell(db: Session) -> None:
    """A value of somebody's own could silence it."""
    [doorbell] = [name for name in await db.column(SEQUENCES) if name == "doorbell"]
    attempts = [f"select setval('ops.{doorbell}', 1)", f"select nextval('ops.{doorbell}')"]
    assert set((await refusals(db, "service_role", attempts)).values()) == {"42501"}


async def test_no_function_is_for_everybody(db: Session) -> None:
    """The default right of PUBLIC is taken from each."""
    granted = "exists (select from aclexplode(p.proacl) a where a.grantee = 0)"
    assert await db.column(f"select p.proname {FUNCTIONS} and (p.proacl is null or {granted})") == []


async def test_each_function_has_an_empty_search_path(db: Session) -> None:
    """Nobody can slip an object of theirs under it."""
    loose = f"""select p.proname {FUNCTIONS} and not coalesce('search_path=""' = any (p.proconfig), false)"""
    assert await db.column(loose) == []


async def test_each_function_says_who_calls_it(db: Session) -> None:
    """In its comment."""
    silent = (
        f"select p.proname {FUNCTIONS} and coalesce(obj_description(p.oid, 'pg_proc'), '') not like '%Called %by %'"
    )
    assert await db.column(silent) == []


async def test_each_table_says_what_it_is(db: Session) -> None:
    """In its comment."""
    assert await db.column(TABLES + " and obj_description(oid, 'pg_class') is null") == []


async def test_each_relation_is_a_table_or_a_view(db: Session) -> None:
    """So that the tests of both leave nothing out."""
    assert sorted(await db.column(TABLES)) == sorted([*await db.column(STORED), *await db.column(VIEWS)])


async def test_each_view_runs_as_who_asks(db: Session) -> None:
    """Its owner's rights are not lent to whoever may read it, and nothing can be written through it."""
    lending = f"{VIEWS} and not coalesce('security_invoker=true' = any (reloptions), false)"
    assert await db.column(lending) == []
    assert await db.column(f"{VIEWS} and pg_relation_is_updatable(oid, false) <> 0") == []


async def test_each_table_has_row_level_security(db: Session) -> None:
    """On, and with no policy that would let anybody through."""
    assert await db.column(STORED + " and not relrowsecurity") == []
    assert await db.value("select count(*) from pg_policies where schemaname = 'ops'") == 0


async def test_what_the_service_role_may_call_runs_as_its_owner(db: Session) -> None:
    """The API is all security definer: a caller needs no right of its own."""
    invoker = (
        f"select p.proname {FUNCTIONS} and has_function_privilege('service_role', p.oid, 'execute') and not p.prosecdef"
    )
    assert await db.column(invoker) == []


async def test_no_extension_was_made_in_our_schema(db: Session) -> None:
    """What is in ops is all in the migrations."""
    assert await db.value("select count(*) from pg_extension where extnamespace = 'ops'::regnamespace") == 0
