"""What pip-audit's JSON says: what is known of which version, and what could not be looked up. Pure."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Vulnerability(_Part):
    """One that is known of a version: its ids, and the versions without it, oldest first (perhaps none)."""

    id: str
    aliases: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Whether this is the vulnerability `name`, by any of its ids."""
        return name in {self.id, *self.aliases}


class Package(_Part):
    """A version of the lock. With a `skip_reason` nothing is known of it: that is not "nothing is wrong"."""

    name: str
    version: str = ""
    vulns: tuple[Vulnerability, ...] = ()
    skip_reason: str | None = None


class Report(_Part):
    """The answer of one service for all that was asked."""

    dependencies: tuple[Package, ...]

    def skipped(self) -> list[str]:
        """The names of which the service knows nothing."""
        return [it.name for it in self.dependencies if it.skip_reason is not None]

    def plus(self, other: Report) -> Report:
        """Both as one."""
        return Report(dependencies=self.dependencies + other.dependencies)
