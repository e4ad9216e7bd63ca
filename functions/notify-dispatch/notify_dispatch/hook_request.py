"""A deploy hook as the HTTP request that calls it. Pure: the secret and the time are given.

GitHub knows no idempotency key; a webhook gets one, the same for each try, and is signed as standard-webhooks says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

_GITHUB_NAME = r"[A-Za-z0-9_.-]*[A-Za-z0-9_-][A-Za-z0-9_.-]*"  # not "." or "..", which lead elsewhere
Repository = Annotated[str, StringConstraints(pattern=rf"^{_GITHUB_NAME}/{_GITHUB_NAME}$", max_length=200)]
Workflow = Annotated[str, StringConstraints(pattern=rf"^{_GITHUB_NAME}$", max_length=200)]
# Of its own kind: no other secret of pulser's can be sent away by naming it in a hook.
SecretName = Annotated[str, StringConstraints(pattern=r"^pulser_hook_[a-z0-9_]{1,80}$")]
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_GITHUB_VERSION = "2022-11-28"
# Without it GitHub answers with nothing; a server that does not know it yet refuses the call (422).
RUN_DETAILS = "return_run_details"


class HookUnusable(ValueError):
    """The hook, or its secret, cannot be used as it is. The text says why and holds no secret."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class GithubWorkflow(_Strict):
    """`workflow_dispatch` of one workflow."""

    type: Literal["github_workflow"]
    repository: Repository
    workflow: Workflow
    ref: Annotated[str, StringConstraints(min_length=1, max_length=300)] = "main"
    secret: SecretName


class GithubDispatch(_Strict):
    """`repository_dispatch`: for all workflows that listen to `event_type`."""

    type: Literal["github_dispatch"]
    repository: Repository
    event_type: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    secret: SecretName


class Webhook(_Strict):
    """A signed POST to any server."""

    type: Literal["webhook"]
    url: Annotated[str, StringConstraints(max_length=2000)]
    secret: SecretName

    @field_validator("url")
    @classmethod
    def _is_safe(cls, url: str) -> str:
        if not is_safe_to_call(url):
            raise ValueError("must begin with https:// (http:// only on the loopback) and hold no user or password")
        return url


class HookCall(_Strict):
    """What claim_deliveries_v1 tells of a call: which hook, and what it is called for."""

    hook: Annotated[GithubWorkflow | GithubDispatch | Webhook, Field(discriminator="type")]
    service: str
    action: Literal["deploy", "rollback"]
    inputs: dict[str, Any] = Field(default_factory=dict)
    idempotency_key: str

    @classmethod
    def from_json(cls, value: object) -> Self:
        """Raises HookUnusable."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors(include_url=False))
            raise HookUnusable(f"the hook cannot be used: {wrong}"[:500]) from None

    @property
    def is_github(self) -> bool:
        """Whether GitHub is called, which knows no idempotency key: a call in doubt is not made again."""
        return not isinstance(self.hook, Webhook)

    @property
    def who(self) -> str:
        """Whom the call asks, for people."""
        return "GitHub" if not isinstance(self.hook, Webhook) else urlsplit(self.hook.url).hostname or "the webhook"

    @property
    def what(self) -> str:
        """What is called there, for people."""
        match self.hook:
            case GithubWorkflow(repository=repository, workflow=workflow):
                return f"workflow {workflow} of {repository}"
            case GithubDispatch(repository=repository):
                return f"repository {repository}"
            case Webhook():
                return "the webhook"


@dataclass(frozen=True, slots=True)
class HookRequest:
    """A POST. The headers hold the secret, or what it signed."""

    url: str
    body: bytes
    headers: dict[str, str] = field(repr=False)


def is_safe_to_call(url: str) -> bool:
    """Whether a secret may go there: https, or http on the loopback; no user or password in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    odd = not url.isascii() or not url.isprintable() or " " in url or "@" in parts.netloc
    return bool(host) and not odd and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK))


def build(call: HookCall, secret: str, *, github_api_url: str, now: int, asks_for_details: bool = True) -> HookRequest:
    """The request; `now` in seconds since the epoch. `asks_for_details`: GitHub shall name the run it started.

    Raises HookUnusable for a secret that is none.
    """
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable():
        raise HookUnusable(f"the secret {call.hook.secret} in Vault is not usable: it must be printable ASCII")
    match call.hook:
        case GithubWorkflow() as hook:
            body: dict[str, Any] = {"ref": hook.ref, "inputs": _inputs(call)}
            body |= {RUN_DETAILS: True} if asks_for_details else {}
            path = f"repos/{hook.repository}/actions/workflows/{hook.workflow}/dispatches"
            return _github(github_api_url, path, body, secret)
        case GithubDispatch() as hook:
            payload = _described(call)
            body = {"event_type": hook.event_type, "client_payload": payload}
            return _github(github_api_url, f"repos/{hook.repository}/dispatches", body, secret)
        case Webhook() as hook:
            return _webhook(hook, _bytes(_described(call)), call.idempotency_key, _key(hook, secret), now)


def _inputs(call: HookCall) -> dict[str, str]:
    """What the deploy needs to know, as texts; GitHub refuses what its workflow does not declare, so no empty ones."""
    told = {("pulser_deploy_id" if name == "deploy_id" else name): value for name, value in call.inputs.items()}
    return {name: _text(value) for name, value in told.items() if value not in (None, "", {}, [])}


def _described(call: HookCall) -> dict[str, str]:
    return {"action": call.action, "service": call.service} | _inputs(call)


def _text(value: object) -> str:
    """A person ({"user", "name"}) becomes a name; what is no text becomes JSON."""
    match value:
        case str():
            return value
        case {"name": str() as name} if name:
            return name
        case {"user": str() as user}:
            return user
    return json.dumps(value, ensure_ascii=False)


def _github(base: str, path: str, body: dict[str, Any], token: str) -> HookRequest:
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {token}",
        "X-GitHub-Api-Version": _GITHUB_VERSION,
    }
    return HookRequest(f"{base.rstrip('/')}/{path}", _bytes(body), headers | _COMMON)


_COMMON = {"Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "pulser"}


def _webhook(hook: Webhook, body: bytes, key: str, signing_key: bytes, now: int) -> HookRequest:
    headers = {
        "webhook-id": key,
        "webhook-timestamp": str(now),
        "webhook-signature": signature(signing_key, key, now, body),
        "Idempotency-Key": key,
    }
    return HookRequest(hook.url, body, headers | _COMMON)


def signature(key: bytes, message_id: str, now: int, body: bytes) -> str:
    """The `webhook-signature` of a message, as standard-webhooks says."""
    signed = hmac.new(key, f"{message_id}.{now}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _key(hook: Webhook, secret: str) -> bytes:
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        key = b""
    if not key:
        raise HookUnusable(f"the secret {hook.secret} in Vault begins with whsec_, but what follows is not base64")
    return key


def _bytes(body: dict[str, Any]) -> bytes:
    # ASCII, so that a lone surrogate in a text cannot break the request.
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode()
