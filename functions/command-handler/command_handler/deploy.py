"""`/pulser deploy`: opens the form. What becomes of the submitted form is action-handler's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Sequence
from typing import Final

import structlog

from command_handler import answer
from command_handler.answer import Answer, Json
from command_handler.command import Command, folded, nearest
from command_handler.status import unknown_service
from pulser.database import Database
from pulser.deploy_modal import DeployForm, can_be_offered, deploy_modal, has_room, phase_in_words
from pulser.envelope import Envelope
from pulser.errors import InDoubt, PulserError, SlackError
from pulser.groups import Groups
from pulser.permission import groups_to_check, permission, too_few_approvers
from pulser.slack import SlackApi

GROUPS_LIMIT = 0.8  # seconds for asking who is in a group: Slack takes a trigger for three
_EXPIRED: Final = frozenset({"expired_trigger_id", "trigger_expired", "invalid_trigger_id", "invalid_trigger"})
_EXCHANGED: Final = frozenset({"exchanged_trigger_id", "trigger_exchanged"})
_FILLERS: Final = frozenset({"to", "in", "on", "into", "@"})
_SHOWN = 3

log = structlog.get_logger()


class DeployCommand:
    """Looks the service up, asks who may, opens the form; says privately why not."""

    def __init__(self, ledger: Database, slack: SlackApi) -> None:
        self._ledger = ledger
        self._slack = slack
        self._groups = Groups(slack, GROUPS_LIMIT)

    async def answer(self, command: Command, envelope: Envelope, typed: str) -> Answer:
        """`typed`: how the command is called, "/pulser". Raises what the database raises."""
        policies, running = await asyncio.gather(
            self._ledger.call("list_services_v1"), self._ledger.call("running_deploys_v1", {"service": None})
        )
        offered = [it for it in policies if can_be_offered(it)]
        chosen = find(policies, command.argument(0))
        if not offered:
            return answer.note(_NOTHING, "refused", rows="0")
        if chosen is None and command.arguments:
            near = nearest(command.argument(0), [str(it["service"]) for it in offered])
            return unknown_service(command.argument(0), near, typed, "deploy")
        refusal = (await self._refusal(chosen, envelope)) if chosen else None
        if refusal:
            return refusal
        form = form_of(command, chosen)
        if not envelope.trigger_id:
            return _form_needs_a_command(form, typed)
        return await self._open(offered, form, running, envelope, typed)

    async def _refusal(self, policy: Json, envelope: Envelope) -> Answer | None:
        """Why this person does not get a form for this service; None when he does."""
        service, deployers = str(policy["service"]), policy["deployers"]
        if not can_be_offered(policy):
            text = f"I have not been told how to deploy *{answer.name(service)}*: it has no `deploy` in pulser.yaml."
            return answer.note(text, "refused", service=service)
        user = envelope.user_id or ""
        membership = await self._groups.membership(user, groups_to_check(user, deployers))
        allowed = permission(user, deployers, membership)
        if allowed in {"granted", "nobody"}:  # nobody is named: anybody may ask
            why = too_few_approvers(user, policy["approvers"], policy.get("approvals") or 1)
            return answer.note(why, "refused", service=service) if why and policy["approval_required"] else None
        if allowed == "unchecked":
            text = "I cannot find out just now whether you may deploy it: Slack does not tell who is in the group. "
            return answer.note(f"{text}Please type it again in a moment.", "failed", "group_not_known", service=service)
        text = f"Only {answer.people(deployers)} may deploy *{answer.name(service)}*."
        return answer.note(text, "refused", service=service)

    async def _open(
        self, offered: Sequence[Json], form: DeployForm, running: Sequence[Json], envelope: Envelope, typed: str
    ) -> Answer:
        busy = already(running, form.service)
        facts = {key: text for key, text in (("service", form.service), ("version", form.version)) if text}
        metadata = json.dumps({"channel": envelope.channel_id}, separators=(",", ":"))
        warning = "\n".join(it for it in (busy, _taken_for(form)) if it)
        view = deploy_modal(offered, form, warning=warning or None, metadata=metadata, running=running)
        try:
            await self._slack.call("views.open", trigger_id=envelope.trigger_id, view=view)
        except PulserError as error:
            return _not_opened(error, form, typed)
        said = f"{busy}\n{_OFFER}" if has_room(running, form.service) else busy
        return Answer(said, [answer.section(said)] if said else [], "form_opened", facts=facts)


def _taken_for(form: DeployForm) -> str:
    """What is no version and no environment: it may have been meant as one, and nobody looks for it at the reason."""
    return f"I took {answer.code_of(form.reason)} for the reason." if form.reason else ""


_OFFER = "The form offers to queue yours: it goes on when that one has ended."
_NOTHING = "No service is set up to be deployed from Slack. That is done under `services:` in pulser.yaml."


def find(policies: Iterable[Json], said: str) -> Json | None:
    """The service of this name; upper and lower case do not matter."""
    meant = folded(said)
    return next((it for it in policies if folded(str(it["service"])) == meant), None)


def form_of(command: Command, chosen: Json | None) -> DeployForm:
    """`deploy api 1.4.2 to production because of …`: version, environment and reason as far as they are there."""
    if chosen is None:
        return DeployForm()
    known = {folded(str(it)): str(it) for it in chosen["environments"]}
    version, environment = "", ""
    words = [*command.arguments[1:]]
    while words and not (version and environment):
        filled = 2 if len(words) > 1 and words[0].casefold() in _FILLERS and folded(words[1]) in known else 1
        word = words[filled - 1]
        if not environment and folded(word) in known:
            environment = known[folded(word)]
        elif not version:
            version = word
        else:
            break
        words = words[filled:]
    return DeployForm(str(chosen["service"]), version, environment, " ".join(words))


def already(running: Iterable[Json], service: str) -> str:
    """Who already deploys (that service, or anything when none is chosen), as mrkdwn; empty when nobody does."""
    told = [_busy(it) for it in running if not service or it["service"] == service]
    more = [f"… and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else []
    return "\n".join([*told[:_SHOWN], *more])


def _busy(deploy: Json) -> str:
    who, what = answer.person(deploy.get("requested")), answer.version(deploy.get("version"))
    since = answer.clock(deploy.get("since"))
    lasting = f" since {since}" if since else ""
    waiting = deploy.get("queued") or 0
    behind = f" {waiting} {'waits' if waiting == 1 else 'wait'} for its end." if waiting else ""
    told = {
        "requested": f"{who} already wants to deploy {answer.place(deploy)} {what}{lasting}; it waits for approval.",
        "approved": f"{who} already deploys {answer.place(deploy)} {what}{lasting}; it {phase_in_words(deploy)}.",
    }
    sentence = told.get(str(deploy.get("phase")), f"{who} already deploys {answer.place(deploy)} {what}{lasting}.")
    return f"{answer.BUSY} {sentence}{behind}"


def _typed_again(form: DeployForm, typed: str) -> str:
    parts = (typed, "deploy", form.service, form.version, form.environment, form.reason)
    return " ".join(it for it in parts if it)


def _form_needs_a_command(form: DeployForm, typed: str) -> Answer:
    words = _typed_again(form, typed)
    text = f"Slack lets me open the form only for a command. Please type {answer.code_of(words)}"
    return answer.note(text, "refused", service=form.service or None)


def _not_opened(error: PulserError, form: DeployForm, typed: str) -> Answer:
    """What is said when Slack did not open the form, or may not have."""
    reason = error.reason if isinstance(error, SlackError) else type(error).__name__
    log.warning("form_not_opened", reason=reason, error=str(error))
    words = _typed_again(form, typed)
    again = f"Please type {answer.code_of(words)} again."
    if reason in _EXPIRED:
        text = f"I was too slow: Slack opens a form only within three seconds. {again}"
    elif reason in _EXCHANGED or isinstance(error, InDoubt):
        text = f"The form should be open. If you do not see it: {again[0].lower()}{again[1:]}"
    else:
        text = f"Slack did not open the form ({answer.name(reason)}). {again}"
    return answer.note(text, "failed", reason, service=form.service or None)
