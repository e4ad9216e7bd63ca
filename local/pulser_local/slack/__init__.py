"""The Slack simulator: a workspace in memory that speaks Slack's Web API and Socket Mode, and fails on demand."""

from __future__ import annotations

from pulser_local.slack.calls import Call
from pulser_local.slack.clock import Clock
from pulser_local.slack.faults import Fault
from pulser_local.slack.http_carrier import RequestUrls, UrlNotVerified
from pulser_local.slack.interactions.elements import CannotAct
from pulser_local.slack.interactions.story import Happening, Interaction
from pulser_local.slack.people import User, UserGroup
from pulser_local.slack.simulator import SlackSimulator
from pulser_local.slack.socket_mode.ledger import Ack
from pulser_local.slack.workspace import Author, Channel, Content, Message, Workspace, WorkspaceChange

__all__ = [
    "Ack",
    "Author",
    "Call",
    "CannotAct",
    "Channel",
    "Clock",
    "Content",
    "Fault",
    "Happening",
    "Interaction",
    "Message",
    "RequestUrls",
    "SlackSimulator",
    "UrlNotVerified",
    "User",
    "UserGroup",
    "Workspace",
    "WorkspaceChange",
]
