"""Article: outline, searches, sections, sources."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.flows.scripted_client import ScriptedClient, answered, ask_of, states
from workers.flows.turns.article_text import Bibliography, file_name, outline_of
from workers.messages import Generate, Retrieve
from workers.messages.errors import ContextTooLongError, GenerationError

TASK = "Bread in winter"
OUTLINE = "# On Bread\n1. Flour\n2. Ovens"
FLOUR, HEAT = "Flour is milled from grain.", "Ovens reach 250 degrees."


def client(
    outline: str | Exception = OUTLINE,
    passages: dict[str, list[str]] | None = None,
    **sections: str | Exception,
) -> ScriptedClient:
    def script(request: Generate) -> str | Exception:
        prompt = request.messages[-1].text
        if "Write the outline" in prompt:
            return outline
        if "search queries" in prompt:
            return "1. grain\n2. heat"
        heading = prompt.partition("Write the section “")[2].partition("”")[0]
        return sections.get(heading, f"About {heading}.")

    return ScriptedClient(script, passages)


async def test_sections_are_written_from_what_several_queries_found_and_cite_it() -> None:
    found = {TASK: [FLOUR], "grain": [FLOUR], "heat": [HEAT, FLOUR], "Flour": [], "Ovens": [HEAT]}
    asked = client(
        passages=found,
        Flour="## Flour\n\nFlour is milled from grain.",
        Ovens="Ovens reach 250 degrees [1]. Bread sells.",
    )
    options = {"flow": "article", "collections": ("books",), "style": "for children."}
    answer = await answered(asked, ask_of(TASK, **options))
    message = answer.message
    assert message.text == (
        "# On Bread\n\n## Flour\n\nFlour is milled from grain. [1]"
        "\n\n## Ovens\n\nOvens reach 250 degrees [2]. Bread sells."
        "\n\n## Sources\n\n1. book.pdf, page 27\n2. book.pdf, page 24"
    )
    assert [source["text"] for source in message.details["sources"]] == [FLOUR, HEAT]
    assert message.details["artifact"] == {"name": "on-bread.md", "mime": "text/markdown"}
    queries = [request.query for request in asked.asked if isinstance(request, Retrieve)]
    assert queries == [TASK, "Flour", "grain", "heat", "Ovens", "grain", "heat"]
    sections = [
        r.messages[-1].text for r in asked.generated if "Write the section" in r.messages[-1].text
    ]
    assert all("Write so: for children." in section for section in sections)
    assert f"[1] {HEAT}" in sections[1]  # what most queries found
    assert states(answer) == ["done"] * 3


async def test_without_documents_it_is_written_and_says_so() -> None:
    answer = await answered(client(), ask_of(TASK, flow="article"))
    message = answer.message
    assert message.text == "# On Bread\n\n## Flour\n\nAbout Flour.\n\n## Ovens\n\nAbout Ovens."
    assert "without sources" in message.details["flow"]["note"]
    assert "Sources" not in message.text


async def test_documents_that_have_nothing_on_it_are_said_to() -> None:
    asked = client(passages={"*": []})
    answer = await answered(asked, ask_of(TASK, flow="article", collections=("books",)))
    assert "has no sources" in answer.message.details["flow"]["note"]
    assert "Sources" not in answer.message.text


async def test_an_outline_without_a_list_makes_one_section() -> None:
    answer = await answered(client("I would rather not."), ask_of(TASK, flow="article"))
    assert answer.message.text.startswith(f"# {TASK}\n\n## {TASK}\n\n")
    assert "has one" in answer.message.details["flow"]["note"]


async def test_a_section_that_fails_is_said_in_its_place() -> None:
    error = GenerationError("It broke.")
    answer = await answered(client(Flour=error), ask_of(TASK, flow="article"))
    assert "*This section could not be written: It broke.*" in answer.message.text
    assert "About Ovens." in answer.message.text
    with pytest.raises(GenerationError):
        await answered(client(Flour=error, Ovens=error), ask_of(TASK, flow="article"))


async def test_passages_that_do_not_fit_are_fewer() -> None:
    texts = [f"Passage number {number}." for number in range(4)]

    def script(request: Generate) -> str | Exception:
        prompt = request.messages[-1].text
        if prompt.count("Passage number") > 1:
            return ContextTooLongError("Too long.")
        return OUTLINE if "outline" in prompt and "Write the outline" in prompt else "Fine."

    asked = ScriptedClient(script, {"*": texts})
    answer = await answered(asked, ask_of(TASK, flow="article", collections=("books",)))
    assert states(answer) == ["done"] * 3
    assert answer.message.details["steps"][1]["note"].startswith("Only 1 of the passages")


@pytest.mark.parametrize(
    ("number", "text", "found"),
    [
        (0, "", ["stopped"]),
        (1, "# On Bread", ["done", "stopped", "stopped"]),
        (2, "# On Bread\n\n## Flour\n\nAbout Flour.", ["done", "done", "stopped"]),
    ],
)
@pytest.mark.parametrize("collections", [(), ("books",)])
async def test_stop_ends_it_at_every_step(
    number: int, text: str, found: list[str], collections: tuple[str, ...]
) -> None:
    def is_running(now: Any) -> bool:
        running = states(now)
        return len(running) > number and running[number] == "running"

    ask = ask_of(TASK, flow="article", collections=collections)
    answer = await answered(client(), ask, is_running)
    assert (answer.message.text, answer.message.state) == (text, "cancelled")
    assert states(answer) == found


@pytest.mark.parametrize(
    ("text", "title", "headings"),
    [
        (OUTLINE, "On Bread", ("Flour", "Ovens")),
        ("Title: **Bread**\n- Flour:\n- Ovens", "Bread", ("Flour", "Ovens")),
        ("1. Flour\n2. Ovens", TASK, ("Flour", "Ovens")),
        ("Nothing here.", TASK, ()),
    ],
)
def test_an_outline_is_read(text: str, title: str, headings: tuple[str, ...]) -> None:
    outline = outline_of(text, TASK)
    assert (outline.title, outline.headings) == (title, headings)


def test_a_file_is_named_after_the_title() -> None:
    assert file_name("On Bread: a “Guide”!") == "on-bread-a-guide.md"
    assert file_name("…") == "article.md"
    assert Bibliography().as_markdown() == ""
