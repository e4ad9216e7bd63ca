"""apps.*"""

from __future__ import annotations

import secrets

from pulser_local.slack.invocation import Invocation
from pulser_local.slack.workspace import Json


def open_connection(invocation: Invocation) -> Json:
    """apps.connections.open: where to dial, once."""
    ticket = invocation.tickets.issue()
    app_id = secrets.token_hex(32)  # a digest at Slack's: not the ID that hello tells
    address = invocation.called_url.replace("http", "ws", 1)
    return {"url": f"{address}/link/?ticket={ticket}&app_id={app_id}"}
