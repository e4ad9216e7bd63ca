"""A throwaway PostgreSQL server on 127.0.0.1, without Docker, root or an account."""

from __future__ import annotations

from pulser_local.postgres.server import PostgresServer

__all__ = ["PostgresServer"]
