from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser_local.statements import split_statements

WHOLE = [
    "select ';'",
    "select 'it''s; fine'",
    r"select E'\';'",
    'select 1 as "a;b"',
    "do $$ begin; end $$",
    "do $body$ select $$;$$; $body$",
    "select 1 -- not; here",
    "-- before; it\nselect 1",
    "/* a; /* nested; */ b; */ select 1",
    "create function f() returns int begin atomic select case when true then 1 end; select 2; end",
    "select $1, a$b from t",
]


@given(st.lists(st.sampled_from(WHOLE)))
def test_statements_are_split_at_their_own_semicolons(statements: list[str]) -> None:
    """Semicolons in strings, names, bodies and comments split nothing."""
    assert split_statements("\n;\n".join(statements)) == statements


@pytest.mark.parametrize("text", ["", " ;; \n;", "-- only a comment;", "/* and; another */ ; "])
def test_nothing_is_no_statement(text: str) -> None:
    """Blanks and comments alone are not statements."""
    assert split_statements(text) == []


@pytest.mark.parametrize("text", ["select 'open;", "do $$ open;", "select 1 /* open; */ /* ;", 'select "open;'])
def test_unclosed_runs_to_the_end(text: str) -> None:
    """What is never closed keeps the rest of the file together; Postgres will say what is wrong."""
    assert split_statements(text) == [text]


@given(st.text(alphabet="a'\"$;-/* \n\\E"))
def test_any_text_is_split_without_loss(text: str) -> None:
    """No text breaks the splitter, and nothing but semicolons, blanks and lone comments is lost."""
    position = 0
    for statement in split_statements(text):
        position = text.index(statement, position) + len(statement)
