"""The log: one JSON object a line, no secret on any, the bound ids on each."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretBytes, SecretStr

from pulser import logs
from pulser.errors import SlackInDoubt

SENTINEL = "sentinel4711secret"
SHAPES = [
    f"xoxb-123-{SENTINEL}",
    f"xoxp-{SENTINEL}",
    f"xoxe.xoxb-1-{SENTINEL}",
    f"xapp-1-A1-{SENTINEL}",
    f"sb_secret_ab-{SENTINEL}",
    f"eyJhbGciOi.eyJyb2xlIjo.{SENTINEL}",
    f"Bearer {SENTINEL}",
    f"postgresql://postgres:{SENTINEL}@127.0.0.1:5432/postgres",
    f"postgresql://postgres:p@ss-{SENTINEL}@db/postgres",
    f"https://:{SENTINEL}@proxy",
]

Log = structlog.typing.FilteringBoundLogger


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    """A logger that writes into the captured standard output."""
    assert capsys
    before, handlers = structlog.get_config(), logging.getLogger().handlers
    logs.configure("INFO")
    yield structlog.get_logger()
    structlog.configure(**before)
    logging.getLogger().handlers = handlers
    structlog.contextvars.clear_contextvars()


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The one line that was logged; it must be strict JSON."""
    line, rest = capsys.readouterr().out.split("\n")
    assert rest == ""
    parsed = json.loads(line, parse_constant=pytest.fail)
    assert isinstance(parsed, dict)
    return parsed


keys = st.one_of(st.text(), st.integers(), st.tuples(st.integers()))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(codec=None)),
    st.binary(),
    st.uuids(),
    st.datetimes(),
)
secrets = st.sampled_from(
    [SecretStr(SENTINEL), SecretBytes(SENTINEL.encode()), *SHAPES, *(f"said {it}, then left" for it in SHAPES)]
)
values = st.recursive(
    scalars | secrets,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner) | st.sets(st.integers()),
    max_leaves=12,
)


@given(value=values, secret=secrets, path=st.lists(st.sampled_from(["list", "dict", "tuple", "key"]), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_secret_passes_anywhere(
    log: Log, capsys: pytest.CaptureFixture[str], value: object, secret: object, path: list[str]
) -> None:
    """Wherever a secret stands in a nested value, the line is one JSON object without it."""
    for step in path:
        secret = {"list": [1, secret], "dict": {"a": secret}, "tuple": (secret,), "key": {str(secret): 1}}[step]
    log.info("said", value=value, secret=secret)
    assert SENTINEL not in json.dumps(written(capsys))


@pytest.mark.parametrize("text", SHAPES)
def test_a_token_is_known_by_its_shape_in_the_event(log: Log, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A token in the middle of a message is replaced, the words around it stay."""
    log.info(f"before {text} after")
    event = written(capsys)["event"]
    assert SENTINEL not in event
    assert event.startswith("before ")
    assert event.endswith((" after", "/postgres after", "proxy after"))


@pytest.mark.parametrize("text", SHAPES)
def test_a_token_in_a_positional_argument_is_replaced(log: Log, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """What is formatted into the message is redacted with it."""
    log.info("said %s", text)
    assert SENTINEL not in written(capsys)["event"]


def _break(text: str) -> None:
    raise ConnectionResetError(f"cause {text}")


def _raise_chained(text: str) -> None:
    try:
        _break(text)
    except ConnectionResetError as error:
        raise SlackInDoubt("connection_lost", f"effect {text}") from error


@pytest.mark.parametrize("text", SHAPES)
def test_a_traceback_shows_no_token(log: Log, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """A logged exception and its cause stand in the line, without their tokens."""
    try:
        _raise_chained(text)
    except SlackInDoubt:
        log.exception("failed")
    trace = written(capsys)["exception"]
    assert "ConnectionResetError: cause " in trace
    assert SENTINEL not in trace


@pytest.mark.parametrize("text", SHAPES)
def test_an_exception_as_a_value_shows_no_token(log: Log, capsys: pytest.CaptureFixture[str], text: str) -> None:
    """An error that is logged as a value becomes its redacted text."""
    log.info("failed", error=ValueError(f"wrong: {text}"))
    error = written(capsys)["error"]
    assert error.startswith("wrong: ")
    assert SENTINEL not in error


def test_bound_ids_stand_on_each_line(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids that are bound for a while stand on each line of that while and on none after it."""
    with structlog.contextvars.bound_contextvars(delivery_id="d-1", event_id="e-1"):
        log.info("first")
        log.info("second")
    log.info("third")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [it.get("delivery_id") for it in lines] == ["d-1", "d-1", None]
    assert [it.get("event_id") for it in lines] == ["e-1", "e-1", None]


def test_a_bound_secret_does_not_pass(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """What is bound is redacted like what is said."""
    with structlog.contextvars.bound_contextvars(token=SecretStr(SENTINEL)):
        log.info("said")
    assert written(capsys)["token"] == logs.REDACTED


def test_a_line_has_its_time_and_level(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line says when in UTC, and how bad it is."""
    log.warning("said")
    line = written(capsys)
    assert line["level"] == "warning"
    assert line["timestamp"].endswith("Z")


def test_lines_below_the_level_are_not_written(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """At INFO there is no debug line."""
    log.debug("said")
    assert capsys.readouterr().out == ""


class Unprintable:
    """A thing whose text cannot be had."""

    def __str__(self) -> str:
        """Fails."""
        raise RuntimeError(SENTINEL)


circle: list[object] = []
circle.append(circle)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("nan"), "nan"),
        (float("inf"), "inf"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (b"\xff", "b'\\xff'"),
        ("\ud800", "\\ud800"),
        (Unprintable(), "<Unprintable whose text cannot be had: RuntimeError>"),
        ({("a", 1): 2}, {"('a', 1)": 2}),
        ((1, 2), [1, 2]),
    ],
    ids=["nan", "inf", "uuid", "bytes", "half a surrogate", "no text", "odd key", "tuple"],
)
def test_what_is_no_json_becomes_its_text(
    log: Log, capsys: pytest.CaptureFixture[str], value: object, shown: object
) -> None:
    """A value that JSON does not have is shown as text, and the line holds."""
    log.info("said", value=value)
    assert written(capsys)["value"] == shown


def test_a_circle_is_cut(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """A list that holds itself ends after some levels."""
    log.info("said", value=circle)
    assert "[[...]]" in json.dumps(written(capsys)["value"])


def test_an_event_with_line_breaks_is_one_line(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Line breaks in what is logged do not make two lines of one."""
    log.info("one\ntwo", value="three\r\nfour")
    assert written(capsys)["event"] == "one\ntwo"


def test_typographic_characters_stay_readable(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """Text is written as it is, not as escapes."""
    log.info("größer → 🚀")
    assert "größer → 🚀" in capsys.readouterr().out


def test_a_logger_follows_standard_output(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    """A logger that was used before standard output was replaced writes into the new one."""
    log.info("before")
    with capsys.disabled():
        pass
    log.info("after")
    assert "after" in capsys.readouterr().out


@pytest.mark.usefixtures("log")
def test_a_library_s_warning_is_a_line_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    """What goes through the standard library's logging is JSON and redacted too."""
    logging.getLogger("some.library").warning("cannot use %s", "xoxb-1234-secret")
    line = json.loads(capsys.readouterr().out)
    assert (line["event"], line["logger"]) == (f"cannot use {logs.REDACTED}", "some.library")


@pytest.mark.usefixtures("log")
def test_a_library_s_traceback_shows_no_token(capsys: pytest.CaptureFixture[str]) -> None:
    """The framework logs a crash with its traceback, on one line."""
    try:
        int("xoxb-1234-secret")
    except ValueError:
        logging.getLogger("some.library").exception("crash")
    (line,) = capsys.readouterr().out.splitlines()
    assert "ValueError" in json.loads(line)["exception"]
    assert "secret" not in line
