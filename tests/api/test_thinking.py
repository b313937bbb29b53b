"""Thoughts in each dialect, streamed and not: where they stand, how they are switched and bounded.

The fake engine thinks the words after `!think` before it says them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import anthropic
import httpx
import openai
import pytest

from tests.running import App

MODEL = "fake-text"
WORDS = "one two three four"
ASKED: list[Any] = [{"role": "user", "content": f"!think {WORDS}"}]
PLAIN: list[Any] = [{"role": "user", "content": WORDS}]
OFF: list[dict[str, Any]] = [
    {"reasoning_effort": "none"},
    {"enable_thinking": False},
    {"think": False},
    {"thinking": {"type": "disabled"}},
    {"chat_template_kwargs": {"enable_thinking": False}},
    {"reasoning": {"effort": "none"}},
    {"thinking_budget": 0},
]
ON: list[dict[str, Any]] = [
    {"reasoning_effort": "low"},
    {"enable_thinking": True},
    {"think": "high"},
    {"thinking": {"type": "enabled"}},
    {"chat_template_kwargs": {"thinking": True}},
    {"reasoning": {"effort": "medium"}},
]


@pytest.fixture
def openai_client(fake_app: App) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{fake_app.url}/v1", api_key="none", max_retries=0) as client:
        yield client


@pytest.fixture
def claude_client(fake_app: App) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=fake_app.url, api_key="none", max_retries=0) as client:
        yield client


def chat(app: App, messages: list[Any], **more: Any) -> dict[str, Any]:
    body = {"model": MODEL, "messages": messages, **more}
    answer = httpx.post(f"{app.url}/v1/chat/completions", json=body, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_openai_clients_find_the_thought_beside_the_answer(openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(model=MODEL, messages=ASKED)
    message: Any = answer.choices[0].message
    assert message.content.strip() == WORDS
    assert message.reasoning_content.strip() == message.reasoning.strip() == WORDS
    assert answer.usage is not None
    assert answer.usage.completion_tokens_details is not None
    assert answer.usage.completion_tokens_details.reasoning_tokens == 4
    assert answer.usage.completion_tokens == 8


def test_openai_clients_hear_the_thought_before_the_answer(openai_client: openai.OpenAI) -> None:
    stream = openai_client.chat.completions.create(model=MODEL, messages=ASKED, stream=True)
    said: list[tuple[str, str]] = []
    for chunk in stream:
        for choice in chunk.choices:
            thought = getattr(choice.delta, "reasoning_content", None)
            said += [("thought", thought)] if thought else []
            said += [("text", choice.delta.content)] if choice.delta.content else []
    assert [kind for kind, _ in said] == 4 * ["thought"] + 4 * ["text"]
    assert "".join(text for _, text in said[:4]).strip() == WORDS


@pytest.mark.parametrize("switch", OFF, ids=str)
def test_every_word_for_off_is_understood(fake_app: App, switch: dict[str, Any]) -> None:
    message = chat(fake_app, ASKED, **switch)["choices"][0]["message"]
    assert "reasoning_content" not in message
    assert message["content"].strip() == WORDS


@pytest.mark.parametrize("switch", ON, ids=str)
def test_every_word_for_on_is_understood(fake_app: App, switch: dict[str, Any]) -> None:
    message = chat(fake_app, PLAIN, **switch)["choices"][0]["message"]
    assert message["reasoning_content"].strip() == WORDS


@pytest.mark.parametrize(
    "name", ["thinking_budget", "thinking_token_budget", "thinking_budget_tokens", "budget_tokens"]
)
def test_a_bound_holds_the_thought_and_leaves_the_answer(fake_app: App, name: str) -> None:
    answer = chat(fake_app, ASKED, max_tokens=4, **{name: 2})
    message = answer["choices"][0]["message"]
    assert message["reasoning_content"].split() == ["one", "two"]
    assert message["content"].strip() == WORDS


def test_the_dialects_own_word_goes_before_the_others(fake_app: App) -> None:
    both = {"enable_thinking": False, "reasoning_effort": "high"}
    assert "reasoning_content" not in chat(fake_app, PLAIN, **both)["choices"][0]["message"]


def test_claude_clients_get_a_block_only_if_they_ask(claude_client: anthropic.Anthropic) -> None:
    wish: Any = {"type": "enabled", "budget_tokens": 1024}
    answer = claude_client.messages.create(
        model=MODEL, max_tokens=2000, messages=PLAIN, thinking=wish
    )
    assert [block.type for block in answer.content] == ["thinking", "text"]
    thought: Any = answer.content[0]
    assert thought.thinking.strip() == WORDS
    assert thought.signature
    plain = claude_client.messages.create(model=MODEL, max_tokens=200, messages=ASKED)
    assert [block.type for block in plain.content] == ["text"]


def test_a_budget_of_nothing_is_no_thought_for_claude_clients_too(
    claude_client: anthropic.Anthropic,
) -> None:
    wish: Any = {"type": "enabled", "budget_tokens": 0}
    answer = claude_client.messages.create(
        model=MODEL, max_tokens=200, messages=ASKED, thinking=wish
    )
    assert [block.type for block in answer.content] == ["text"]


def test_claude_clients_stream_it_as_a_block_of_its_own(
    claude_client: anthropic.Anthropic,
) -> None:
    wish: Any = {"type": "enabled", "budget_tokens": 1024}
    with claude_client.messages.stream(
        model=MODEL, max_tokens=2000, messages=PLAIN, thinking=wish
    ) as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_message()
    assert kinds.index("thinking") < kinds.index("text")
    assert [block.type for block in answer.content] == ["thinking", "text"]


def test_a_thought_that_comes_back_to_claude_is_left_out(
    claude_client: anthropic.Anthropic,
) -> None:
    turns: Any = [
        {"role": "user", "content": "hello"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "secret", "signature": ""},
                {"type": "redacted_thinking", "data": "x"},
                {"type": "text", "text": "hello"},
            ],
        },
        {"role": "user", "content": WORDS},
    ]
    answer = claude_client.messages.create(model=MODEL, max_tokens=20, messages=turns)
    block: Any = answer.content[0]
    assert block.text.strip() == WORDS


@pytest.mark.parametrize("summary", [None, "auto"])
def test_responses_put_an_item_before_the_message(
    openai_client: openai.OpenAI, summary: Any
) -> None:
    reasoning: Any = {"effort": "low"} | ({"summary": summary} if summary else {})
    answer = openai_client.responses.create(model=MODEL, input=WORDS, reasoning=reasoning)
    item: Any = answer.output[0]
    assert [found.type for found in answer.output] == ["reasoning", "message"]
    parts = item.summary if summary else item.content
    assert parts[0].text.strip() == WORDS
    assert answer.output_text.strip() == WORDS
    assert answer.usage is not None
    assert answer.usage.output_tokens_details.reasoning_tokens == 4


@pytest.mark.parametrize("summary", [None, "auto"])
def test_responses_stream_the_item_first(openai_client: openai.OpenAI, summary: Any) -> None:
    reasoning: Any = {"effort": "low"} | ({"summary": summary} if summary else {})
    with openai_client.responses.stream(model=MODEL, input=WORDS, reasoning=reasoning) as stream:
        kinds = [event.type for event in stream]
        answer = stream.get_final_response()
    delta = "response.reasoning_summary_text.delta" if summary else "response.reasoning_text.delta"
    assert delta in kinds
    assert kinds.index(delta) < kinds.index("response.output_text.delta")
    assert answer.output_text.strip() == WORDS


def test_a_reasoning_item_that_comes_back_is_left_out(openai_client: openai.OpenAI) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "content": []}
    turns: Any = [{"role": "user", "content": "hello"}, item, {"role": "user", "content": WORDS}]
    answer = openai_client.responses.create(model=MODEL, input=turns)
    assert WORDS in answer.output_text


def test_a_thought_that_comes_back_is_no_part_of_the_conversation(fake_app: App) -> None:
    turns = [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "hello", "reasoning_content": "secret", "reasoning": "s"},
        *PLAIN,
    ]
    message = chat(fake_app, turns)["choices"][0]["message"]
    assert message["content"].strip() == WORDS
