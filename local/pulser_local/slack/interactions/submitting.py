"""What the ack of a view_submission makes of the modal."""

from __future__ import annotations

from pulser_local.slack.errors import SlackError
from pulser_local.slack.interactions.views import Views
from pulser_local.slack.workspace import Json


def apply(views: Views, user_id: str, view: Json, answer: Json) -> None:
    """Close the modal, or do what the answer says. SlackError when the answer makes no sense."""
    match answer.get("response_action"):
        case None:
            if answer:
                raise SlackError("invalid_response_action")
            views.close(user_id, view["id"])
        case "errors":
            _show_errors(views, user_id, view, answer.get("errors"))
        case "update":
            views.update(view["id"], _view_of(answer))
        case "push":
            views.push(user_id, _view_of(answer))
        case "clear":
            views.clear(user_id)
        case _:
            raise SlackError("invalid_response_action")


def _show_errors(views: Views, user_id: str, view: Json, errors: object) -> None:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise SlackError("invalid_response_errors")
    views.keep(user_id, {**view, "errors": errors})


def _view_of(answer: Json) -> Json:
    view = answer.get("view")
    if not isinstance(view, dict):
        raise SlackError("invalid_response_view")
    return view
