"""Whether a version of the lock has a known vulnerability. pip-audit asks; here is decided what its answer means."""

from __future__ import annotations


class NotAudited(Exception):
    """No service of vulnerabilities could be asked, or what it said cannot be believed. The text says why."""


class IgnoredError(Exception):
    """The file of ignored vulnerabilities cannot be used. The text says where and why."""
