"""The contract between released code and the schema ops: the SQL functions that the code calls, as they were then."""

from __future__ import annotations


class ContractError(Exception):
    """The contract cannot be read or written."""
