"""The facts that the checks judge, as the database and Slack tell them. Pure: what is told otherwise is refused."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, ConfigDict, Field


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class Extension(_Fact):
    """An extension: its version, or None where it is not installed, and what stands in for it."""

    name: str
    version: str | None
    stand_in: str | None


class Server(_Fact):
    """See doctor_server_v1."""

    now: float
    up_seconds: float
    server_version: str
    server_version_num: int
    migrations: tuple[str, ...] | None
    extensions: tuple[Extension, ...]
    exposed_schemas: str | None


class Run(_Fact):
    """The newest run of a cron job."""

    status: str | None
    seconds_ago: float
    message: str | None


class Job(_Fact):
    """A cron job. `here`: it runs in this database."""

    name: str
    schedule: str
    command: str
    active: bool
    here: bool
    last: Run | None


class Secret(_Fact):
    """What can be said of a secret without telling it."""

    name: str
    empty: bool
    padded: bool | None
    kind: str | None


class SchemaGrant(_Fact):
    """Who may look into the schema ops."""

    service: bool
    everybody: bool


class FunctionGrant(SchemaGrant):
    """Who may call a function."""

    name: str


class Rights(_Fact):
    """What the service role may do with a table or view, and whether anybody else may do anything."""

    name: str
    service: tuple[str, ...]
    everybody: bool


class TableGrant(Rights):
    """Who may do what with a table."""

    row_security: bool


class ViewGrant(Rights):
    """Who may do what with a view. `as_who_asks`: it shows nobody what he could not read himself."""

    as_who_asks: bool


class Grants(_Fact):
    """See doctor_grants_v1."""

    schema_: SchemaGrant = Field(alias="schema")
    functions: tuple[FunctionGrant, ...]
    tables: tuple[TableGrant, ...]
    views: tuple[ViewGrant, ...]


class Post(_Fact):
    """A message that the ledger calls sent."""

    delivery_id: str
    slack_channel_id: str
    slack_ts: str


class Connection(_Fact):
    """A live Socket Mode connection: whose app, and how long Slack said that it lasts."""

    app_id: str | None
    lasts: float | None


class Hold(_Fact):
    """What Slack told pulser to leave alone, for how much longer."""

    method: str
    reason: str
    seconds: float


class LiveSilence(_Fact):
    """See list_silences_v1."""

    silence_id: str
    service: str | None
    event_pattern: str
    environment: str | None
    ends_at: str
    created_by: dict[str, str | None]

    @property
    def covers_everything(self) -> bool:
        """Whether nothing but what is critical, or pulser's own, is posted."""
        return not any((it or "").strip("*") for it in (self.service, self.event_pattern, self.environment))

    @property
    def made_by(self) -> str:
        """Who silenced it."""
        return self.created_by.get("name") or self.created_by.get("user") or "somebody"


class Ledger(_Fact):
    """See doctor_ledger_v1."""

    newest_post: Post | None
    refused: dict[str, int]
    same_id: int
    other_id: int
    connections: tuple[Connection, ...]
    holds: tuple[Hold, ...]


class Relay(_Fact):
    """See relay_status_v1."""

    transport: str
    live: int
    ghosts: int


class LastCanary(_Fact):
    """What became of the newest canary: back, failed, missed or under_way."""

    status: str
    reason: str | None = None


class HeardCanary(_Fact):
    """The newest canary that came back."""

    whole_s: float


class Canary(_Fact):
    """See canary_status_v1."""

    channel: str | None
    deaf_since: str | None
    last: LastCanary | None
    heard: HeardCanary | None


class Answer(_Fact):
    """What pg_net has for a request."""

    id: int
    status: int | None
    timed_out: bool
    error: str | None
    content: str | None


class RoutedChannel(_Fact):
    """A route, as far as Slack must know what it names."""

    name: str
    channel: str
    mention: str | None = None


class Service(_Fact):
    """Who may do what with a service."""

    service: str
    approvers: tuple[str, ...] = ()
    deployers: tuple[str, ...] = ()
    rollback_by: tuple[str, ...] = ()
    escalation: tuple[str, ...] = ()


class Hook(_Fact):
    """How a service is deployed; of it only the name of its secret."""

    secret: str


class Hooks(_Fact):
    """The hooks of a service."""

    service: str
    deploy: Hook | None = None
    rollback: Hook | None = None


@dataclass(frozen=True, slots=True)
class Unasked:
    """Facts that could not be had, and why."""

    reason: str


class Channel(_Fact):
    """A channel, as conversations.list gives it."""

    id: str
    name: str
    is_archived: bool = False
    is_member: bool = False


class UserGroup(_Fact):
    """A user group, as usergroups.list gives it. `date_delete` is not 0 once it is disabled."""

    id: str
    handle: str = ""
    date_delete: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose the bot token is, what it may do (None: Slack did not say), and Slack's clock when it answered."""

    team: str
    user: str
    app_id: str | None
    scopes: frozenset[str] | None
    ahead: float | None  # seconds that Slack's clock is ahead of this machine's


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that the app sees. `only_public`: it may not see private ones."""

    seen: tuple[Channel, ...]
    only_public: bool = False
    by_id: dict[str, Channel | Unasked] = field(default_factory=dict)  # what routes name by ID
