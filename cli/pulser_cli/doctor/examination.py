"""The whole examination: facts in, findings out, in the order in which a person would look."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from pulser.database import Database
from pulser.errors import DatabaseBehind, DatabaseRefused, PulserError
from pulser_cli.connection import NOT_EXPOSED, NoDatabaseNamed
from pulser_cli.doctor.asking import ask, function_answers, server_facts
from pulser_cli.doctor.asking_slack import SlackFacts
from pulser_cli.doctor.canary_checks import CHECK as CANARY
from pulser_cli.doctor.canary_checks import canary_findings
from pulser_cli.doctor.clock_checks import clock_finding
from pulser_cli.doctor.cron_checks import cron_findings
from pulser_cli.doctor.database_checks import PUSH, database_findings, grant_findings, migration_findings
from pulser_cli.doctor.destination_checks import channel_findings, group_findings, named_groups
from pulser_cli.doctor.expected import Expected
from pulser_cli.doctor.facts import (
    Canary,
    Grants,
    Hooks,
    Identity,
    Job,
    Ledger,
    LiveSilence,
    Relay,
    RoutedChannel,
    Secret,
    Service,
    Unasked,
)
from pulser_cli.doctor.finding import Finding, not_checked, wrong
from pulser_cli.doctor.function_checks import function_findings
from pulser_cli.doctor.silence_checks import silence_findings
from pulser_cli.doctor.slack_checks import connection_findings, hold_findings, scope_findings, token_finding
from pulser_cli.doctor.undocumented_checks import CHECK as UNDOCUMENTED
from pulser_cli.doctor.undocumented_checks import undocumented_findings
from pulser_cli.doctor.vault_checks import vault_findings

Fact = TypeVar("Fact")
ANSWERS_WITHIN = 12.0  # seconds: pg_net's own limit for these is eight, and it may be at another batch
OF_THE_DATABASE = (
    *("extensions", "migrations", "grants", "cron", "vault", "functions"),
    *("silences", "connections", "holds", CANARY, "channels", "user-groups", UNDOCUMENTED),
)
_JOBS = TypeAdapter(tuple[Job, ...])
_SECRETS = TypeAdapter(tuple[Secret, ...])
_GRANTS = TypeAdapter(Grants)
_LEDGER = TypeAdapter(Ledger)
_SILENCES = TypeAdapter(tuple[LiveSilence, ...])
_RELAY = TypeAdapter(Relay)
_CANARY = TypeAdapter(Canary)
_ROUTES = TypeAdapter(tuple[RoutedChannel, ...])
_SERVICES = TypeAdapter(tuple[Service, ...])
_HOOKS = TypeAdapter(tuple[Hooks, ...])


@dataclass(frozen=True, slots=True)
class Examination:
    """Looks at one installation. `answers_within`: how long the functions may take to answer the database."""

    ledger: Database
    slack: SlackFacts
    expected: Expected
    answers_within: float = ANSWERS_WITHIN

    async def findings(self) -> list[Finding]:
        """All of them. Raises nothing that a broken installation can cause."""
        identity = await self.slack.identity()
        try:
            server, ahead = await server_facts(self.ledger)
        except (PulserError, ValidationError) as error:
            unknown = [not_checked(check, "the database was not asked") for check in OF_THE_DATABASE]
            return [_no_database(error), *unknown, *self._of_slack(identity)]
        return [
            *database_findings(server),
            *migration_findings(server.migrations, self.expected.migrations),
            clock_finding("the database's", ahead),
            *await self._inside(server.up_seconds),
            *self._of_slack(identity),
            *await self._between(identity),
        ]

    async def _inside(self, up_seconds: float) -> list[Finding]:
        """What the database alone knows."""
        grants = await ask(self.ledger, "doctor_grants_v1", _GRANTS)
        jobs = await ask(self.ledger, "doctor_jobs_v1", _JOBS)
        answers = await function_answers(self.ledger, within=self.answers_within)
        silences = await ask(self.ledger, "list_silences_v1", _SILENCES, filter={"live": True})
        wanted = self.expected
        return [
            *_judged("grants", grants, lambda it: grant_findings(it, wanted)),
            *_judged("cron", jobs, lambda it: cron_findings(it, wanted.jobs, up_seconds)),
            *await self._vault(),
            *_judged("functions", answers, lambda it: function_findings(*it, wanted.version)),
            *_judged("silences", silences, silence_findings),
        ]

    async def _vault(self) -> list[Finding]:
        secrets = await ask(self.ledger, "doctor_secrets_v1", _SECRETS)
        hooks = await ask(self.ledger, "service_hooks_v1", _HOOKS)
        transport = await ask(self.ledger, "transport_v1", TypeAdapter(str))
        if isinstance(hooks, Unasked) or isinstance(transport, Unasked):
            return [not_checked("vault", next(it.reason for it in (hooks, transport) if isinstance(it, Unasked)))]
        return _judged("vault", secrets, lambda it: vault_findings(it, self.expected.secrets, hooks, transport))

    def _of_slack(self, identity: Identity | Unasked) -> list[Finding]:
        """What Slack says of the token."""
        if isinstance(identity, Unasked):
            return [token_finding(identity), not_checked("scopes", "Slack was not asked")]
        clock = "Slack's clock: its answer has no date that can be read"
        return [
            token_finding(identity),
            *scope_findings(identity.scopes, self.expected.bot_scopes),
            not_checked("clocks", clock) if identity.ahead is None else clock_finding("Slack's", identity.ahead),
        ]

    async def _between(self, identity: Identity | Unasked) -> list[Finding]:
        """What the database names, and Slack knows."""
        ledger = await ask(self.ledger, "doctor_ledger_v1", _LEDGER)
        relay = await ask(self.ledger, "relay_status_v1", _RELAY)
        canary = await ask(self.ledger, "canary_status_v1", _CANARY)
        app_id, scopes = (None, None) if isinstance(identity, Unasked) else (identity.app_id, identity.scopes)
        connections = () if isinstance(ledger, Unasked) else ledger.connections
        found = [
            *_judged("connections", relay, lambda it: connection_findings(it, connections, app_id)),
            *_judged("holds", ledger, lambda it: hold_findings(it.holds)),
            *_judged(CANARY, canary, lambda it: canary_findings(it, scopes)),
        ]
        if isinstance(identity, Unasked):
            unknown = ("channels", "user-groups", UNDOCUMENTED)
            return [*found, *(not_checked(check, "Slack was not asked") for check in unknown)]
        return [*found, *await self._destinations(identity), *await self._undocumented(ledger)]

    async def _destinations(self, identity: Identity) -> list[Finding]:
        routes = await ask(self.ledger, "routes_v1", _ROUTES)
        services = await ask(self.ledger, "list_services_v1", _SERVICES)
        if isinstance(routes, Unasked) or isinstance(services, Unasked):
            reason = next(it.reason for it in (routes, services) if isinstance(it, Unasked))
            return [not_checked(check, reason) for check in ("channels", "user-groups")]
        posts_without = "chat:write.public" in (identity.scopes or ())
        channels = await self.slack.channels(routes)
        groups = await self.slack.groups() if named_groups(routes, services) else ()
        return [
            *_judged("channels", channels, lambda it: channel_findings(routes, it, posts_without=posts_without)),
            *_judged("user-groups", groups, lambda it: group_findings(routes, services, it)),
        ]

    async def _undocumented(self, ledger: Ledger | Unasked) -> list[Finding]:
        if isinstance(ledger, Unasked):
            return [not_checked(UNDOCUMENTED, ledger.reason)]
        post = ledger.newest_post
        return undocumented_findings(ledger, None if post is None else await self.slack.delivery_shown(post))


def _judged(check: str, facts: Fact | Unasked, judge: Callable[[Fact], Sequence[Finding]]) -> list[Finding]:
    return [not_checked(check, facts.reason)] if isinstance(facts, Unasked) else list(judge(facts))


def _no_database(error: PulserError | ValidationError) -> Finding:
    match error:
        case NoDatabaseNamed():
            return wrong("database", "nobody says which one", "set SUPABASE_DB_URL, or start pulser dev in this folder")
        case DatabaseBehind():
            return wrong("migrations", f"pulser's functions are not in this database: {error.message}", PUSH)
        case DatabaseRefused() if error.code == NOT_EXPOSED:
            return wrong("migrations", "pulser's functions are not in this database", PUSH)
        case DatabaseRefused():
            return wrong(
                "database", f"it refuses: {error}", "see SUPABASE_DB_URL, or the key, and the role that it is of"
            )
        case PulserError():
            return wrong("database", str(error), "see whether it runs, and SUPABASE_DB_URL")
    return wrong("database", "ops.doctor_server_v1 answers what this version does not understand", PUSH)
