"""The Slack simulator: a workspace in memory that speaks Slack's Web API and fails on demand."""

from __future__ import annotations

from pulser_local.slack.calls import Call
from pulser_local.slack.clock import Clock
from pulser_local.slack.faults import Fault
from pulser_local.slack.simulator import SlackSimulator
from pulser_local.slack.workspace import Author, Channel, Content, Message, Workspace, WorkspaceChange

__all__ = [
    "Author",
    "Call",
    "Channel",
    "Clock",
    "Content",
    "Fault",
    "Message",
    "SlackSimulator",
    "Workspace",
    "WorkspaceChange",
]
