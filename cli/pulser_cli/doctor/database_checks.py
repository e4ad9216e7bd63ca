"""The database itself: its version, its extensions, its migrations, what is reachable from outside. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pulser_cli.doctor.expected import Expected
from pulser_cli.doctor.facts import Extension, Grants, Rights, Server, TableGrant, ViewGrant
from pulser_cli.doctor.finding import Finding, ok, short, warning, wrong

OLDEST_POSTGRES = 150_000
# The first versions with what we rely on: pg_net's five seconds, Vault without pgsodium. What an old pg_cron cannot do,
# its jobs show.
OLDEST = {"pg_net": (0, 8), "supabase_vault": (0, 2)}
OUGHT_TO = {  # what is worse with an older one
    "pg_net": "its requests time out too early",
    "supabase_vault": "it needs pgsodium, which Supabase takes away",
}
PUSH = "supabase db push"
MOST_NAMED = 5


def database_findings(server: Server) -> list[Finding]:
    """Postgres and its extensions, and whether the Data API shows pulser's schema."""
    return [_postgres(server), *map(_extension, server.extensions), _data_api(server.exposed_schemas)]


def migration_findings(applied: tuple[str, ...] | None, wanted: tuple[str, ...]) -> list[Finding]:
    """Whether the database is at the state of this checkout."""
    if applied is None:
        return [
            warning("migrations", "no history is kept here, so none can be compared", f"apply them with {PUSH}"),
        ]
    missing = [it for it in wanted if it not in applied]
    newer = [it for it in applied if wanted and it > max(wanted) and it.startswith("20260301")]
    if missing:
        return [wrong("migrations", f"{len(missing)} of {len(wanted)} are missing: {named(missing)}", PUSH)]
    if newer:
        said = f"the database has newer ones than this checkout: {named(newer)}"
        return [warning("migrations", said, "use the checkout that they are of")]
    return [ok("migrations", f"all {len(wanted)} are applied")]


def grant_findings(grants: Grants, wanted: Expected) -> list[Finding]:
    """Whether the service role may do what it must, and nobody else anything (invariant 9).

    The schema may hold the platform's own tables, views and functions: they are not ours to judge.
    """
    found = [
        *_schema(grants),
        *_functions(grants, wanted.functions),
        *(it for table in grants.tables if table.name in wanted.tables for it in _table(table)),
        *(it for view in grants.views if view.name in wanted.views for it in _view(view)),
        *_relations("table", grants.tables, wanted.tables),
        *_relations("view", grants.views, wanted.views),
    ]
    count = f"{len(wanted.functions)} functions, {len(wanted.tables)} tables and {len(wanted.views)} views"
    return found or [ok("grants", f"{count} are as the migrations grant them, to the service role alone")]


def named(names: Iterable[str]) -> str:
    """The first few, and how many more."""
    listed = [short(it) for it in names]
    more = len(listed) - MOST_NAMED
    return ", ".join(listed[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _postgres(server: Server) -> Finding:
    said = f"PostgreSQL {short(server.server_version)}"
    if server.server_version_num < OLDEST_POSTGRES:
        return wrong("database", f"{said} is too old", "upgrade to 15 or newer")
    return ok("database", said)


def _extension(it: Extension) -> Finding:
    check = "extensions"
    if it.version is None:
        if it.stand_in:
            return ok(check, f"{it.name}: {short(it.stand_in)}")
        return wrong(check, f"{it.name} is not installed", f"create extension {it.name} (Database, Extensions)")
    if _numbers(it.version) < OLDEST.get(it.name, ()):
        said = f"{it.name} {short(it.version)} is old: {OUGHT_TO[it.name]}"
        return warning(check, said, f"alter extension {it.name} update, or upgrade the project")
    return ok(check, f"{it.name} {short(it.version)}")


def _data_api(exposed: str | None) -> Finding:
    if exposed is None:
        return ok("data-api", "which schemas it shows is not set in this database")
    if "ops" in [it.strip().strip('"') for it in exposed.split(",")]:
        return ok("data-api", "it shows the schema ops to the service role")
    return warning(
        "data-api",
        "it does not show the schema ops: a function without SUPABASE_DB_URL cannot work",
        "add ops under API settings, Exposed schemas",
    )


def _schema(grants: Grants) -> Iterator[Finding]:
    if not grants.schema_.service:
        yield wrong(
            "grants", "the service role may not use the schema ops", "grant usage on schema ops to service_role"
        )
    if grants.schema_.everybody:
        remedy = "revoke all on schema ops from public, anon, authenticated"
        said = "anybody may look into the schema ops; pulser's own tables and functions refuse still"
        yield warning("grants", said, remedy)


def _functions(grants: Grants, wanted: Mapping[str, bool]) -> Iterator[Finding]:
    for it in (one for one in grants.functions if one.name in wanted):
        open_to_all = f"revoke all on function ops.{it.name} from public, anon, authenticated"
        if it.everybody:
            yield wrong("grants", f"anybody may call ops.{it.name}", open_to_all)
        if it.service is not wanted[it.name]:
            verb, to = ("grant", "to") if wanted[it.name] else ("revoke", "from")
            may = "may not" if wanted[it.name] else "may"
            remedy = f"{verb} execute on function ops.{it.name} {to} service_role"
            yield wrong("grants", f"the service role {may} call ops.{it.name}", remedy)
    yield from _gone("function", wanted, [it.name for it in grants.functions])


def _table(it: TableGrant) -> Iterator[Finding]:
    if not it.row_security:
        remedy = f"alter table ops.{it.name} enable row level security"
        yield wrong("grants", f"ops.{it.name} has no row-level security", remedy)


def _view(it: ViewGrant) -> Iterator[Finding]:
    if not it.as_who_asks:
        remedy = f"alter view ops.{it.name} set (security_invoker = true)"
        yield wrong("grants", f"ops.{it.name} shows its readers what they may not read themselves", remedy)


def _relations(kind: str, there: Sequence[Rights], wanted: Mapping[str, frozenset[str]]) -> Iterator[Finding]:
    for it in there:
        if it.name in wanted:
            yield from _rights(it, wanted[it.name])
    yield from _gone(kind, wanted, [it.name for it in there])


def _rights(it: Rights, wanted: frozenset[str]) -> Iterator[Finding]:
    """SQL says `on table` for a view too."""
    if it.everybody:
        remedy = f"revoke all on table ops.{it.name} from public, anon, authenticated"
        yield wrong("grants", f"anybody may use ops.{it.name}", remedy)
    if missing := sorted(wanted - set(it.service)):
        may = ", ".join(missing)
        remedy = f"grant {may} on table ops.{it.name} to service_role"
        yield wrong("grants", f"the service role may not {may} ops.{it.name}", remedy)
    if extra := sorted(set(it.service) - wanted):
        may = ", ".join(extra)
        remedy = f"revoke {may} on table ops.{it.name} from service_role"
        yield wrong("grants", f"the service role may {may} ops.{it.name}", remedy)


def _gone(kind: str, wanted: Iterable[str], there: list[str]) -> Iterator[Finding]:
    if missing := sorted(set(wanted) - set(there)):
        remedy = "apply the migration that creates it once more"
        yield wrong("grants", f"of schema ops {kind} is not there: {named(missing)}", remedy)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)[:2]))
