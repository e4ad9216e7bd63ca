"""The Slack simulator: a workspace in memory that speaks Slack's Web API and fails on demand."""

from __future__ import annotations
