"""Who is in the simulated workspace: users and user groups."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from pulser_local.slack.workspace import Author, Json


@dataclass(frozen=True, slots=True)
class User:
    """A person. `name` is the handle without @."""

    id: str
    name: str
    real_name: str
    zone: str = "Etc/UTC"  # an IANA name, as Slack has it

    @property
    def author(self) -> Author:
        """The user as the author of a message."""
        return Author(self.id, self.real_name)

    def to_json(self, team_id: str) -> Json:
        """The user as users.info gives it."""
        profile = {"real_name": self.real_name, "display_name": self.name, "team": team_id}
        return {
            "id": self.id,
            "team_id": team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": False,
            "is_bot": False,
            "is_app_user": False,
            "tz": self.zone,
            "tz_label": self.zone,
            "tz_offset": _offset(self.zone),
            "profile": profile,
        }


def _offset(zone: str) -> int:
    """How many seconds the zone's clocks are ahead of UTC now."""
    ahead = datetime.now(ZoneInfo(zone)).utcoffset()
    return int(ahead.total_seconds()) if ahead else 0


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A user group. `handle` has no @; `users` are IDs."""

    id: str
    handle: str
    name: str
    users: tuple[str, ...]
    disabled_at: int = 0  # seconds since 1970; 0 while it is enabled

    def to_json(self, team_id: str, *, with_users: bool) -> Json:
        """The group as usergroups.list gives it."""
        shown: Json = {
            "id": self.id,
            "team_id": team_id,
            "is_usergroup": True,
            "handle": self.handle,
            "name": self.name,
            "description": "",
            "is_external": False,
            "date_delete": self.disabled_at,
            "user_count": len(self.users),
        }
        return shown | ({"users": list(self.users)} if with_users else {})


DEFAULT_USERS: Final = (
    User("U0ALICE", "alice", "Alice Archer", "Europe/Berlin"),
    User("U0BOB", "bob", "Bob Baker", "America/New_York"),
    User("U0CAROL", "carol", "Carol Cook", "Asia/Kolkata"),
    User("U0DAVE", "dave", "Dave Dyer"),
    User("U0ERIN", "erin", "Erin Eaton"),
)
DEFAULT_GROUPS: Final = (
    UserGroup("S0DEPLOYERS", "deployers", "Deployers", ("U0ALICE", "U0BOB", "U0CAROL")),
    UserGroup("S0APPROVERS", "approvers", "Approvers", ("U0BOB", "U0CAROL")),
)


class People:
    """The users and groups, by ID."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {user.id: user for user in DEFAULT_USERS}
        self.groups: dict[str, UserGroup] = {group.id: group for group in DEFAULT_GROUPS}

    def add(self, name: str, real_name: str = "") -> User:
        """A new user, whose ID follows from the name; the same one when there is one already."""
        user_id = "U0" + "".join(letter for letter in name.upper() if letter.isalnum())
        return self.users.setdefault(user_id, User(user_id, name, real_name or name.title()))

    def add_group(self, handle: str, users: Iterable[str]) -> UserGroup:
        """A new group of user IDs, or the new members of the one with this handle."""
        group_id = "S0" + "".join(letter for letter in handle.upper() if letter.isalnum())
        self.groups[group_id] = UserGroup(group_id, handle, handle.title(), tuple(users))
        return self.groups[group_id]

    def disable_group(self, group_id: str) -> None:
        """Nobody can mention the group any more. KeyError for an unknown ID."""
        self.groups[group_id] = replace(self.groups[group_id], disabled_at=int(time.time()))

    def find(self, name_or_id: str) -> User | None:
        """The user with this ID, "@name" or "name"."""
        if name_or_id in self.users:
            return self.users[name_or_id]
        name = name_or_id.removeprefix("@")
        return next((user for user in self.users.values() if user.name == name), None)
