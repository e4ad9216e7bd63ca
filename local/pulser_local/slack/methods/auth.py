"""auth.*"""

from __future__ import annotations

from pulser_local.slack.invocation import Invocation
from pulser_local.slack.workspace import Json


def test(invocation: Invocation) -> Json:
    """auth.test: whose token it is."""
    team = invocation.workspace.team
    return {
        "url": f"{invocation.public_url}/",
        "team": team.name,
        "user": team.app.name,
        "team_id": team.id,
        "user_id": team.app.user_id,
        "bot_id": team.app.bot_id,
        "app_id": team.app.app_id,
        "is_enterprise_install": False,
    }
