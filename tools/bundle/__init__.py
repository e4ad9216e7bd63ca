"""What `make bundle` does: a folder of one function that deploys alone."""

from __future__ import annotations


class BundleError(Exception):
    """A bundle that cannot be made; its text says why, and what helps."""
