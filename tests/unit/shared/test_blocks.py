from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulser import blocks
from pulser.blocks import Part, clean, code, escape, fit, fit_parts, isolate, link, plain, safe_url, unescape, untrusted

FAMILY = "👨\u200d👩\u200d👧"
FLAG = "🇸🇪"
# Texts made of what is dangerous to cut or to show, in any order.
nasty = st.lists(
    st.sampled_from(
        [
            "a",
            " ",
            "\n",
            "\x00",
            "&",
            "<",
            ">",
            "`",
            "|",
            "<!channel>",
            "<@U1234567>",
            "<https://evil.example|bank>",
            "é",
            FAMILY,
            FLAG,
            "👍🏽",
            "שלום",
            "\u202e",
            "\u2066",
            "\u2067",
            "\u2068",
            "\u2069",
            "\ud800",
            "क्ष",
            "각",
        ]
    )
    | st.text(max_size=5)
).map("".join)


@given(st.text())
def test_escape_is_reversible(text: str) -> None:
    """Unescaping what was escaped gives the text back."""
    assert unescape(escape(text)) == text


@given(nasty)
def test_untrusted_text_has_no_markup(text: str) -> None:
    """No angle bracket survives, so nothing can be a mention, a date or a link."""
    assert not set(untrusted(text, 500)) & set("<>")


@given(nasty, st.integers(min_value=-1, max_value=60))
def test_fit_never_exceeds_its_limit(text: str, limit: int) -> None:
    """A fitted text has at most `limit` characters."""
    assert len(fit(isolate(clean(text)), limit)) <= max(limit, 0)


@given(nasty, st.integers(min_value=1, max_value=60))
def test_fit_is_idempotent(text: str, limit: int) -> None:
    """Fitting twice is fitting once."""
    once = fit(text, limit)
    assert fit(once, limit) == once


@given(nasty, st.integers(min_value=1, max_value=60))
def test_fit_never_cuts_an_entity(text: str, limit: int) -> None:
    """What is left of an escaped text is an escaped text."""
    fitted = fit(escape(text), limit)
    assert escape(unescape(fitted)) == fitted


@given(nasty, st.integers(min_value=3, max_value=60))
def test_fit_keeps_isolates_balanced(text: str, limit: int) -> None:
    """Every isolate that is opened is closed, and none that is not open."""
    depth = 0
    for character in fit(isolate(clean(text)), limit):
        depth += (character in "\u2066\u2067\u2068") - (character == "\u2069")
        assert depth >= 0
    assert depth == 0


@pytest.mark.parametrize(
    ("text", "limit", "fitted"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("a word", 3, "a…"),
        ("fish &amp; chips", 9, "fish…"),
        ("fish &amp; chips", 11, "fish &amp;…"),
        ("ae\u0301b", 3, "a…"),
        (f"{FAMILY}{FAMILY}", 7, f"{FAMILY}…"),
        (f"a{FAMILY}", 5, "a…"),
        (f"{FLAG}{FLAG}", 3, f"{FLAG}…"),
        (f"{FLAG}{FLAG}x", 4, f"{FLAG}…"),
        ("ab👍🏽c", 4, "ab…"),
        ("क्षमा", 3, "…"),
        ("\u1100\u1161b", 2, "…"),
        ("anything", 1, "…"),
        ("anything", 0, ""),
        ("anything", -3, ""),
    ],
)
def test_fit_cuts_between_visible_characters(text: str, limit: int, fitted: str) -> None:
    """A cut falls before a whole entity or visible character, and drops the space before the ellipsis."""
    assert fit(text, limit) == fitted


def test_fit_cuts_a_pile_of_marks_all_the_same() -> None:
    """A character with more combining marks than any script needs is cut where the limit is."""
    assert fit("z" + "\u0301" * 200, 100) == "z" + "\u0301" * 98 + "…"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\x00b\x1b[31m\x7f", "ab[31m"),
        ("a\r\nb\rc\u2028d\x85e", "a\nb\nc\nd\ne"),
        ("tab\tstays", "tab\tstays"),
        ("photo\u202egnp.exe", "photognp.exe"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_clean_drops_what_is_invisible_or_misleads(text: str, cleaned: str) -> None:
    """Control characters, bidi overrides and lone surrogates are gone; line breaks are newlines."""
    assert clean(text) == cleaned


@pytest.mark.parametrize(
    ("text", "isolated"),
    [
        ("left to right", "left to right"),
        ("שלום", "\u2068שלום\u2069"),
        ("a\u2069b", "\u2068ab\u2069"),
        ("a\u2067b", "\u2068a\u2067b\u2069\u2069"),
        ("a\u2067b\u2069c", "\u2068a\u2067b\u2069c\u2069"),
    ],
)
def test_isolate_wraps_right_to_left_text(text: str, isolated: str) -> None:
    """Text that could turn its surroundings round stands in a balanced isolate."""
    assert isolate(text) == isolated


def test_plain_text_is_one_line_and_not_escaped() -> None:
    """plain_text is not parsed by Slack: ampersands stay as they are."""
    assert plain("a\n b & <c>", 100) == "a b & <c>"


@pytest.mark.parametrize(
    ("text", "span"), [("a`b", "`aˋb`"), ("a\nb", "`a b`"), ("\x00", ""), ("", ""), ("<x>", "`&lt;x&gt;`")]
)
def test_code_span_stays_one_span(text: str, span: str) -> None:
    """Backticks and line breaks in the text cannot end the span; an empty text gives none."""
    assert code(text, 100) == span


@given(nasty, st.integers(min_value=4, max_value=40))
def test_code_span_fits(text: str, limit: int) -> None:
    """A code span counts its backticks and has exactly two of them."""
    span = code(text, limit)
    assert len(span) <= limit
    assert span.count("`") in {0, 2}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://ci.example/4711?a=1&b=2#c", "https://ci.example/4711?a=1&b=2#c"),
        ("  http://ci.example:8080  ", "http://ci.example:8080"),
        ("HTTPS://CI.example/X", "https://ci.example/X"),
        ("https://e.example/a|b>c<d`e f", "https://e.example/a%7Cb%3Ec%3Cd%60e%20f"),
        ("https://e.example/%7Calready", "https://e.example/%7Calready"),
        ("https://bücher.example/ä", "https://xn--bcher-kva.example/%C3%A4"),
        ("https://[2001:db8::1]:8080/x", "https://[2001:db8::1]:8080/x"),
        ("https://e.example/\ud800", "https://e.example/?"),
        ("javascript:alert(1)", None),
        ("ftp://e.example", None),
        ("https://", None),
        ("//e.example/x", None),
        ("https://slack.com@evil.example", None),
        ("https://user:password@e.example", None),
        ("https://e.example:99999", None),
        ("https://[bad", None),
        ("https://a b.example", None),
        ("https://e.example/a\nb", None),
        ("https://e.example/a\x00b", None),
        ("https://" + "ä" * 80 + ".example", None),
        ("https://e.example/" + "x" * 3000, None),
        ("", None),
    ],
)
def test_safe_url(text: str, url: str | None) -> None:
    """Only http(s) addresses without credentials pass, with what could end a link percent-encoded."""
    assert safe_url(text) == url


@given(nasty | st.text().map("https://e.example/".__add__), nasty)
def test_link_cannot_be_broken_out_of(url: str, label: str) -> None:
    """A link is one `<…|…>`, or inert text when the address is no safe one."""
    text = link(url, label, 500)
    if text.startswith("<"):
        assert text.endswith(">")
        text = text[1:-1]
    assert not set(text) & set("<>")


def test_link_without_room_is_its_label() -> None:
    """When the address does not fit, the label is still said."""
    assert link("https://e.example/long", "run 7", 10) == "run 7"


def _block(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _note(count: int) -> dict[str, object]:
    return _block(f"{count} more")


def test_parts_that_fit_are_all_kept() -> None:
    """Nothing is dropped from a message within the limits."""
    assert fit_parts([Part(_block("a")), Part(_block("b"), 1, 3)], _note) == [_block("a"), _block("b")]


def test_least_important_part_is_dropped_first() -> None:
    """Too many characters: the part of least importance makes way for a note of its fields."""
    long = "x" * (blocks.MESSAGE_BUDGET // 2)
    parts = [Part(_block("a")), Part(_block(long), 2, 7), Part(_block(long), 1, 5), Part(_block("z"))]
    assert fit_parts(parts, _note) == [_block("a"), _block("7 more"), _block(long), _block("z")]


def test_dropped_fields_add_up_in_one_note() -> None:
    """Several dropped parts leave one note, where the first of them stood."""
    long = "x" * blocks.MESSAGE_BUDGET
    parts = [Part(_block(long), 1, 7), Part(_block("b")), Part(_block(long), 1, 5)]
    assert fit_parts(parts, _note) == [_block("12 more"), _block("b")]


def test_a_part_without_fields_leaves_no_note() -> None:
    """Where no field is lost, none is announced."""
    assert fit_parts([Part(_block("x" * blocks.MESSAGE_BUDGET), 1), Part(_block("b"))], _note) == [_block("b")]


def test_blocks_are_counted() -> None:
    """Sixty small blocks become fifty."""
    fitted = fit_parts([Part(_block(str(number)), number, 1) for number in range(60)], _note)
    assert len(fitted) == blocks.BLOCKS_PER_MESSAGE
    assert fitted[-1] == _block("11 more")


def test_what_must_stay_stays() -> None:
    """Parts of importance 0 are never dropped, even from a message that is too long."""
    parts = [Part(_block("x" * blocks.MESSAGE_BUDGET))]
    assert len(fit_parts(parts, _note)) == 1
