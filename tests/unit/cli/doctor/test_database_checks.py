from __future__ import annotations

from dataclasses import replace

import pytest

from pulser_cli.doctor.database_checks import database_findings, grant_findings, migration_findings
from pulser_cli.doctor.expected import Expected
from pulser_cli.doctor.facts import Grants
from tests.unit.cli.doctor.facts import HOSTILE, is_inert, levels, server

WANTED = ("20260301000000", "20260301000001")
GRANTED = Expected(
    migrations=WANTED,
    jobs=(),
    functions={"call_v1": True, "inner_v1": False},
    tables={"cards": frozenset({"select"})},
    views={"metrics": frozenset()},
    secrets=(),
    bot_scopes={},
    version="0.0.0",
)


def grants(**changes: object) -> Grants:
    """As they should be; a change replaces a part."""
    healthy: dict[str, object] = {
        "schema": {"service": True, "everybody": False},
        "functions": [
            {"name": "call_v1", "service": True, "everybody": False},
            {"name": "inner_v1", "service": False, "everybody": False},
        ],
        "tables": [{"name": "cards", "row_security": True, "service": ["select"], "everybody": False}],
        "views": [{"name": "metrics", "as_who_asks": True, "service": [], "everybody": False}],
    }
    return Grants.model_validate(healthy | changes)


def table(**changes: object) -> Grants:
    """One table that is not as it should be."""
    healthy = {"name": "cards", "row_security": True, "service": ["select"], "everybody": False}
    return grants(tables=[healthy | changes])


def view(**changes: object) -> Grants:
    """One view that is not as it should be."""
    healthy = {"name": "metrics", "as_who_asks": True, "service": [], "everybody": False}
    return grants(views=[healthy | changes])


def test_a_healthy_server_is_right() -> None:
    """Postgres, three extensions, the Data API."""
    assert levels(database_findings(server())) == ["ok"] * 5


def test_an_old_postgres_is_wrong() -> None:
    """Older than 15."""
    found = database_findings(server(server_version="14.9", server_version_num=140_009))
    assert levels(found) == ["wrong", "ok", "ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("version", "stand_in", "level"),
    [
        ("0.8", None, "ok"),
        ("0.20.4", None, "ok"),  # newer than 0.8, though not as a text
        ("0.7.3", None, "warning"),
        (None, "pulser stand-in of pg_net 0.20.4", "ok"),
        (None, None, "wrong"),
        ("", None, "warning"),
    ],
)
def test_an_extension(version: str | None, stand_in: str | None, level: str) -> None:
    """There, old, stood in for, or not there."""
    extension = {"name": "pg_net", "version": version, "stand_in": stand_in}
    assert levels(database_findings(server(extensions=[extension])))[1] == level


def test_an_extension_that_nobody_knows_is_let_be() -> None:
    """Whatever its version."""
    extension = {"name": "other", "version": "0", "stand_in": None}
    assert levels(database_findings(server(extensions=[extension])))[1] == "ok"


@pytest.mark.parametrize(
    ("exposed", "level"),
    [(None, "ok"), ("ops", "ok"), ('public,"ops"', "ok"), ("public, devops", "warning"), ("", "warning")],
)
def test_the_data_api(exposed: str | None, level: str) -> None:
    """Whether ops is among the schemas that it shows."""
    assert levels(database_findings(server(exposed_schemas=exposed)))[-1] == level


@pytest.mark.parametrize(
    ("applied", "level"),
    [
        (WANTED, "ok"),
        ((*WANTED, "20250101000000"), "ok"),  # the platform's own
        ((*WANTED, "20260301999999"), "warning"),
        (WANTED[:1], "wrong"),
        ((), "wrong"),
        (None, "warning"),
    ],
)
def test_migrations(applied: tuple[str, ...] | None, level: str) -> None:
    """All there, some missing, newer ones, or no history."""
    assert levels(migration_findings(applied, WANTED)) == [level]


def test_only_the_first_missing_migrations_are_named() -> None:
    """And how many more there are."""
    (finding,) = migration_findings((), tuple(f"2026030100{number:04}" for number in range(100)))
    assert finding.what.endswith("20260301000004 and 95 more")


def test_grants_as_they_should_be() -> None:
    """Are one finding."""
    assert levels(grant_findings(grants(), GRANTED)) == ["ok"]


@pytest.mark.parametrize(
    ("changed", "remedy"),
    [
        (grants(schema={"service": False, "everybody": False}), "grant usage on schema ops to service_role"),
        (table(row_security=False), "alter table ops.cards enable row level security"),
        (table(everybody=True), "revoke all on table ops.cards from public, anon, authenticated"),
        (table(service=[]), "grant select on table ops.cards to service_role"),
        (table(service=["select", "update"]), "revoke update on table ops.cards from service_role"),
        (view(as_who_asks=False), "alter view ops.metrics set (security_invoker = true)"),
        (view(everybody=True), "revoke all on table ops.metrics from public, anon, authenticated"),
        (view(service=["select"]), "revoke select on table ops.metrics from service_role"),
    ],
)
def test_a_grant_that_is_not_as_it_should_be(changed: Grants, remedy: str) -> None:
    """Is one finding, whose remedy is the SQL that mends it."""
    found = grant_findings(changed, GRANTED)
    assert [(it.level, it.remedy) for it in found] == [("wrong", remedy)]


@pytest.mark.parametrize(
    ("name", "service", "everybody", "remedy"),
    [
        ("call_v1", False, False, "grant execute on function ops.call_v1 to service_role"),
        ("inner_v1", True, False, "revoke execute on function ops.inner_v1 from service_role"),
        ("call_v1", True, True, "revoke all on function ops.call_v1 from public, anon, authenticated"),
    ],
)
def test_a_function_whose_grant_is_wrong(name: str, service: bool, everybody: bool, remedy: str) -> None:  # noqa: FBT001
    """Is told with the SQL that mends it."""
    wanted = replace(GRANTED, functions={name: GRANTED.functions[name]})
    found = grant_findings(grants(functions=[{"name": name, "service": service, "everybody": everybody}]), wanted)
    assert [it.remedy for it in found] == [remedy]


def test_what_is_not_there_is_told_at_once() -> None:
    """All functions in one finding, all tables in another, all views in a third."""
    found = grant_findings(grants(functions=[], tables=[], views=[]), GRANTED)
    assert [it.what for it in found] == [
        "of schema ops function is not there: call_v1, inner_v1",
        "of schema ops table is not there: cards",
        "of schema ops view is not there: metrics",
    ]


def test_anybody_may_look_into_the_schema() -> None:
    """A warning: the platform may want that, and pulser's own objects refuse."""
    found = grant_findings(grants(schema={"service": True, "everybody": True}), GRANTED)
    assert levels(found) == ["warning"]


def test_what_is_the_platforms_own_is_let_be() -> None:
    """Its functions, tables and views in the same schema are not ours to judge."""
    functions = [*grants().functions, {"name": "their_own", "service": True, "everybody": True}]
    tables = [*grants().tables, {"name": "theirs", "row_security": False, "service": [], "everybody": True}]
    views = [*grants().views, {"name": "theirs", "as_who_asks": False, "service": ["select"], "everybody": True}]
    assert levels(grant_findings(grants(functions=functions, tables=tables, views=views), GRANTED)) == ["ok"]


def test_hostile_versions_are_inert() -> None:
    """Whatever the server calls itself."""
    found = database_findings(
        server(server_version=HOSTILE, extensions=[{"name": "x", "version": HOSTILE, "stand_in": None}])
    )
    assert all(is_inert(it) for it in found)
