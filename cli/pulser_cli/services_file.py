"""The `services:` of `ssot/integrations/slack/pulser.yaml`: what may be said of a service, and what not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from pulser.blocks import safe_url
from pulser.permission import too_few_approvers


def _like(pattern: str, rule: str) -> AfterValidator:
    """A text of this shape; of any other, `rule` says what it must be (and nothing quotes it: it may be a secret)."""
    shape = re.compile(pattern)

    def check(text: str) -> str:
        if not shape.fullmatch(text):
            raise ValueError(f"must be {rule}")
        return text

    return AfterValidator(check)


# Typed in Slack after a command, shown in a menu (75 characters): so no white space, nothing that is markup, one case.
Name = Annotated[str, _like(r"[a-z0-9][a-z0-9._-]{0,74}", "lower case letters, digits and . _ - (75 at most)")]
Who = Annotated[str, _like(r"[USW][A-Z0-9]{4,20}", "a user's ID (U…) or a user group's (S…)")]
SecretName = Annotated[str, _like(r"pulser_hook_[a-z0-9_]{1,50}", "the name of a secret in Vault, pulser_hook_…")]
Repository = Annotated[str, _like(r"[A-Za-z0-9_.-]{1,39}/[A-Za-z0-9_.-]{1,100}", "owner/repository")]
Workflow = Annotated[str, _like(r"[A-Za-z0-9_.-]{1,100}\.ya?ml|[0-9]{1,20}", "a file name (deploy.yml) or a number")]
Ref = Annotated[str, _like(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,199}", "a branch or a tag")]
EventType = Annotated[str, _like(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "letters, digits and . _ -")]


def _is_web_page(url: str) -> str:
    if safe_url(url) is None:
        raise ValueError("must be an http(s) address without a user or a password")
    return url


def _is_private(url: str) -> str:
    """A hook's body is signed, not encrypted: only https leaves this machine."""
    parts = urlsplit(url)
    if safe_url(url) is None or not (parts.scheme == "https" or _is_loopback(parts.hostname or "")):
        raise ValueError("must be an https address (http only to 127.0.0.1, ::1 or localhost), without a password")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GithubWorkflow(_Strict):
    """Starts a workflow of GitHub Actions by workflow_dispatch."""

    type: Literal["github_workflow"]
    repository: Repository
    workflow: Workflow
    ref: Ref = "main"
    secret: SecretName


class GithubDispatch(_Strict):
    """Sends repository_dispatch to a repository on GitHub."""

    type: Literal["github_dispatch"]
    repository: Repository
    event_type: EventType
    secret: SecretName


class Webhook(_Strict):
    """Posts signed JSON to an address of one's own."""

    type: Literal["webhook"]
    url: Annotated[str, AfterValidator(_is_private)]
    secret: SecretName


Hook = Annotated[GithubWorkflow | GithubDispatch | Webhook, Field(discriminator="type")]


class FileService(_Strict):
    """A service that people can ask for in Slack, as `apply_services_v1` takes it."""

    service: Name
    environments: Annotated[tuple[Name, ...], Field(min_length=1, max_length=50)]
    approval_required: bool = True
    approvals: Annotated[int, Field(strict=True, ge=1, le=10)] = 1
    approvers: tuple[Who, ...] = ()
    deployers: tuple[Who, ...] = ()
    rollback_by: tuple[Who, ...] = ()
    runbook_url: Annotated[str, AfterValidator(_is_web_page)] | None = None
    escalation: Annotated[tuple[Who, ...], Field(max_length=19)] = ()
    deploy: Hook | None = None
    rollback: Hook | None = None

    @field_validator("environments", "approvers", "deployers", "rollback_by", "escalation")
    @classmethod
    def _none_twice(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        _refuse_twice(names)
        return names

    @model_validator(mode="after")
    def _says_nothing_in_vain(self) -> FileService:
        if self.approvers and not self.approval_required:
            raise ValueError("approvers approve nothing while approval_required is false")
        if self.approvals > 1 and not self.approval_required:
            raise ValueError("approvals are not asked for while approval_required is false")
        if self.approvals > max(1, len(self.approvers)) and not self._names_a_group:
            raise ValueError(f"approvals: {self.approvals} must approve, but approvers names {len(self.approvers)}")
        if self.deployers and not self.deploy:
            raise ValueError("deployers cannot deploy: there is no deploy hook")
        if self.rollback_by and not self.rollback:
            raise ValueError("rollback_by can roll nothing back: there is no rollback hook")
        return self

    @property
    def _names_a_group(self) -> bool:
        return any(it.startswith("S") for it in self.approvers)

    def to_json(self) -> dict[str, Any]:
        """The service as `apply_services_v1` takes it."""
        return self.model_dump(mode="json")

    def notes(self) -> list[str]:
        """What is allowed, but may surprise."""
        notes = []
        note = self._on_approvals() if self.deploy and self.approval_required else None
        if note:
            notes.append(f"{self.service}: {note}")
        if self.rollback and not self.rollback_by:
            notes.append(f"{self.service}: nobody can roll back, rollback_by is empty")
        return notes

    def _on_approvals(self) -> str | None:
        """Whose deploys would never be approved: such a request is refused. Of who is in a group nobody here knows."""
        if not self.approvers:
            return "nobody can approve a deploy, approvers is empty"
        refused = {it for it in self.approvers if too_few_approvers(it, self.approvers, self.approvals)}
        if self.deployers and refused.issuperset(self.deployers):
            return "no deploy can ever be approved: each of deployers is an approver, and the others are too few"
        if refused and self.approvals > 1:
            return "what an approver asks for, the other approvers are too few to approve, so it is refused"
        return None


def checked(services: Sequence[FileService]) -> None:
    """Raises ValueError when two services have one name."""
    _refuse_twice([it.service for it in services])


def _refuse_twice(names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"{twice[0]!r} occurs twice")
