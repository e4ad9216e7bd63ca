"""action-handler, step by step: read the action, look up what it depends on, decide, tell the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from action_handler import notes
from action_handler.action import DeploySubmission, Nothing, Press, SilencePress, read_action
from action_handler.decide import Decision, Situation, decide
from action_handler.deploy_request import Asked, answer_request
from action_handler.policy import Policy, named, needs_policy
from action_handler.silence import begin, not_obeyed
from action_handler.zones import Zones
from pulser import process
from pulser.button_value import BadValue, ButtonValue, ForgedValue, read
from pulser.card import Card
from pulser.database import Database, connect
from pulser.deploy_modal import read_deploy_form, running_at
from pulser.envelope import Envelope
from pulser.groups import Groups
from pulser.handling import HandlerService
from pulser.handling_health import handler_checks
from pulser.permission import Membership, groups_to_check
from pulser.settings import Settings
from pulser.settlement import AuditEvent, Briefing, CardChange, Reply, Settlement
from pulser.silence import read_silence
from pulser.slack import SlackApi
from pulser.snooze import UNTIL_NINE
from pulser.vault import Vault

FUNCTION = "action-handler"
BUTTON_KEY = "pulser_button_key"
Value = TypeVar("Value")
# The SQL functions that this handler calls, beside those of every handler: a test compares.
CALLS: Final = ("card_for_event_v1", "list_silences_v1", "running_deploys_v1", "service_policy_v1")


def service_from_environment() -> HandlerService:
    """Raises pydantic.ValidationError, which names the variable that is missing or wrong."""
    settings = Settings()
    ledger = connect(settings)
    process.begin(settings.pulser_log_level)
    return service_of(ledger, str(settings.slack_api_url), settings.pulser_drain_seconds)


def service_of(ledger: Database, slack_api_url: str, drain_seconds: float = 50.0) -> HandlerService:
    """The function on this ledger and this Slack."""
    vault = Vault(ledger)
    slack = SlackApi(vault, slack_api_url)
    handle = Actions(ledger, vault, Groups(slack), Zones(slack))
    return HandlerService(
        FUNCTION,
        ledger,
        vault,
        slack,
        handle,
        lambda: handler_checks(ledger, vault, BUTTON_KEY, calls=CALLS),
        drain_seconds=drain_seconds,
    )


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Actions:
    """Makes a settlement of an envelope. Changes nothing itself; raises PulserError when something cannot be asked."""

    ledger: Database
    vault: Vault
    groups: Groups
    zones: Zones
    clock: Callable[[], datetime] = _now

    async def __call__(self, envelope: Envelope, answer_by: float) -> Settlement:
        """All effects of the envelope."""
        del answer_by  # the deploy modal's errors are a reply when they come too late for the ack
        match read_action(envelope):
            case Press() as press:
                return await self._press(press, envelope)
            case DeploySubmission() as submission:
                return await self._submit(submission, envelope)
            case SilencePress() as press:
                return await self._silence(press, envelope)
            case Nothing() as nothing:
                return _nothing(nothing, envelope)

    async def _press(self, press: Press, envelope: Envelope) -> Settlement:
        try:
            value = await self._read(lambda key: read(press.value, key, press.action_id))
        except BadValue as error:
            return _refuse(press, envelope, Decision("refused", f"{error.reason}_value", notes.bad_value(error.reason)))
        found = await self.ledger.call("card_for_event_v1", {"event_id": value.event_id})
        if found is None:
            decision = Decision("refused", "unknown_event", notes.unknown_event())
            return _refuse(press, envelope, decision, about={"card_id": value.event_id})
        card = Card.from_json(found)
        policy, membership = await self._permission(press, card)
        zone = await self._zone(press, value, card)
        situation = Situation(
            press,
            card,
            policy,
            membership,
            self.clock(),
            value.release,
            choice=value.choice,
            zone=zone,
            plan=value.plan,
            running=await self._running(press, card),
        )
        decision = decide(situation)
        if decision.outcome != "done":
            return _refuse(press, envelope, decision, card.service, _facts(card))
        return _carry_out(press, card, decision, envelope)

    async def _silence(self, press: SilencePress, envelope: Envelope) -> Settlement:
        """A press of one's own fresh preview begins the silence; a second one finds it."""
        try:
            asked = await self._read(lambda key: read_silence(press.value, key))
        except BadValue as error:
            return not_obeyed(error, envelope)
        found = await self.ledger.call("list_silences_v1", {"filter": {"silence_id": asked.silence_id}})
        return begin(press, asked, found[0] if found else None, self.clock(), envelope)

    async def _read(self, reading: Callable[[str], Value]) -> Value:
        """The button's value. A key that was changed in Vault works at once. Raises BadValue."""
        key = await self.vault.read(BUTTON_KEY)
        try:
            return reading(key.get_secret_value())
        except ForgedValue:
            newer = await self.vault.read(BUTTON_KEY, anew=True)
            return reading(newer.get_secret_value())

    async def _permission(self, press: Press, card: Card) -> tuple[Policy | None, Membership]:
        """The service's policy and the person's groups, as far as the action asks for a permission."""
        if not needs_policy(press.verb) or card.service is None:
            return None, Membership()
        policy = Policy.from_json(await self._policy(card.service))
        groups = groups_to_check(press.user, named(press.verb, policy, is_queued=card.phase == "queued"))
        return policy, await self.groups.membership(press.user, groups)

    async def _zone(self, press: Press, value: ButtonValue, card: Card) -> ZoneInfo | None:
        """Where the person is, as far as it matters: 9:00 is at another time in each zone."""
        matters = press.verb == "snooze" and value.choice == UNTIL_NINE and card.phase == "open"
        return await self.zones.zone_of(press.user) if matters else None

    async def _running(self, press: Press, card: Card) -> Mapping[str, Any] | None:
        """The deploy that is in the way of this one. A request that is stored (version 1 and more) is that itself."""
        may_begin = press.verb == "approve" and card.kind == "deploy" and card.version == 0
        if not may_begin or card.service is None or card.environment is None:
            return None
        running = await self.ledger.call("running_deploys_v1", {"service": card.service})
        return running_at(card.service, card.environment, running)

    async def _submit(self, submission: DeploySubmission, envelope: Envelope) -> Settlement:
        form = read_deploy_form(submission.view)
        policy, running = None, []
        if form.service:
            policy, running = await asyncio.gather(
                self._policy(form.service), self.ledger.call("running_deploys_v1", {"service": form.service})
            )
        parsed = Policy.from_json(policy)
        groups = groups_to_check(submission.user, parsed.deployers) if parsed else []
        membership = await self.groups.membership(submission.user, groups)
        return answer_request(Asked(submission, form, policy, running, membership, self.clock()), envelope)

    async def _policy(self, service: str) -> dict[str, Any] | None:
        policy: dict[str, Any] | None = await self.ledger.call("service_policy_v1", {"service": service})
        return policy


def _carry_out(press: Press, card: Card, decision: Decision, envelope: Envelope) -> Settlement:
    return Settlement(
        events=[
            AuditEvent(decision.event_type, card.service, {**_facts(card), **decision.facts, "action": press.verb})
        ],
        card=CardChange(
            card.card_id,
            card.version,
            card.kind,
            card.service,
            card.environment,
            decision.phase,
            decision.state,
            card.release,
        ),
        approval=decision.vote,
        hooks=[decision.hook] if decision.hook else [],
        briefing=Briefing(envelope.channel_id) if decision.briefs else None,
    )


def _refuse(
    press: Press,
    envelope: Envelope,
    decision: Decision,
    service: str | None = None,
    about: Mapping[str, Any] = MappingProxyType({}),
) -> Settlement:
    """Nothing changes; the person is told why, and the audit too. `about`: what is known of the card."""
    forged = decision.reason in {"forged_value", "unreadable_value"}
    told = {"action": press.verb, "outcome": decision.outcome, "reason": decision.reason}
    severity = {"severity": "warning" if forged else "info"}
    return Settlement(
        events=[AuditEvent("slack.action", service, {**about, **severity, **told})],
        reply=Reply.private(envelope, decision.note or notes.NOTHING_CHANGED),
    )


def _nothing(nothing: Nothing, envelope: Envelope) -> Settlement:
    told = {"severity": "info", "action": nothing.what, "reason": nothing.reason}
    outcome = {"outcome": "refused" if nothing.refused else "none"}
    return Settlement(
        events=[AuditEvent("slack.action", payload={**told, **outcome})],
        reply=Reply.private(envelope, notes.unknown_action()) if nothing.reason == "unknown_action" else None,
    )


def _facts(card: Card) -> dict[str, Any]:
    """What each event says of the card."""
    of_deploy = {"deploy_id": card.card_id} if card.kind == "deploy" else {}
    return {
        "severity": "info",
        "card_id": card.card_id,
        **of_deploy,
        "service": card.service,
        "environment": card.environment,
        "version": card.release,
    }
