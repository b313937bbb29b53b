"""An update names what it changes: that alone is processed, and a browser still ends up with the whole."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator, Callable
from typing import Any

import gradio as gr
from gradio.state_holder import SessionState
from gradio_client.utils import apply_diff

from ui.core.light_updates import LightBlocks, Tail

Rows = list[dict[str, Any]]
Handler = Callable[["Stage"], AsyncIterator[dict[Any, Any]]]


def row(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": text}]}


def footer(html: str) -> dict[str, Any]:
    part = {"type": "component", "component": "html", "value": html}
    return {"role": "assistant", "content": [{**part, "constructor_args": {}, "props": {}}]}


def chat_of(num_exchanges: int) -> Rows:
    """Answered questions, and one that is being answered."""
    answered = [row("assistant", "Yes, **that**."), footer("<p>receipt</p>")]
    asked = [[row("user", f"Question {n}?"), *answered] for n in range(num_exchanges)]
    return [*(one for exchange in asked for one in exchange), row("user", "And now?")]


def tail(chat: Rows, *answer: dict[str, Any]) -> Tail:
    return Tail(start=len(chat) - 1, rows=[chat[-1], *answer])


class Stage:
    """A page with a chat log, a line and a button, and a handler that the test writes."""

    def __init__(self, handler: Handler) -> None:
        async def run() -> AsyncIterator[dict[Any, Any]]:
            async for update in handler(self):
                yield update

        with LightBlocks() as self.page:
            self.log, self.line, self.button = gr.Chatbot(), gr.HTML(), gr.Button()
            self.button.click(run, None, [self.log, self.line, self.button])


def sent_by(handler: Handler) -> list[list[Any]]:
    """Return what is sent to a browser, update by update."""

    async def play() -> list[list[Any]]:
        page = Stage(handler).page
        (fn,) = page.fns.values()
        state, sent, iterator, is_running = SessionState(page), [], None, True
        while is_running:
            output = await page.process_api(
                fn,
                [],
                state,
                iterator=iterator,
                session_hash="s",
                event_id="e",
                root_path="http://h",
            )
            iterator, is_running = output["iterator"], output["is_generating"]
            sent.append(copy.deepcopy(output["data"]))
        return sent

    return asyncio.run(play())


def seen(sent: list[list[Any]]) -> list[list[Any]]:
    """What a browser shows after each update; the last one is sent as a whole."""
    shown = [sent[0]]
    for edits in sent[1:-1]:
        shown.append(
            [apply_diff(copy.deepcopy(old), new) for old, new in zip(shown[-1], edits, strict=True)]
        )
    return [*shown, sent[-1]]


def texts(log: Any) -> list[str]:
    return [part.get("text", part.get("value")) for row in log for part in row["content"]]


WORDS = ("It", "It is", "It is so.")
END = (row("assistant", WORDS[-1]), footer("<p>receipt</p>"))


async def write(stage: Stage, chat: Rows) -> AsyncIterator[dict[Any, Any]]:
    yield {stage.log: chat, stage.line: "begun"}
    for text in WORDS:
        yield {stage.log: tail(chat, row("assistant", text))}
    yield {stage.log: tail(chat, *END), stage.line: "ended"}


def test_a_browser_sees_each_word_and_all_that_was_before() -> None:
    chat = chat_of(3)
    shown = seen(sent_by(lambda stage: write(stage, chat)))
    for text, data in zip(WORDS, shown[1:4], strict=True):
        assert texts(data[0]) == texts([*chat, row("assistant", text)])
    assert texts(shown[-1][0]) == texts([*chat, *END])


def test_what_is_sent_for_a_word_does_not_grow_with_the_chat() -> None:
    def sizes(num_exchanges: int) -> list[int]:
        chat = chat_of(num_exchanges)
        sent = sent_by(lambda stage: write(stage, chat))
        return [len(str(data[0])) for data in sent[1:-1]]

    for short, long in zip(sizes(1), sizes(200), strict=True):
        assert long <= short + 30  # the number of a row has more digits


def test_only_what_an_update_names_is_made_anew(monkeypatch: Any) -> None:
    made: list[str] = []
    for kind in (gr.Button, gr.HTML, gr.Chatbot):
        monkeypatch.setattr(kind, "postprocess", _counted(kind.postprocess, kind.__name__, made))
        monkeypatch.setattr(kind, "get_config", _counted(kind.get_config, kind.__name__, made))

    async def handler(stage: Stage) -> AsyncIterator[dict[Any, Any]]:
        yield {stage.line: "one"}
        made.clear()
        yield {stage.line: "two"}

    sent_by(handler)
    assert set(made) == {"HTML"}


def _counted(method: Any, name: str, made: list[str]) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        made.append(name)
        return method(*args, **kwargs)

    return call


def test_a_log_that_was_left_alone_goes_on_where_it_was() -> None:
    chat = chat_of(2)
    answered = row("assistant", "It is.")

    async def handler(stage: Stage) -> AsyncIterator[dict[Any, Any]]:
        yield {stage.log: chat, stage.line: "one"}
        yield {stage.line: "two"}
        yield {stage.log: tail(chat, answered)}
        yield {stage.line: "three"}

    shown = seen(sent_by(handler))
    assert texts(shown[2][0]) == texts(shown[-1][0]) == texts([*chat, answered])


def test_a_tail_of_what_nobody_has_changes_nothing() -> None:
    chat = chat_of(1)

    async def handler(stage: Stage) -> AsyncIterator[dict[Any, Any]]:
        yield {stage.line: "one"}
        yield {stage.log: Tail(start=2, rows=chat[-1:])}
        yield {stage.log: chat}

    shown = seen(sent_by(handler))
    assert texts(shown[-1][0]) == texts(chat)
    assert shown[1][0] == gr.skip()
