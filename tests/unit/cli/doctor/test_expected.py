from __future__ import annotations

from pathlib import Path

import pytest

from pulser_cli.doctor.expected import ExpectedJob, functions_of, jobs_of, tables_of, views_of
from pulser_cli.doctor.expected_files import RegistryError, expected
from pulser_cli.routes_file import PLACE
from pulser_local.stack_options import ROOT

SCHEDULED = "select cron.schedule('ops_a', '* * * * *', 'select ops.a_v1()');"
IN_SECONDS = "select ops.schedule_job_v1('ops_b', 5, 'select ops.b_v1()');"
A_FUNCTION = "create or replace function ops.a_v1()\nreturns text"
GRANTED = "grant execute on function ops.a_v1() to service_role;"


def test_jobs() -> None:
    """By either way to schedule them."""
    assert jobs_of([SCHEDULED, IN_SECONDS]) == (
        ExpectedJob("ops_a", "* * * * *", "select ops.a_v1()"),
        ExpectedJob("ops_b", "5 seconds", "select ops.b_v1()", each_minute_will_do=True),
    )


def test_a_job_that_a_later_migration_takes_away() -> None:
    """Is not wanted any more; one in a comment never was."""
    assert jobs_of([SCHEDULED, "select cron.unschedule('ops_a');", f"-- {IN_SECONDS}"]) == ()


def test_functions() -> None:
    """Whether the service role calls them."""
    assert functions_of([A_FUNCTION, GRANTED, "create or replace function ops.c_v1(x text)"]) == {
        "a_v1": True,
        "c_v1": False,
    }


def test_a_function_that_a_later_migration_drops() -> None:
    """Is not wanted any more."""
    assert functions_of([A_FUNCTION + GRANTED, "drop function if exists ops.a_v1();"]) == {}


def test_tables() -> None:
    """What the service role may do with them."""
    text = "create table if not exists ops.t (x int);\ngrant select, insert on table ops.t to service_role;"
    assert tables_of([text, "create table ops.u (x int);"]) == {"t": {"select", "insert"}, "u": frozenset()}


def test_views() -> None:
    """SQL grants on them as on tables, but they are none; a dropped one is not wanted any more."""
    view = "create or replace view ops.v with (security_invoker = true) as select 1;"
    text = f"{view}\ngrant select on table ops.v to service_role;"
    revoked = "revoke all on table ops.v from public, service_role;"
    assert views_of([text]) == {"v": {"select"}}
    assert tables_of([text]) == {}
    assert views_of([text, revoked]) == {"v": frozenset()}
    assert views_of([text, "drop view if exists ops.v;"]) == {}


def test_a_right_that_a_later_migration_takes_away() -> None:
    """From several tables at once, or from a function; what is taken from others changes nothing."""
    table = "create table if not exists ops.t (x int);\ngrant select, insert on table ops.t to service_role;"
    some = "revoke insert on table ops.t from service_role;"
    every = "revoke all on table\n    ops.u, ops.t\nfrom service_role;"
    others = "revoke all on table ops.t from public, anon, authenticated;"
    assert tables_of([table, others, some]) == {"t": {"select"}}
    assert tables_of([table, every]) == {"t": frozenset()}
    revoked = "revoke all on function ops.a_v1(x ops.t) from public, anon, authenticated, service_role;"
    assert functions_of([A_FUNCTION + GRANTED, revoked]) == {"a_v1": False}


def test_nothing_in_nothing_out() -> None:
    """No migrations, nothing wanted."""
    assert (jobs_of([]), functions_of([]), tables_of([]), views_of([])) == ((), {}, {}, {})


def test_the_checkout_wants_something_of_each() -> None:
    """The patterns still fit how the migrations are written."""
    wanted = expected(ROOT)
    assert {it.name for it in wanted.jobs} >= {"ops_dispatch_sweep", "ops_cron_history_prune"}
    assert len(wanted.jobs) == len(list((ROOT / "supabase/migrations").glob("*_cron_ops_*")))
    assert len(wanted.functions) == len({it.name[15:] for it in (ROOT / "supabase/migrations").glob("*_function_*")})
    assert len(wanted.tables) == len({it.name[15:] for it in (ROOT / "supabase/migrations").glob("*_table_*")})
    assert len(wanted.views) == len({it.name[15:] for it in (ROOT / "supabase/migrations").glob("*_view_*")}) > 0
    assert "slack_bot_token" in wanted.secrets
    assert "chat:write" in wanted.bot_scopes


@pytest.mark.parametrize("content", [None, "secrets: 1", "secrets: [{x: y}]", "[", "\xff"])
def test_a_registry_that_cannot_be_used(tmp_path: Path, content: str | None) -> None:
    """Is told by its path."""
    (tmp_path / PLACE).parent.mkdir(parents=True)
    (tmp_path / PLACE).write_text((ROOT / PLACE).read_text())
    if content is not None:
        (tmp_path / "ssot/secrets").mkdir()
        (tmp_path / "ssot/secrets/registry.yaml").write_bytes(content.encode("latin-1"))
    with pytest.raises(RegistryError, match=r"registry\.yaml: "):
        expected(tmp_path)
