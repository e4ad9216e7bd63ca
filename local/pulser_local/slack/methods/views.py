"""views.*"""

from __future__ import annotations

from pulser_local.slack.errors import SlackError
from pulser_local.slack.interactions.triggers import Trigger
from pulser_local.slack.invocation import Invocation
from pulser_local.slack.workspace import Json


def open_view(invocation: Invocation) -> Json:
    """views.open: a modal, by a trigger that is younger than 3 s and has opened none."""
    trigger, view = _asked(invocation)
    parts = invocation.interactivity
    opened = parts.views.open(trigger.user_id, view, parts.story.get(trigger.interaction_id))
    trigger.is_used = True
    return {"view": opened}


def push(invocation: Invocation) -> Json:
    """views.push: a modal above the one the trigger comes from."""
    trigger, view = _asked(invocation)
    if trigger.view_id is None:
        raise SlackError("not_in_modal")
    parts = invocation.interactivity
    pushed = parts.views.push(trigger.user_id, view, parts.story.get(trigger.interaction_id))
    trigger.is_used = True
    return {"view": pushed}


def update(invocation: Invocation) -> Json:
    """views.update: by view_id or external_id; `hash` guards against what has changed meanwhile."""
    arguments, views = invocation.arguments, invocation.interactivity.views
    view = _view(invocation)
    view_id, external_id = arguments.text("view_id"), arguments.text("external_id")
    if not view_id:
        found = views.find_external(external_id)
        if found is None:
            raise SlackError("not_found" if external_id else "invalid_arguments")
        view_id = found[1]["id"]
    return {"view": views.update(view_id, view, known_hash=arguments.text("hash"))}


def publish(invocation: Invocation) -> Json:
    """views.publish: a user's Home tab."""
    (user_id,) = invocation.arguments.required("user_id")
    if user_id not in invocation.interactivity.people.users:
        raise SlackError("user_not_found")
    known_hash = invocation.arguments.text("hash")
    return {"view": invocation.interactivity.views.publish(user_id, _view(invocation), known_hash=known_hash)}


def _asked(invocation: Invocation) -> tuple[Trigger, Json]:
    (trigger_id,) = invocation.arguments.required("trigger_id")
    view = _view(invocation)
    return invocation.interactivity.triggers.check(trigger_id), view


def _view(invocation: Invocation) -> Json:
    invocation.arguments.required("view")
    view = invocation.arguments.object("view", refusal="invalid_arguments")
    if not view:
        raise SlackError("invalid_arguments")
    return view
