from __future__ import annotations

import pytest

from pulser_local.gateway.api_key import ApiKeys
from pulser_local.gateway.refusals import Refusal, status_of
from pulser_local.gateway.signature import Signature, choose

ADD = Signature("ops.add(int, int)", ("a", "b"), ("integer", "integer"), defaults=1)
WHOLE = Signature("ops.add(jsonb)", ("",), ("jsonb",))
NAMED_JSON = Signature("ops.add(payload jsonb)", ("payload",), ("jsonb",))


@pytest.mark.parametrize(
    ("sqlstate", "role", "status"),
    [
        ("42501", "anon", 401),
        ("42501", "service_role", 403),
        ("53400", "service_role", 500),
        ("53300", "service_role", 503),
        ("P0001", "service_role", 400),
        ("P0002", "service_role", 500),
        ("PT429", "service_role", 429),
        ("PTabc", "service_role", 400),
        ("42883", "service_role", 404),
        ("22023", "service_role", 400),
    ],
)
def test_longest_match_decides_the_status(sqlstate: str, role: str, status: int) -> None:
    """A whole SQLSTATE goes before its class, PTxyz is its own status, all else is 400."""
    assert status_of(sqlstate, role=role) == status


@pytest.mark.parametrize(("arguments", "fits"), [((), False), (("a",), True), (("a", "b"), True), (("a", "c"), False)])
def test_call_needs_the_required_and_no_unknown_arguments(arguments: tuple[str, ...], fits: bool) -> None:  # noqa: FBT001
    """Parameters with a default may be left out, others may not be added."""
    assert ADD.accepts(arguments) is fits


def test_named_arguments_go_before_the_whole_body() -> None:
    """A body whose keys fit a function's names is not handed to the function that takes any body."""
    assert choose("ops", "add", ("a",), among=[WHOLE, ADD]) is ADD
    assert choose("ops", "add", ("x",), among=[WHOLE, ADD]) is WHOLE
    assert choose("ops", "add", None, among=[WHOLE, ADD]) is WHOLE


def test_array_is_no_call_without_arguments() -> None:
    """A body that is no object does not call a function that needs no arguments."""
    with pytest.raises(Refusal) as refused:
        choose("ops", "now", None, among=[Signature("ops.now()", (), ())])
    assert refused.value.status == 404


def test_named_json_parameter_is_no_whole_body() -> None:
    """Only an unnamed json parameter takes the body as it is."""
    assert not NAMED_JSON.takes_whole_body


def test_names_are_quoted_in_the_statement() -> None:
    """A name with a quote in it stays a name."""
    odd = Signature('ops.f("a""b" text)', ('a"b',), ("text",))
    assert 'as body ("a""b" text)' in odd.statement("ops", "f", ['a"b'])


def test_keys_are_not_shown() -> None:
    """The representation of the keys, as a log would have it, has no key in it."""
    assert "sesame" not in repr(ApiKeys("sesame", "sesame-anon"))


def test_empty_anonymous_key_admits_nobody() -> None:
    """Without an anonymous key an empty or any other key is refused."""
    for apikey in ("", "x"):
        with pytest.raises(Refusal):
            ApiKeys("sesame").role(apikey, None)


def test_token_decides_the_role() -> None:
    """With the service key in apikey, the anonymous token in Authorization makes the caller anonymous."""
    keys = ApiKeys("sesame", "guest")
    assert keys.role("sesame", "Bearer guest") == "anon"
    assert keys.role("sesame", "Basic whatever") == "service_role"
