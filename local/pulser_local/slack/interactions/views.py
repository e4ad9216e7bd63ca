"""Modals in their stacks, and Home tabs: what is open for whom."""

from __future__ import annotations

import secrets
from typing import Final

from pulser_local.slack import validation
from pulser_local.slack.contents import named
from pulser_local.slack.errors import SlackError
from pulser_local.slack.interactions.story import Interaction, Story
from pulser_local.slack.workspace import Json, Team

STACK: Final = 3  # modals above each other
_LARGEST: Final = 250_000  # characters of a view


class Views:
    """The open views of all users. A view is Slack's JSON, and replaced whole when it changes."""

    def __init__(self, team: Team, story: Story) -> None:
        self._team = team
        self._story = story
        self._stacks: dict[str, list[Json]] = {}
        self._homes: dict[str, Json] = {}

    def modals(self, user_id: str) -> list[Json]:
        """The user's open modals, the visible one last."""
        return list(self._stacks.get(user_id, []))

    def home(self, user_id: str) -> Json | None:
        """The user's Home tab."""
        return self._homes.get(user_id)

    def find(self, view_id: str) -> tuple[str, Json] | None:
        """The user who has the view open, and the view."""
        for user_id, stack in self._stacks.items():
            for view in stack:
                if view["id"] == view_id:
                    return user_id, view
        return next(((user_id, view) for user_id, view in self._homes.items() if view["id"] == view_id), None)

    def find_external(self, external_id: str) -> tuple[str, Json] | None:
        """The same by the app's own ID."""
        for user_id, stack in self._stacks.items():
            for view in stack:
                if external_id and view["external_id"] == external_id:
                    return user_id, view
        return None

    def open(self, user_id: str, given: Json, interaction: Interaction | None = None) -> Json:
        """Open a modal; those the user had open are gone."""
        self._check_external(given)
        view = self._new(check(given, "modal"))
        self._stacks[user_id] = [view]
        self._changed(user_id, interaction, view)
        return view

    def push(self, user_id: str, given: Json, interaction: Interaction | None = None) -> Json:
        """Open a modal above the user's others. SlackError push_limit_reached when there are three."""
        stack = self._stacks.get(user_id, [])
        if len(stack) >= STACK:
            raise SlackError("push_limit_reached")
        self._check_external(given)
        view = self._new(check(given, "modal"))
        if stack:
            view |= {"previous_view_id": stack[-1]["id"], "root_view_id": stack[0]["root_view_id"]}
        self._stacks[user_id] = [*stack, view]
        self._changed(user_id, interaction, view)
        return view

    def update(self, view_id: str, given: Json, *, known_hash: str = "") -> Json:
        """Replace an open view. SlackError not_found, or hash_conflict when it has changed since `known_hash`."""
        found = self.find(view_id)
        if found is None:
            raise SlackError("not_found")
        user_id, old = found
        if known_hash and known_hash != old["hash"]:
            raise SlackError("hash_conflict")
        view = self._new(check(given, old["type"]))
        view |= {name: old[name] for name in ("id", "root_view_id", "previous_view_id")}
        view["state"] = old["state"]
        self._put(user_id, view)
        return view

    def publish(self, user_id: str, given: Json, *, known_hash: str = "") -> Json:
        """Set the user's Home tab."""
        old = self._homes.get(user_id)
        if known_hash and old is not None and known_hash != old["hash"]:
            raise SlackError("hash_conflict")
        view = self._new(check(given, "home"))
        if old is not None:
            view |= {"id": old["id"], "root_view_id": old["id"]}
        self._homes[user_id] = view
        self._story.tell("home", user_id, view)
        return view

    def keep(self, user_id: str, view: Json) -> None:
        """The view as it is filled in, or with other errors under its fields."""
        self._put(user_id, view)

    def close(self, user_id: str, view_id: str) -> None:
        """Close a modal and those above it; the one below is visible again."""
        stack = self._stacks.get(user_id, [])
        at = next((place for place, view in enumerate(stack) if view["id"] == view_id), len(stack))
        self._stacks[user_id] = stack[:at]
        self._changed(user_id)

    def clear(self, user_id: str) -> None:
        """Close all modals of a user."""
        self._stacks.pop(user_id, None)
        self._changed(user_id)

    def _put(self, user_id: str, view: Json) -> None:
        if view["type"] == "home":
            self._homes[user_id] = view
            self._story.tell("home", user_id, view)
            return
        stack = self._stacks.get(user_id, [])
        self._stacks[user_id] = [view if one["id"] == view["id"] else one for one in stack]
        self._changed(user_id)

    def _check_external(self, given: Json) -> None:
        if self.find_external(str(given.get("external_id", ""))):
            raise SlackError("duplicate_external_id")

    def _new(self, given: Json) -> Json:
        view_id = f"V0{secrets.token_hex(5).upper()}"
        app = self._team.app
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "clear_on_close": False,
            "notify_on_close": False,
            **({"title": None, "submit": None, "close": None} if given["type"] == "modal" else {}),
            **given,
            "id": view_id,
            "team_id": self._team.id,
            "app_installed_team_id": self._team.id,
            "app_id": app.app_id,
            "bot_id": app.bot_id,
            "blocks": named(given["blocks"]),
            "state": {"values": {}},
            "hash": f"{secrets.randbelow(10**10)}.{secrets.token_urlsafe(6)}",
            "root_view_id": view_id,
            "previous_view_id": None,
        }

    def _changed(self, user_id: str, interaction: Interaction | None = None, view: Json | None = None) -> None:
        if interaction is not None and view is not None:
            interaction.view_ids.append(view["id"])
            self._story.answer(interaction, "modal", view["id"])
        number = interaction.id if interaction else None
        self._story.tell("modal", user_id, {"modals": self.modals(user_id)}, interaction_id=number)


def check(given: Json, kind: str) -> Json:
    """The view as it was given. SlackError when Slack would refuse it."""
    if given.get("type") != kind:
        raise SlackError("invalid_arguments", ["expected a view of type " + kind + " [json-pointer:/view/type]"])
    if problems := validation.view_problems(given):
        raise SlackError("invalid_arguments", problems)
    if len(str(given)) > _LARGEST:
        raise SlackError("view_too_large")
    if kind == "modal" and _has_inputs(given) and not given.get("submit"):
        raise SlackError("invalid_arguments", ["`submit` is required with an input block [json-pointer:/view]"])
    return given


def _has_inputs(given: Json) -> bool:
    return any(block["type"] == "input" for block in given["blocks"])
