from __future__ import annotations

import pytest

from pulser_local.gateway.api_key import ApiKeys
from pulser_local.gateway.body import read_body
from pulser_local.gateway.refusals import Refusal, status_of
from pulser_local.gateway.signature import Signature, choose
from pulser_local.gateway.token import role_of_token, signed_token

ADD = Signature(("a", "b"), ("integer", "integer"), defaults=1)
WHOLE = Signature(("",), ("jsonb",))
NAMED_JSON = Signature(("payload",), ("jsonb",))


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


@pytest.mark.parametrize("raw", [b"[1]", b'[{"a": 1}, {"b": 2}]', b'[{"a": 1}, 2]'])
def test_an_array_of_other_than_like_objects_is_refused(raw: bytes) -> None:
    """PostgREST looks for the names in each member."""
    with pytest.raises(Refusal, match="All object keys must match"):
        read_body(raw)


def test_a_call_with_an_array_of_objects_takes_the_first() -> None:
    """And a function that takes the whole body has all of it."""
    body = read_body(b'[{"a": 1}, {"a": 2}]')
    assert (body.names, body.named_text, body.text) == (("a",), '{"a": 1}', '[{"a": 1}, {"a": 2}]')


def test_named_json_parameter_is_no_whole_body() -> None:
    """Only an unnamed json parameter takes the body as it is."""
    assert not NAMED_JSON.takes_whole_body


def test_names_are_quoted_in_the_statement() -> None:
    """A name with a quote in it stays a name."""
    odd = Signature(('a"b',), ("text",))
    assert 'as body ("a""b" text)' in odd.statement("ops", "f", ['a"b'], max_rows=1)


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


SECRET, ANOTHER = "a-secret-of-the-project-of-32-bytes", "another-one-that-is-as-long-as-it"
KEYS = ApiKeys("sb_secret_sesame", "sb_publishable_guest", SECRET)
SERVICE, ANON, USER = (signed_token(role, SECRET) for role in ("service_role", "anon", "authenticated"))


@pytest.mark.parametrize(
    ("apikey", "authorization", "role"),
    [
        ("sb_secret_sesame", None, "service_role"),
        ("sb_secret_sesame", "Bearer sb_secret_sesame", "service_role"),
        ("sb_secret_sesame", f"Bearer {USER}", "authenticated"),
        ("sb_publishable_guest", None, "anon"),
        ("sb_publishable_guest", f"Bearer {USER}", "authenticated"),
        (SERVICE, None, "service_role"),
        (SERVICE, f"Bearer {SERVICE}", "service_role"),
        (SERVICE, "Bearer ", "service_role"),
        (ANON, f"Bearer {ANON}", "anon"),
        (ANON, f"Bearer {USER}", "authenticated"),
        (ANON, f"Bearer {SERVICE}", "service_role"),
    ],
)
def test_both_kinds_of_keys_are_taken(apikey: str, authorization: str | None, role: str) -> None:
    """`apikey` alone is enough; a user's token in Authorization goes before it; a new key may be repeated there."""
    assert KEYS.role(apikey, authorization) == role


@pytest.mark.parametrize(
    ("apikey", "authorization", "code"),
    [
        ("sb_secret_other", None, None),
        (USER, None, None),  # what a user has is no key of the project
        (signed_token("service_role", ANOTHER), None, None),
        (None, f"Bearer {SERVICE}", None),
        ("sb_secret_sesame", "Bearer sb_publishable_guest", "PGRST301"),
        ("sb_publishable_guest", "Bearer sb_secret_sesame", "PGRST301"),
        (ANON, f"Bearer {signed_token('service_role', ANOTHER)}", "PGRST301"),
        (ANON, "Bearer a.b.c", "PGRST301"),
        (ANON, "Bearer x", "PGRST301"),
        (ANON, f"Bearer {signed_token('service_role', SECRET, expires=1)}", "PGRST303"),
    ],
)
def test_a_wrong_key_or_token_is_401(apikey: str | None, authorization: str | None, code: str | None) -> None:
    """The front door's refusals have no code; PostgREST's have."""
    with pytest.raises(Refusal) as refused:
        KEYS.role(apikey, authorization)
    assert (refused.value.status, refused.value.body.get("code")) == (401, code)


def test_no_token_makes_somebody_the_superuser() -> None:
    """The role authenticator may become three roles, whoever signs."""
    with pytest.raises(Refusal) as refused:
        role_of_token(signed_token("postgres", SECRET), SECRET, now=0)
    assert (refused.value.status, refused.value.body["code"]) == (403, "42501")


def test_a_token_that_says_it_needs_no_signature_is_refused() -> None:
    """`alg: none` is no way in, signed with nothing or with the empty secret."""
    for secret in ("", SECRET):
        with pytest.raises(Refusal):
            role_of_token("eyJhbGciOiJub25lIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.", secret, now=0)
