"""users.* and usergroups.*"""

from __future__ import annotations

from pulser_local.slack import limits
from pulser_local.slack.errors import SlackError
from pulser_local.slack.invocation import Invocation
from pulser_local.slack.workspace import Json


def info(invocation: Invocation) -> Json:
    """users.info: one user."""
    (user_id,) = invocation.arguments.required("user")
    user = invocation.interactivity.people.users.get(user_id)
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.to_json(invocation.workspace.team.id)}


def list_users(invocation: Invocation) -> Json:
    """users.list: all users, in one page."""
    invocation.arguments.page_size(limits.LIST_PAGE, limits.LIST_PAGE)
    team_id = invocation.workspace.team.id
    users = invocation.interactivity.people.users.values()
    return {"members": [user.to_json(team_id) for user in users], "response_metadata": {"next_cursor": ""}}


def list_groups(invocation: Invocation) -> Json:
    """usergroups.list: the groups, disabled ones and users in them where include_disabled and include_users say so."""
    team_id = invocation.workspace.team.id
    with_users = invocation.arguments.flag("include_users")
    with_disabled = invocation.arguments.flag("include_disabled")
    known = invocation.interactivity.people.groups.values()
    groups = [group for group in known if with_disabled or not group.disabled_at]
    return {"usergroups": [group.to_json(team_id, with_users=with_users) for group in groups]}


def list_group_users(invocation: Invocation) -> Json:
    """usergroups.users.list: the user IDs of one group."""
    (group_id,) = invocation.arguments.required("usergroup")
    group = invocation.interactivity.people.groups.get(group_id)
    if group is None or (group.disabled_at and not invocation.arguments.flag("include_disabled")):
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}
