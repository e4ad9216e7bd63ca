"""The console: the web page of the local workspace, with each message's story from the ledger beside it."""

from __future__ import annotations

from pulser_local.console.app import Console

__all__ = ["Console"]
