from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given

from notify_dispatch.event import Event
from tests.unit.notify_dispatch.events import event, json_values, row, rows


@given(json_values | rows)
def test_any_json_is_an_event(value: object) -> None:
    """Whatever JSON says, an event of a known severity with printable texts comes out."""
    understood = Event.from_json(value)
    assert understood.severity in {"info", "warning", "error", "critical"}
    assert "\x00" not in f"{understood.title}{understood.service}{understood.raw}{understood.extra}"


def test_known_keys_are_typed() -> None:
    """Each payload key of the contract has its place."""
    understood = event(
        "deploy.completed",
        {"service": "api", "environment": "production", "severity": "warning", "title": "t", "summary": "s"}
        | {"url": "https://e.example/1", "version": "1.2.3", "commit": "9f8e7d6c5b", "branch": "main", "run_id": 4711}
        | {"duration_s": 1.5, "error_rate": "0.04", "threshold": 0.01, "window": "5m", "fingerprint": "f"},
        actor="ana",
        target="api",
    )
    assert understood == Event(
        event_id=understood.event_id,
        event_type="deploy.completed",
        severity="warning",
        actor="ana",
        target="api",
        status="ok",
        occurred_at=datetime(2026, 11, 24, 7, 33, 43, 123456, UTC),
        service="api",
        environment="production",
        title="t",
        summary="s",
        url="https://e.example/1",
        version="1.2.3",
        commit="9f8e7d6c5b",
        branch="main",
        run_id="4711",
        duration_s=1.5,
        error_rate=0.04,
        threshold=0.01,
        window="5m",
        fingerprint="f",
    )


@pytest.mark.parametrize(
    ("event_type", "payload", "status", "severity"),
    [
        ("ci.passed", {"severity": "critical"}, "ok", "critical"),
        ("ci.passed", {"severity": " WARN "}, "ok", "warning"),
        ("ci.failed", {"severity": "fatal"}, "ok", "critical"),
        ("ci.failed", {"severity": "info"}, "error", "info"),
        ("ci.failed", {"severity": "very bad"}, "ok", "error"),
        ("ci.failed", {"severity": 5}, "ok", "error"),
        ("ci.passed", {}, "error", "error"),
        ("anything.at.all.failed", {}, "ok", "error"),
        ("backup.error", {}, "ok", "error"),
        ("error_rate.exceeded", {}, "ok", "error"),
        ("quota.exceeded", {}, "ok", "info"),
        ("deploy.rejected", {}, "ok", "warning"),
        ("deploy.started", {}, "ok", "info"),
        ("failed", "not an object", "ok", "error"),
        ("", {}, None, "info"),
    ],
)
def test_severity_is_given_or_derived(event_type: str, payload: object, status: str | None, severity: str) -> None:
    """The writer's severity counts; without a usable one, status and type decide."""
    assert event(event_type, payload, status=status).severity == severity


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("error_rate", "high", "high"),
        ("error_rate", -1, "-1"),
        ("error_rate", True, "true"),
        ("error_rate", float("nan"), "NaN"),
        ("duration_s", 10**400, "1" + "0" * 298 + "…"),
        ("duration_s", [1], "[1]"),
        ("url", "javascript:alert(1)", "javascript:alert(1)"),
        ("url", {"a": 1}, '{"a": 1}'),
        ("severity", "odd", "odd"),
        ("region", "eu", "eu"),
        ("empty", "", "–"),
        ("nothing", None, "–"),
        ("\x00", "x", "x"),
    ],
)
def test_what_is_not_understood_is_kept(key: str, value: object, text: str) -> None:
    """A value that its key cannot mean, and every unknown key, stands in `extra`."""
    assert [shown for _, shown in event("x.y", {key: value}).extra] == [text]


@pytest.mark.parametrize("key", ["title", "severity", "error_rate", "url"])
def test_an_empty_known_key_is_nothing(key: str) -> None:
    """A known key with null or an empty text is as if it were absent."""
    assert event("x.y", {key: None}).extra == event("x.y", {key: ""}).extra == ()


def test_a_text_may_be_written_as_any_json() -> None:
    """A title that is an object is shown as JSON."""
    assert event("x.y", {"title": {"a": [1, None]}}).title == '{"a": [1, null]}'


@pytest.mark.parametrize("payload", ["boom", 7, [1], True])
def test_a_payload_that_is_no_object_is_malformed(payload: object) -> None:
    """It is kept as it came."""
    understood = event("x.y", payload)
    assert understood.malformed
    assert understood.raw


def test_no_payload_is_not_malformed() -> None:
    """A row without a payload is an event that says no more than its type."""
    assert not event("x.y", None).malformed


@pytest.mark.parametrize("value", [None, "text", 5, []])
def test_what_is_no_row_is_a_malformed_event(value: object) -> None:
    """Even JSON that is no row at all becomes an event of unknown type."""
    understood = Event.from_json(value)
    assert (understood.event_type, understood.malformed) == ("unknown", True)


def test_what_json_cannot_write_is_named() -> None:
    """A payload nested too deeply, or holding what is no JSON, is still an event."""
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert event("x.y", deep).raw == event("x.y", {1, 2}).raw == "(a value that cannot be shown)"


def test_huge_payload_is_bounded() -> None:
    """A 100 kB text is cut, 400 keys are all counted."""
    understood = event("x.y", {"title": "x" * 100_000, **{f"key{number}": "v" * 1000 for number in range(400)}})
    assert len(understood.title or "") == 4000
    assert len(understood.extra) == 400


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2026-11-24T07:33:43Z", datetime(2026, 11, 24, 7, 33, 43, tzinfo=UTC)),
        ("2026-11-24T09:33:43+02:00", datetime(2026, 11, 24, 7, 33, 43, tzinfo=UTC)),
        ("2026-11-24 07:33:43", datetime(2026, 11, 24, 7, 33, 43, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", None),
        ("infinity", None),
        (1795505623, None),
        (None, None),
    ],
)
def test_time_is_aware_or_unknown(written: object, moment: datetime | None) -> None:
    """The row's time is read as UTC; one that cannot be read is unknown."""
    assert Event.from_json(row(created_at=written)).occurred_at == moment


@pytest.mark.parametrize(
    ("event_type", "thing", "what"), [("ci.failed", "ci", "failed"), ("a.b.c", "a", "b.c"), ("x", "x", "")]
)
def test_type_is_thing_and_what(event_type: str, thing: str, what: str) -> None:
    """The first dot parts the thing from what happened to it."""
    understood = event(event_type)
    assert (understood.thing, understood.what) == (thing, what)


def test_severities_are_ordered() -> None:
    """An error is at least a warning and not critical."""
    understood = event("ci.failed")
    assert understood.at_least("warning")
    assert not understood.at_least("critical")
