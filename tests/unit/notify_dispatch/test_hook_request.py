"""What is sent to GitHub and to a webhook, and what is never sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from hypothesis import given
from pydantic import HttpUrl, SecretStr, ValidationError

from notify_dispatch.hook_request import HookCall, HookRequest, HookUnusable, build, signature
from notify_dispatch.settings import DispatchSettings
from tests.unit.notify_dispatch.events import DELIVERY_ID, EVENT_ID, json_values
from tests.unit.notify_dispatch.hooks import DISPATCH, INPUTS, SECRET, WEBHOOK, WORKFLOW, call_of, described

NOW = 1_795_505_623
SENT = {
    "version": "1.2.3",
    "environment": "production",
    "reason": "hotfix",
    "requested_by": "U0ALICE001",
    "pulser_deploy_id": EVENT_ID,
}


def built(hook: dict[str, Any], secret: str = SECRET, **changed: Any) -> HookRequest:  # noqa: ANN401  it is JSON
    return build(call_of(hook, **changed), secret, github_api_url="https://api.github.com/", now=NOW)


def test_a_workflow_gets_its_inputs() -> None:
    """workflow_dispatch: the ref, the inputs as texts without empty ones, and the wish to know the run."""
    request = built(WORKFLOW)
    assert request.url == "https://api.github.com/repos/acme/shop/actions/workflows/deploy.yml/dispatches"
    assert json.loads(request.body) == {"ref": "main", "inputs": SENT, "return_run_details": True}


def test_a_repository_gets_the_same_as_a_payload() -> None:
    """repository_dispatch: what a workflow gets, with service and action."""
    request = built(DISPATCH)
    assert request.url == "https://api.github.com/repos/acme/shop/dispatches"
    told = {"action": "deploy", "service": "api", **SENT}
    assert json.loads(request.body) == {"event_type": "pulser-deploy", "client_payload": told}


def test_a_repository_gets_no_more_than_github_takes() -> None:
    """GitHub takes ten keys in a client_payload."""
    full = {**INPUTS, "approved_by": "U0BOB00001"}
    assert len(json.loads(built(DISPATCH, inputs=full).body)["client_payload"]) <= 10


@pytest.mark.parametrize("hook", [WORKFLOW, DISPATCH])
def test_github_gets_its_token_in_the_header(hook: dict[str, Any]) -> None:
    """The token stands in the Authorization header and nowhere else."""
    request = built(hook)
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert SECRET not in request.url + request.body.decode() + repr(request)


@pytest.mark.parametrize(
    ("secret", "key"),
    [("plain secret", b"plain secret"), ("whsec_" + base64.b64encode(b"\x00\xff raw").decode(), b"\x00\xff raw")],
)
def test_a_webhook_is_signed(secret: str, key: bytes) -> None:
    """As standard-webhooks says: v1, and the base64 of HMAC-SHA256 over id, time and the body as it is sent."""
    request = built(WEBHOOK, secret)
    signed = hmac.new(key, f"{DELIVERY_ID}.{NOW}.".encode() + request.body, hashlib.sha256).digest()
    assert request.headers["webhook-signature"] == f"v1,{base64.b64encode(signed).decode()}"
    assert (request.headers["webhook-id"], request.headers["webhook-timestamp"]) == (DELIVERY_ID, str(NOW))


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example that the specification's own libraries are tested with."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_webhook_gets_its_key() -> None:
    """The same key and body for each try, so that the other side knows a repetition."""
    first, second = built(WEBHOOK), built(WEBHOOK)
    assert (first.body, first.headers["Idempotency-Key"]) == (second.body, DELIVERY_ID)
    assert json.loads(first.body) == {"action": "deploy", "service": "api", **SENT}


def test_an_older_server_is_not_asked_for_the_run() -> None:
    """A GitHub that refused the wish gets the call without it."""
    request = build(call_of(WORKFLOW), SECRET, github_api_url="https://x.example", now=NOW, asks_for_details=False)
    assert json.loads(request.body) == {"ref": "main", "inputs": SENT}


@pytest.mark.parametrize(
    ("given_value", "sent"),
    [
        ({"user": "U1", "name": "alice"}, "alice"),
        ({"user": "U1"}, "U1"),
        (7, "7"),
        (True, "true"),
        ("\ud800", "\ud800"),
        (["a"], '["a"]'),
    ],
)
def test_every_input_is_a_text(given_value: object, sent: str) -> None:
    """GitHub's inputs are texts; a person becomes a name."""
    request = built(WORKFLOW, inputs={"requested_by": given_value})
    assert json.loads(request.body)["inputs"] == {"requested_by": sent}


@given(json_values)
def test_any_input_makes_a_request(value: object) -> None:
    """Whatever the ledger holds, the body is JSON in ASCII."""
    request = built(WEBHOOK, inputs={"reason": value})
    assert request.body.isascii()
    assert isinstance(json.loads(request.body), dict)


@pytest.mark.parametrize(
    "url",
    [
        "http://deployer.example/hook",
        "ftp://deployer.example",
        "https://user:pass@deployer.example",
        "https://deployer.example/a b",
        "https://deployer.example/\r\nX: y",
        "https://",
        "https://[::1",
        "http://127.0.0.1.evil.example/",
        "",
    ],
)
def test_no_secret_goes_to_an_unsafe_address(url: str) -> None:
    """Only https, or the loopback; no password in the address."""
    with pytest.raises(HookUnusable, match=r"hook\.webhook\.url"):
        call_of({**WEBHOOK, "url": url})


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/x", "http://localhost/x", "http://[::1]:9/x", "https://a.b/c"])
def test_the_loopback_needs_no_tls(url: str) -> None:
    """A stand-in on this machine is called as it is."""
    assert built({**WEBHOOK, "url": url}).url == url


@pytest.mark.parametrize(
    "changed",
    [
        {"repository": "acme"},
        {"repository": "../.."},
        {"repository": "acme/.."},
        {"repository": "acme/shop/../x"},
        {"workflow": "../../x"},
        {"workflow": "a/b"},
        {"workflow": ".."},
        {"ref": ""},
        {"secret": "slack_bot_token"},
        {"secret": "pulser_hook_"},
        {"secret": "pulser_hook_x y"},
        {"type": "ftp"},
        {"type": None},
    ],
)
def test_a_hook_that_is_none_is_refused(changed: dict[str, Any]) -> None:
    """What would lead elsewhere in GitHub's API makes no request."""
    with pytest.raises(HookUnusable):
        call_of({**WORKFLOW, **changed})


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, described({}), described(WORKFLOW, action="destroy")])
def test_a_call_that_is_none_is_refused(value: object) -> None:
    """An odd row of the ledger is the trouble of one delivery."""
    with pytest.raises(HookUnusable):
        HookCall.from_json(value)


@pytest.mark.parametrize("secret", ["", " \n", "gh\np_x", "schlüssel", "whsec_", "whsec_!!!", "whsec_abc"])
def test_a_secret_that_is_none_is_named_and_not_told(secret: str) -> None:
    """What cannot be a header, or is not the base64 that it claims to be."""
    with pytest.raises(HookUnusable, match="pulser_hook_shop") as raised:
        built(WEBHOOK, secret)
    assert not secret.strip() or secret == "whsec_" or secret not in str(raised.value)


def test_a_secret_with_a_line_break_at_its_end_is_used() -> None:
    """As it gets into Vault from a file."""
    assert built(WORKFLOW, f"{SECRET}\n").headers["Authorization"] == f"Bearer {SECRET}"


def _settings(url: str) -> DispatchSettings:
    return DispatchSettings(supabase_db_url=SecretStr("postgresql://nowhere"), github_api_url=HttpUrl(url))


def test_github_may_be_another_server() -> None:
    """An Enterprise Server, with a path."""
    settings = _settings("https://github.acme.example/api/v3")
    request = build(call_of(DISPATCH), SECRET, github_api_url=str(settings.github_api_url), now=NOW)
    assert request.url == "https://github.acme.example/api/v3/repos/acme/shop/dispatches"


def test_github_is_not_spoken_to_in_the_clear() -> None:
    """GITHUB_API_URL without TLS is refused, but on the loopback."""
    _settings("http://127.0.0.1:9/")
    with pytest.raises(ValidationError, match="must begin with https"):
        _settings("http://github.acme.example/")
