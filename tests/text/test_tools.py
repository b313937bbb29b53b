"""Tool calls, schemas, grammars and logprobs, on a model that can and on one that cannot."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.coder import coder_card
from workers.engines.contract import CancelToken
from workers.engines.text.llamacpp import LlamaCppEngine
from workers.engines.text.worker import TextWorker
from workers.messages import (
    ChatMessage,
    Complete,
    Constraint,
    Event,
    Generate,
    SamplingParams,
    TextDelta,
    Tool,
    ToolCall,
    ToolCallDelta,
)
from workers.messages.errors import UnsupportedInputError
from workers.messages.process_spec import WorkerSettings

from .conftest import end_of, text_of

WEATHER = Tool(
    name="get_weather",
    description="Get the weather of a city",
    parameters=json.dumps(
        {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    ),
)
CLOCK = Tool(name="get_time", description="Get the time of day in a city")
PERSON = json.dumps(
    {
        "type": "object",
        "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
        "required": ["name", "age"],
        "additionalProperties": False,
    }
)
GREEDY = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=80)


@pytest.fixture(scope="module")
def coder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TextWorker]:
    worker = TextWorker(LlamaCppEngine())
    settings = WorkerSettings(
        card=coder_card(),
        threads=2,
        slots=1,
        data_dir=tmp_path_factory.mktemp("coder"),
        limits={"max_context_tokens": 1024},
    )
    assert "shows_tools" in worker.load(settings, lambda loading: None).capabilities
    yield worker
    worker.close()


def question(text: str, **fields: object) -> Generate:
    message = ChatMessage(role="user", text=text)
    return Generate(messages=(message,), **{"sampling": GREEDY, **fields})  # type: ignore[arg-type]


def run(worker: TextWorker, request: Generate | Complete) -> list[Event]:
    return list(worker.handle(request, CancelToken()))


def calls_of(events: list[Event]) -> list[tuple[str, dict[str, object]]]:
    calls: dict[int, list[str]] = {}
    for event in events:
        if isinstance(event, ToolCallDelta):
            call = calls.setdefault(event.index, ["", "", ""])
            for place, piece in enumerate((event.call_id, event.name, event.arguments)):
                call[place] += piece
    assert all(call[0].startswith("call_") for call in calls.values())
    return [(name, json.loads(arguments)) for _, name, arguments in calls.values()]


def test_a_tool_is_called_when_the_model_wants_it(coder: TextWorker) -> None:
    events = run(coder, question("What is the weather in Paris?", tools=(WEATHER,)))
    assert calls_of(events) == [("get_weather", {"city": "Paris"})]
    assert text_of(events) == ""
    assert end_of(events).reason == "tool_calls"


def test_the_result_of_a_tool_is_used(coder: TextWorker) -> None:
    call = ToolCall(call_id="call_1", name="get_weather", arguments='{"city": "Paris"}')
    request = Generate(
        messages=(
            ChatMessage(role="user", text="What is the temperature in Paris? Answer in words."),
            ChatMessage(role="assistant", text="", tool_calls=(call,)),
            ChatMessage(role="tool", text="It is 31 degrees.", tool_call_id="call_1"),
        ),
        sampling=GREEDY,
        tools=(WEATHER,),
        tool_choice="none",
    )
    assert "31" in text_of(run(coder, request))


@pytest.mark.parametrize(
    ("choice", "name"),
    [("required", None), ("get_time", "get_time"), ("get_weather", "get_weather")],
)
def test_a_choice_is_obeyed(coder: TextWorker, choice: str, name: str | None) -> None:
    request = question("Good morning!", tools=(WEATHER, CLOCK), tool_choice=choice)
    events = run(coder, request)
    ((called, _),) = calls_of(events)
    assert called == name or (name is None and called in ("get_weather", "get_time"))
    assert end_of(events).reason == "tool_calls"


def test_none_means_no_call(coder: TextWorker) -> None:
    request = question("What is the weather in Paris?", tools=(WEATHER,), tool_choice="none")
    events = run(coder, request)
    assert calls_of(events) == []
    assert len(text_of(events)) > 20


def test_a_model_without_a_tools_template_is_reported_in_words(worker: TextWorker) -> None:
    request = question("The weather in Rome?", tools=(WEATHER,), tool_choice="required")
    ((name, arguments),) = calls_of(run(worker, request))
    assert name == "get_weather"
    assert isinstance(arguments["city"], str)


def test_text_that_only_begins_like_a_call_is_text(worker: TextWorker) -> None:
    request = question("The capital of France? Answer briefly.", tools=(CLOCK,))
    events = run(worker, request)
    assert calls_of(events) == []
    assert text_of(events).strip()


def test_a_long_text_beside_tools_is_not_held_back(worker: TextWorker) -> None:
    """A short one may come whole: tokens that come faster than anybody reads are joined."""
    long = replace(GREEDY, max_tokens=150, ignore_eos=True)
    events = run(worker, question("Tell me about the sea.", tools=(CLOCK,), sampling=long))
    assert sum(isinstance(event, TextDelta) for event in events) > 1


def test_a_schema_is_obeyed(worker: TextWorker) -> None:
    request = question("Invent a person.", constraint=Constraint(kind="schema", text=PERSON))
    person = json.loads(text_of(run(worker, request)))
    assert set(person) == {"name", "age"}
    assert isinstance(person["age"], int)


def test_any_json_is_json(worker: TextWorker) -> None:
    request = question(
        'Repeat this JSON: {"fruits": ["apple", "pear"]}', constraint=Constraint(kind="json")
    )
    events = run(worker, request)
    assert isinstance(json.loads(text_of(events)), dict)


def test_a_grammar_is_obeyed(worker: TextWorker) -> None:
    grammar = 'root ::= "yes" | "no"'
    request = question("Is water wet?", constraint=Constraint(kind="grammar", text=grammar))
    assert text_of(run(worker, request)) in ("yes", "no")


def test_logprobs_are_reported_for_each_token(worker: TextWorker) -> None:
    sampling = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=4, num_logprobs=3)
    events = run(worker, question("The capital of France? Answer briefly.", sampling=sampling))
    tokens = [token for event in events if isinstance(event, TextDelta) for token in event.logprobs]
    assert len(tokens) >= 2
    for token in tokens:
        assert token.logprob <= 0
        assert len(token.top) == 3
        assert token.top[0] == (token.token, token.logprob)  # greedy takes the likeliest


def test_a_raw_prompt_goes_on_without_a_template(worker: TextWorker) -> None:
    sampling = SamplingParams(temperature=0.0, repeat_penalty=1.0, max_tokens=4)
    events = run(worker, Complete(prompt="The capital of France is", sampling=sampling))
    assert text_of(events).startswith(" Paris")
    end = end_of(events)
    assert (end.reason, end.usage.prompt_tokens, end.usage.completion_tokens) == ("length", 5, 4)


def test_ignoring_the_end_goes_on_to_the_limit(worker: TextWorker) -> None:
    sampling = SamplingParams(temperature=0.0, max_tokens=60, ignore_eos=True)
    events = run(worker, question("The capital of France? Answer briefly.", sampling=sampling))
    end = end_of(events)
    assert (end.reason, end.usage.completion_tokens) == ("length", 60)


WORDS = json.dumps({"anyOf": [{"enum": list(range(999))}, {"const": 1}]})


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (
            {"tools": (WEATHER,), "tool_choice": "get_mail"},
            "'get_mail'; the tools are: get_weather",
        ),
        ({"tool_choice": "required"}, "no tools"),
        ({"tools": (Tool(name="broken", parameters="{"),)}, "'broken' is no JSON"),
        ({"tools": (Tool(name="odd", parameters='{"type": "cat"}'),)}, "'cat' is not valid"),
        ({"constraint": Constraint(kind="schema", text='{"type": "cat"}')}, "'cat' is not valid"),
        ({"constraint": Constraint(kind="schema", text='{"$ref": "#/no"}')}, "cannot enforce"),
        ({"constraint": Constraint(kind="schema", text="[]")}, "must be an object"),
        ({"sampling": SamplingParams(stop=("\ud83d",))}, "half a character at place 0"),
        ({"constraint": Constraint(kind="grammar", text="root ::= (")}, "grammar|parse"),
        ({"constraint": Constraint(kind="grammar", text="root ::= " + "(" * 100_000)}, "100,009"),
        ({"constraint": Constraint(kind="schema", text="{")}, "schema is no JSON"),
        ({"constraint": Constraint(kind="schema", text=WORDS)}, "1,001 alternatives"),
        ({"constraint": Constraint(kind="schema", text='{"minimum": 1e999}')}, "one side only"),
        (
            {"constraint": Constraint(kind="schema", text=f'{{"minimum": {2**64}}}')},
            "one side only",
        ),
        (
            {"constraint": Constraint(kind="schema", text=f'{{"minimum": 1, "maximum": {2**64}}}')},
            "64 bits",
        ),
        (
            {"constraint": Constraint(kind="schema", text='{"title": "%s"}' % ("x" * 64_000))},
            "64,0",
        ),
        ({"sampling": SamplingParams(num_logprobs=21)}, "0 to 20"),
        ({"sampling": SamplingParams(frequency_penalty=9.0)}, "frequency_penalty is 9.0"),
    ],
)
def test_what_cannot_be_enforced_is_reported(
    worker: TextWorker, fields: dict[str, object], sentence: str
) -> None:
    with pytest.raises(UnsupportedInputError, match=sentence):
        run(worker, question("Hello.", **fields))


def test_an_empty_raw_prompt_is_refused(worker: TextWorker) -> None:
    with pytest.raises(UnsupportedInputError, match="empty"):
        run(worker, Complete(prompt=""))
