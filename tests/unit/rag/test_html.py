"""Web pages: what people see is kept, what they do not see is not; no page is too deep."""

from __future__ import annotations

import pytest

from workers.engines.rag.documents.reader import DocumentLimits, open_document
from workers.messages.errors import UnsupportedInputError

LIMITS = DocumentLimits(max_file_mib=16.0)


def read(html: str, limits: DocumentLimits = LIMITS) -> str:
    opened = open_document("page.html", html.encode(), limits)
    return "\n".join(section.text for section in opened.sections)


HIDDEN = """<!DOCTYPE html><title>Tapir</title><!--[if mso]><p>okapi</p><![endif]-->
<p>Visible vole.</p><!-- weasel --><template>toad</template><p hidden>hare</p>
<p style="color:red; DISPLAY : none">civet</p><p style="visibility:hidden">cat</p>
<div hidden><p>deep</p><br><img src=x>deer</div><noscript>newt</noscript><dialog>dog</dialog>
<svg><title>swan</title></svg><script>if (a<b) "<p>gnu</p>"</script><style>p{a:b}</style>
<p hidden>eel<p>Ended ermine.<p hidden="until-found">Found fox.<p style="display:block">Bright bat."""


def test_hidden_text_is_dropped_and_the_rest_is_not() -> None:
    assert read(HIDDEN).split("\n\n") == [
        "Visible vole.",
        "Ended ermine.",
        "Found fox.",
        "Bright bat.",
    ]


def test_an_aside_is_kept_wherever_it_stands() -> None:
    text = read(
        "<nav>Menu</nav><main><h1>T</h1><p>The main text is the longest one.</p>"
        "<aside>Within</aside></main><aside>Beside</aside><footer>Foot</footer>"
    )
    assert "Within" in text
    assert "Beside" in text
    assert "Menu" not in text
    assert "Foot" not in text


def test_all_articles_are_kept_and_what_is_around_a_small_one() -> None:
    assert read("<article>one</article><article>two</article>").split() == ["one", "two"]
    assert "long text outside" in read(
        "<article>ad</article><p>the long text outside of it is the page"
    )


def test_lists_tables_and_headings_keep_their_lines() -> None:
    text = read(
        "<ul><li>one<ul><li>two</ul><li><p>three</ul><table><tr><th>a<th>b<tr><td><p>1<p>2<td>3"
        "</table><pre>  keep\n    this</pre>"
    )
    assert "one\ntwo\nthree" in text
    assert "a | b\n1 2 | 3" in text
    assert "  keep\n    this" in text


def test_a_page_says_its_title_author_and_date() -> None:
    page = (
        "<head><title> A  page</title><meta name=author content=Ada>"
        "<meta property='article:published_time' content=2024-05-01></head><p>x"
    )
    opened = open_document("page.html", page.encode(), LIMITS)
    assert opened.metadata == (("author", "Ada"), ("date", "2024-05-01"), ("title", "A page"))


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 100_000 + "deep words" + "</div>" * 100_000,
        "<b>" * 100_000 + "deep words",
        "<table><tr><td>" * 50_000 + "deep words",
        "<ul><li>" * 50_000 + "deep words",
        "<header><main>" * 50_000 + "<h1>t</h1>deep words",
        "<div hidden>" + "<i>" * 100_000 + "</div>" + "</i>" * 100_000 + "</div>deep words",
        "<p " + "a=b " * 500_000 + ">deep words",
    ],
)
def test_a_page_may_be_nested_as_deep_as_it_likes(html: str) -> None:
    assert "deep words" in read(html)


def test_reading_that_takes_too_long_ends_with_a_sentence() -> None:
    limits = DocumentLimits(max_read_s=0.0)
    with pytest.raises(UnsupportedInputError, match="takes longer to read than 0 s"):
        read("<p>word " * 100_000, limits)
