"""Tables for notebooks: what they show, escaped, and how much of a long one."""

from __future__ import annotations

from fpcore import markup


def test_names_cannot_bring_markup_of_their_own() -> None:
    shown = markup.table(["<b>"], [["<script>", 1234]], caption="a & b")
    assert "<script>" not in shown
    assert "&lt;script&gt;" in shown
    assert "<p>a &amp; b</p>" in shown
    assert '<td style="text-align: right">1,234</td>' in shown


def test_a_name_that_is_no_text_can_be_shown() -> None:
    assert r"caf\udce9" in markup.table((), [["caf\udce9"]])


def test_of_a_long_table_the_rest_is_counted() -> None:
    shown = markup.table((), ([number] for number in range(markup.MOST_ROWS + 1500)))
    assert shown.count("<tr>") == markup.MOST_ROWS
    assert shown.endswith("<p>and 1,500 more</p>")


def test_without_rows_the_caption_stands_alone() -> None:
    assert markup.table(["song"], [], caption="no match") == "<p>no match</p>"
