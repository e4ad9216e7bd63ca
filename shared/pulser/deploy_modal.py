"""The modal in which a person asks for a deploy: drawn, read and checked. Pure.

Its inputs carry the names of the form's fields, as block_id and as action_id; an error is told by the same name.
Policies and running deploys are JSON as `list_services_v1`, `service_policy_v1` and `running_deploys_v1` give it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pulser.blocks import clean, fit, one_line, plain
from pulser.card import moment

CALLBACK_ID = "pulser_deploy"
SERVICE, VERSION, ENVIRONMENT, REASON, QUEUE = "service", "version", "environment", "reason", "queue"
QUEUE_LENGTH = 5  # deploys that wait for one; the ledger takes no more

VERSION_LENGTH, REASON_LENGTH = 100, 500
_LABEL, _OPTION_TEXT, _OPTION_VALUE, _OPTIONS, _ERROR = 24, 75, 150, 100, 300
_METADATA = 3000
_SHOWN_NAMES = 5
_QUEUE_IT, _ASK_AGAIN = "queue", "ask_again"
# It is handed to a deploy hook, where a shell may meet it: nothing but what tags, branches and commits are made of.
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/@-]*")
_PHASES = {"requested": "waits for approval", "started": "is under way"}

Json = Mapping[str, Any]  # an object as json.loads gives it


@dataclass(frozen=True, slots=True)
class DeployForm:
    """What is asked for, as far as it is known; an empty text is a field that nobody has filled in."""

    service: str = ""
    version: str = ""
    environment: str = ""
    reason: str = ""
    queue: str = ""

    @property
    def wants_to_queue(self) -> bool:
        """Whether it may wait for its turn where another deploy is under way."""
        return self.queue == _QUEUE_IT


def deploy_modal(
    services: Sequence[Json],
    form: DeployForm,
    *,
    warning: str | None = None,
    metadata: str = "",
    running: Sequence[Json] = (),
) -> dict[str, Any]:
    """The view for views.open: `form` is filled in already, `warning` (mrkdwn) stands above, `metadata` comes back.

    `running`: what is under way; where one can be waited for, the form asks whether to.
    Offers the services that can be deployed. With no such service there is no modal: ValueError.
    """
    offered = [it for it in services if can_be_offered(it)]
    if not offered:
        raise ValueError("no service can be deployed")
    if len(metadata) > _METADATA:
        raise ValueError(f"private_metadata is longer than {_METADATA} characters")
    chosen = next((it for it in offered if it["service"] == form.service), None)
    inputs = [
        _input(SERVICE, "Service", _select(form.service, [("", [str(it["service"]) for it in offered])])),
        _input(VERSION, "Version", _text(form.version, VERSION_LENGTH), "A tag, a branch or a commit, such as v1.4.2"),
        _input(ENVIRONMENT, "Environment", _select(_environment(form, chosen), _environments(offered, chosen))),
        _input(
            REASON, "Reason", _text(form.reason, REASON_LENGTH, multiline=True), "Everybody in the channel reads it"
        ),
    ]
    if has_room(running, form.service):
        place = replace(form, environment=_environment(form, chosen))
        select = _queue_select(place, is_busy=running_of(place, running) is not None)
        inputs.append(_input(QUEUE, "If one is under way", select, "Those that wait go one by one"))
    return {
        "type": "modal",
        "callback_id": CALLBACK_ID,
        "title": _plain("Deploy", _LABEL),
        "submit": _plain("Request deploy", _LABEL),
        "close": _plain("Cancel", _LABEL),
        "private_metadata": metadata,
        "blocks": ([_warning(warning)] if warning else []) + inputs,
    }


def has_room(running: Iterable[Json], service: str) -> bool:
    """Whether one of these deploys (of that service, or of any when none is chosen) can be waited for."""
    return any((it.get("queued") or 0) < QUEUE_LENGTH for it in running if not service or it["service"] == service)


def can_be_offered(policy: Json) -> bool:
    """Whether the modal offers the service: there is a way to deploy it somewhere, and its name fits into a menu."""
    return bool(policy["can_deploy"]) and bool(_own_environments(policy)) and len(policy["service"]) <= _OPTION_VALUE


def read_deploy_form(view: Json) -> DeployForm:
    """What the submitted view says. Of anything that is not there, or no text, the field is empty; never raises."""
    state = view.get("state")
    values = state.get("values") if isinstance(state, Mapping) else None
    values = values if isinstance(values, Mapping) else {}
    return DeployForm(
        **{field: _typed(values.get(field), field) for field in (SERVICE, VERSION, ENVIRONMENT, REASON, QUEUE)}
    )


def validate(form: DeployForm, policy: Json | None, running: Iterable[Json], now: datetime) -> dict[str, str]:
    """What is wrong, by field, for the ack's `errors`; empty when the deploy can be asked for.

    `policy` is None when there is no such service; `running` are the deploys of the service that have not ended.
    Who may ask is not looked at here.
    """
    told = {
        SERVICE: _wrong_service(form, policy),
        VERSION: _wrong_version(form.version),
        ENVIRONMENT: _wrong_environment(form, policy) if policy else None,
        REASON: None if form.reason else "Say in a few words why.",
    }
    if policy and not told[ENVIRONMENT]:
        told |= _occupied(form, running, now)
    return {field: fit(error, _ERROR) for field, error in told.items() if error}


def running_in_words(deploy: Json, now: datetime) -> str:
    """ "bob asked for 1.4.2 in production 2 min ago; it waits for approval", one line, not escaped.

    For plain text, in which Slack shows nobody's own clock.
    """
    asked = deploy.get("requested") or {}
    who = plain(str(asked.get("name") or asked.get("user") or "somebody"), 60)
    version, environment = plain(str(deploy.get("version") or "?"), 60), plain(str(deploy.get("environment")), 60)
    return f"{who} asked for {version} in {environment}{_ago(asked.get('at'), now)}; it {phase_in_words(deploy)}"


def phase_in_words(deploy: Json) -> str:
    """ "waits for approval", "is about to start": what follows "it"."""
    phase = str(deploy.get("phase"))
    if phase != "approved":
        return _PHASES.get(phase, f"is {phase}")
    if deploy.get("hook") == "accepted":
        return "was accepted by the deploy hook"
    return "is about to start" if deploy.get("decision") == "not_needed" else "is approved and about to start"


def running_of(form: DeployForm, running: Iterable[Json]) -> Json | None:
    """The deploy of the form's service and environment that is under way."""
    return running_at(form.service, form.environment, running)


def running_at(service: str, environment: str, running: Iterable[Json]) -> Json | None:
    """The deploy of this service and environment that is under way."""
    place = (service, environment)
    return next((it for it in running if (it.get("service"), it.get("environment")) == place), None)


def _wrong_service(form: DeployForm, policy: Json | None) -> str | None:
    if not form.service:
        return "Choose a service."
    if policy is None:
        return f"There is no service {plain(form.service, 80)} any more. Close this and type /pulser deploy again."
    return None if policy["can_deploy"] else f"pulser has not been told how to deploy {plain(form.service, 80)}."


def is_version(text: str) -> bool:
    """Whether this can be handed to a hook: a tag, a branch or a commit, and nothing that a shell would obey."""
    return _VERSION.fullmatch(text) is not None


def _wrong_version(version: str) -> str | None:
    if not version:
        return "Say which version: a tag, a branch or a commit."
    if len(version) > VERSION_LENGTH:
        return f"A version has at most {VERSION_LENGTH} characters."
    if is_version(version):
        return None
    return "A version is made of letters, digits and . _ - + / @ and begins with a letter or a digit."


def _wrong_environment(form: DeployForm, policy: Json) -> str | None:
    known = [str(it) for it in policy["environments"]]
    if form.environment in known:
        return None
    has = ", ".join(plain(it, 60) for it in known[:_SHOWN_NAMES]) or "no environment"
    more = f" and {len(known) - _SHOWN_NAMES} more" if len(known) > _SHOWN_NAMES else ""
    if not form.environment:
        return f"Choose an environment: {has}{more}."
    return f"{plain(form.service, 80)} has {has}{more}, not {plain(form.environment, 60)}."


def _occupied(form: DeployForm, running: Iterable[Json], now: datetime) -> dict[str, str]:
    """Two deploys of one service into one environment at once are refused (the ledger refuses them too): on the field
    that helps.
    """
    deploy = running_of(form, running)
    if deploy is None:
        return {}
    told, waiting = running_in_words(deploy, now), deploy.get("queued") or 0
    if waiting >= QUEUE_LENGTH:
        full = f"{told}. {waiting} wait for their turn already: wait until one has ended."
        return {ENVIRONMENT: full}
    if form.wants_to_queue:
        return {}
    if form.queue:
        return {QUEUE: f"{told}. Choose here to queue it, or wait until it has ended."}
    again = f"{told}. Type /pulser deploy again to queue it, or wait until it has ended."
    return {ENVIRONMENT: again}


def _ago(at: object, now: datetime) -> str:
    """ " 4 min ago"; empty where it is not known."""
    asked = moment(at)
    if asked is None:
        return ""
    minutes = int((now - asked).total_seconds() // 60)
    if minutes < 1:
        return " just now"
    told = f"{minutes} min" if minutes < 120 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
    return f" {told} ago"


def _typed(block: object, action_id: str) -> str:
    element = block.get(action_id) if isinstance(block, Mapping) else None
    if not isinstance(element, Mapping):
        return ""
    option = element.get("selected_option")
    value = option.get("value") if isinstance(option, Mapping) else element.get("value")
    return clean(value).strip() if isinstance(value, str) else ""


def _environment(form: DeployForm, chosen: Json | None) -> str:
    """The environment to begin with: the one asked for, or the only one there is. Never a guess among several."""
    if form.environment or chosen is None:
        return form.environment
    own = _own_environments(chosen)
    return own[0] if len(own) == 1 else ""


def _own_environments(policy: Json) -> list[str]:
    return [str(it) for it in policy["environments"] if len(str(it)) <= _OPTION_VALUE]


def _environments(offered: Sequence[Json], chosen: Json | None) -> list[tuple[str, list[str]]]:
    """(label, names): those of the chosen service first, for the choice of the service can still be changed."""
    own = _own_environments(chosen) if chosen else []
    every = list(dict.fromkeys(it for policy in offered for it in _own_environments(policy)))
    others = [it for it in every if it not in own]
    if not chosen:
        return [("", others)]
    name = str(chosen["service"])
    groups = [(one_line(f"Of {name}"), own), ("Of other services", others)]
    return [(label, names) for label, names in groups if names]


def _select(initial: str, groups: Sequence[tuple[str, list[str]]]) -> dict[str, Any]:
    """A menu; options in labelled groups where there are more groups than one, or more options than a menu takes."""
    groups = [part for group in groups for part in _parts(*group)]
    if len(groups) == 1:
        options: dict[str, Any] = {"options": [_option(it) for it in groups[0][1]]}
    else:
        drawn = [
            {"label": _plain(label, _OPTION_TEXT), "options": [_option(it) for it in names]} for label, names in groups
        ]
        options = {"option_groups": drawn[:_OPTIONS]}
    known = any(initial in names for _, names in groups)
    return {"type": "static_select", **options, **({"initial_option": _option(initial)} if known else {})}


def _queue_select(form: DeployForm, *, is_busy: bool) -> dict[str, Any]:
    """To queue it is proposed where it must wait for all that is known; whoever is asked only in case means no wait."""
    options = {_QUEUE_IT: "Queue it behind that one", _ASK_AGAIN: "Only if it is free now"}
    drawn = {value: {"text": _plain(text, _OPTION_TEXT), "value": value} for value, text in options.items()}
    initial = drawn.get(form.queue, drawn[_QUEUE_IT if is_busy else _ASK_AGAIN])
    return {"type": "static_select", "options": list(drawn.values()), "initial_option": initial}


def _parts(label: str, names: list[str]) -> list[tuple[str, list[str]]]:
    """A group in parts of a menu's size, each labelled with its first and last name."""
    if len(names) <= _OPTIONS:
        return [(label, names)]
    parts = [names[at : at + _OPTIONS] for at in range(0, len(names), _OPTIONS)]
    return [(f"{plain(part[0], 30)} … {plain(part[-1], 30)}", part) for part in parts]


def _option(name: str) -> dict[str, Any]:
    return {"text": _plain(name, _OPTION_TEXT), "value": name}


def _text(initial: str, longest: int, *, multiline: bool = False) -> dict[str, Any]:
    given = {"initial_value": fit(initial, longest)} if initial else {}
    return {"type": "plain_text_input", "multiline": multiline, "max_length": longest, **given}


def _input(field: str, label: str, element: dict[str, Any], hint: str | None = None) -> dict[str, Any]:
    drawn = {"type": "input", "block_id": field, "label": _plain(label, _LABEL), "element": element}
    element["action_id"] = field
    return drawn | ({"hint": _plain(hint, 2000)} if hint else {})


def _warning(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": fit(text, 3000), "verbatim": True}}


def _plain(text: str, limit: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": plain(text, limit), "emoji": False}
