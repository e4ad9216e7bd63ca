"""The front door of a Supabase project on a laptop: /rest/v1/rpc/<function> and /functions/v1/<name>."""

from __future__ import annotations

from pulser_local.gateway.server import Gateway

__all__ = ["Gateway"]
