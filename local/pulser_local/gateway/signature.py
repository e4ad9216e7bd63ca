"""Which SQL function a call means, and the statement that makes it, as PostgREST decides. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulser_local.gateway import refusals

# One row per function of that name with its input parameters in order; types as SQL writes them.
FIND_SIGNATURES = """
select
    proc.proretset as returns_set,
    proc.prorettype = 'void'::regtype as returns_void,
    case
        when proc.proargmodes is null then coalesce(proc.proargnames, '{}')
        else array(  -- some parameters only come out
            select proc.proargnames[at] from unnest(proc.proargmodes) with ordinality as given (mode, at)
            where mode in ('i', 'b', 'v') order by at
        )
    end::text[] as names,
    array(
        select format_type(type, null) from unnest(proc.proargtypes) with ordinality as given (type, at) order by at
    ) as types,
    proc.pronargdefaults::int as defaults
from pg_proc as proc
where proc.pronamespace = to_regnamespace($1) and proc.proname = $2 and proc.prokind = 'f'
"""


@dataclass(frozen=True, slots=True)
class Signature:
    """One overload of a function: its input parameters in order, the last `defaults` of which may be left out."""

    names: tuple[str, ...]
    types: tuple[str, ...]
    defaults: int = 0
    returns_set: bool = False
    returns_void: bool = False

    @property
    def takes_whole_body(self) -> bool:
        """A single unnamed json or jsonb parameter gets the body as it is."""
        return self.names == ("",) and self.types[0] in {"json", "jsonb"}

    def said(self, schema: str, function: str) -> str:
        """As PostgREST names it to who must choose."""
        pairs = zip(self.names, self.types, strict=True)
        return f"{schema}.{function}({', '.join(f'{name} => {kind}' for name, kind in pairs)})"

    def accepts(self, arguments: Collection[str]) -> bool:
        """Whether these names, and no others, make a call."""
        required = self.names[: len(self.names) - self.defaults]
        return "" not in self.names and set(required) <= set(arguments) <= set(self.names)

    def statement(self, schema: str, function: str, arguments: Collection[str], *, max_rows: int) -> str:
        """The call with the body as $1 (json text), giving one JSON text; arguments not given keep their defaults.

        A set ends after max_rows, and nothing says so.
        """
        called = f"{quoted(schema)}.{quoted(function)}"
        if self.takes_whole_body:
            source = f"{called}($1::{self.types[0]}) as result"
        elif not arguments:
            source = f"{called}() as result"
        else:
            given = [
                (quoted(name), kind) for name, kind in zip(self.names, self.types, strict=True) if name in arguments
            ]
            columns = ", ".join(f"{name} {kind}" for name, kind in given)
            passed = ", ".join(f"{name} => body.{name}" for name, _ in given)
            source = f"json_to_record($1::json) as body ({columns}), lateral {called}({passed}) as result"
        result = "coalesce(json_agg(result) -> 0, 'null')"
        if self.returns_void:
            result = "count(*)"
        elif self.returns_set:
            result = "coalesce(json_agg(result), '[]')"
            source = f"(select result from {source} limit {max_rows}) as page (result)"  # noqa: S608  # as below
        return f"select ({result})::text from {source}"  # noqa: S608  # quoted names, and types from the catalogue


def signature_of_row(row: Mapping[str, Any]) -> Signature:
    """Read a row of FIND_SIGNATURES."""
    return Signature(
        names=tuple(row["names"] or [""] * len(row["types"])),
        types=tuple(row["types"]),
        defaults=row["defaults"],
        returns_set=row["returns_set"],
        returns_void=row["returns_void"],
    )


def choose(schema: str, function: str, arguments: Collection[str], *, among: Sequence[Signature]) -> Signature:
    """The one overload that takes these arguments.

    Raises Refusal 404 when none does, 300 when several do.
    """
    fitting = [signature for signature in among if signature.accepts(arguments)]
    fitting = fitting or [signature for signature in among if signature.takes_whole_body]
    if not fitting:
        raise refusals.unknown_function(schema, function, arguments)
    if len(fitting) > 1:
        raise refusals.ambiguous_function([signature.said(schema, function) for signature in fitting])
    return fitting[0]


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'
