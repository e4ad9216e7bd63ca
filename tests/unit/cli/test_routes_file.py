from __future__ import annotations

from pathlib import Path

import pytest

from notify_dispatch.event import Event
from notify_dispatch.route import route
from pulser_cli.routes_file import PLACE, RoutesFileError, find, load
from tests.unit.notify_dispatch.events import EVENT_TYPES

OURS = find(Path(__file__).parent)
DEFAULT = '  - {name: default, channel: "#a", is_default: true}\n'


def a_file(folder: Path, content: str | bytes) -> Path:
    path = folder / "pulser.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("event_type", EVENT_TYPES)
def test_every_event_type_of_the_contract_has_a_channel(event_type: str) -> None:
    """Of the contract's events only what people do in Slack makes no message of its own: the card changes in place."""
    event = Event.from_json({"event_type": event_type, "payload": {"severity": "info"}})
    assert bool(route(event, load(OURS).positioned())) is not event_type.startswith(("alert.", "slack."))


@pytest.mark.parametrize(
    ("event_type", "severity", "channels"),
    [
        ("error_rate.exceeded", None, ["#ops-alerts"]),
        ("error_rate.exceeded", "critical", ["#ops-alerts here"]),
        ("alert.acknowledged", None, []),
        ("relay.alarm", "error", ["#ops-alerts"]),
        ("relay.deaf", "critical", ["#ops-alerts here"]),
        ("deploy.completed", None, ["#ops-deploy"]),
        ("deploy.failed", None, ["#ops-alerts", "#ops-deploy"]),
        ("deploy.failed", "critical", ["#ops-alerts here", "#ops-deploy"]),
        ("rollback.requested", None, ["#ops-deploy"]),
        ("ci.failed", None, ["#ops-ci"]),
        ("task.failed", "critical", ["#ops-alerts here", "#ops-tasks"]),
        ("trigger.acknowledged", None, ["#ops-tasks"]),
        ("slack.command", None, []),
        ("delivery.dead", None, ["#ops-alerts"]),
        ("delivery.in_doubt", None, ["#ops-alerts"]),
        ("delivery.retried", None, ["#ops-audit"]),
        ("unheard.of", "error", ["#ops-alerts"]),
        ("unheard.of", None, []),
    ],
)
def test_our_routes(event_type: str, severity: str | None, channels: list[str]) -> None:
    """Where the project's routes send an event, and whom they call."""
    event = Event.from_json({"event_type": event_type, "payload": {"severity": severity}})
    found = route(event, load(OURS).positioned())
    assert [f"{it.channel} {it.mention or ''}".strip() for it in found] == channels


def test_our_scopes_have_reasons() -> None:
    """The file names the contract's scopes; each says what for."""
    scopes = load(OURS).scopes
    for_messages = {"chat:write", "channels:read", "channels:history"}
    assert set(scopes.bot) == for_messages | {"commands", "app_mentions:read", "usergroups:read", "users:read"}
    assert set(scopes.app) == {"connections:write"}


def test_services_may_have_a_file_of_their_own(tmp_path: Path) -> None:
    """Only whoever wants the routes says that they are missing."""
    path = a_file(tmp_path, "services:\n  - {service: api, environments: [production]}\n")
    assert [it.service for it in load(path, needs_routes=False).services] == ["api"]
    with pytest.raises(RoutesFileError, match="routes: is missing"):
        load(path)


def test_order_is_position(tmp_path: Path) -> None:
    """A route's place in the list becomes its position; the default's own severity is error."""
    file = load(a_file(tmp_path, 'routes:\n  - {name: x, channel: "#x"}\n' + DEFAULT))
    positioned = [(it.name, it.position, it.minimum_severity) for it in file.positioned()]
    assert positioned == [("x", 10, "info"), ("default", 20, "error")]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("", "holds no keys"),
        ("- routes", "holds no keys"),
        ("routes: []", "routes: exactly one route must have is_default: true"),
        ("routes:\n" + DEFAULT * 2, "routes: the name 'default' occurs twice"),
        ("routes:\n" + DEFAULT + DEFAULT.replace("name: default", "name: b"), "routes: exactly one route"),
        ("routes:\n" + DEFAULT + "colour: red", "colour: is not a key that pulser knows"),
        ("routes:\n" + DEFAULT.replace("channel:", "chanel:"), "routes.0.channel: is missing"),
        ("routes:\n" + DEFAULT.replace("#a", "a"), 'routes.0.channel: must be "#name" in lower case'),
        ("routes:\n" + DEFAULT.replace("}", ", mention: ops}"), "routes.0.mention: must be here, channel, a user's ID"),
        ("routes:\n" + DEFAULT.replace("}", ", position: 5}"), "routes.0: the order of the list is the position"),
        ("routes:\n" + DEFAULT.replace("}", ", service: api}"), "routes.0: the default route is never skipped, so it"),
        ("routes:\n" + DEFAULT.replace("}", ", minimum_severity: bad}"), "routes.0.minimum_severity: input should be"),
        ("routes:\n" + DEFAULT + "services: [{}]", "services.0.service: is missing"),
        ("routes:\n" + DEFAULT + "scopes: {bot: {commands: ''}}", "scopes.bot.commands: string should have at least 1"),
        ("a:\n- [", "2: expected the node content"),
        ("a: 1\na: 2", "2: the key 'a' occurs twice"),
        ("? [a]\n: 1", "1: found unhashable key"),
        (b"\xe4", "is not UTF-8"),
        (b"a: \x01", "unacceptable character"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, content: str | bytes, error: str) -> None:
    """The error is "file:key: what is wrong", or "file:line: …" where it is no YAML."""
    path = a_file(tmp_path, content)
    with pytest.raises(RoutesFileError) as refused:
        load(path)
    assert str(refused.value).startswith(f"{path}:")
    assert error in str(refused.value)


def test_every_fault_has_its_line(tmp_path: Path) -> None:
    """All that is wrong is told at once, each on a line that begins with the file."""
    path = a_file(tmp_path, "routes:\n" + DEFAULT.replace("#a", "a") + "services: [{service: a}]")
    with pytest.raises(RoutesFileError) as refused:
        load(path)
    assert [line.startswith(f"{path}:") for line in str(refused.value).splitlines()] == [True, True]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The file's name and the system's reason."""
    with pytest.raises(RoutesFileError, match=r"nowhere\.yaml: No such file or directory"):
        load(tmp_path / "nowhere.yaml")


def test_the_checkouts_file_is_found_from_anywhere(tmp_path: Path) -> None:
    """Outside of any project, the file of the checkout of this command serves."""
    assert find(tmp_path) == OURS


def test_the_folders_own_file_is_found_first(tmp_path: Path) -> None:
    """A project's file is found from its folders below."""
    (tmp_path / PLACE).parent.mkdir(parents=True)
    (tmp_path / PLACE).touch()
    assert find(tmp_path / PLACE.parent) == tmp_path / PLACE
