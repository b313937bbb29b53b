"""Prompts that templates of LocalAI's gallery give."""

from __future__ import annotations

import pytest

from configs.catalogue import Templates
from workers.messages import ChatMessage, Tool, ToolCall
from workers.messages.errors import LoadError
from workers.templates.conversation import formats_chat, render_chat, render_completion, render_edit
from workers.templates.go import TemplateError, check_template, render

CHATML_MESSAGE = """\
<|im_start|>{{if eq .RoleName "assistant"}}assistant{{else if eq .RoleName "system"}}system\
{{else if eq .RoleName "tool"}}tool{{else if eq .RoleName "user"}}user{{end}}
{{- if .FunctionCall }}
<tool_call>
{{- else if eq .RoleName "tool" }}
<tool_response>
{{- end }}
{{- if .Content}}
{{.Content }}
{{- end }}
{{- if .FunctionCall}}
{{toJson .FunctionCall}}
{{- end }}
{{- if .FunctionCall }}
</tool_call>
{{- else if eq .RoleName "tool" }}
</tool_response>
{{- end }}<|im_end|>"""
CHATML = Templates(chat="{{.Input -}}\n<|im_start|>assistant\n", chat_message=CHATML_MESSAGE)
MISTRAL = Templates(
    chat="{{.Input -}}",
    chat_message=(
        '{{if eq .RoleName "user" -}}\n[INST] {{.Content }} [/INST]\n'
        '{{- else if eq .RoleName "assistant" -}}\n{{- if .Content -}}\n{{.Content }}</s>\n'
        "{{end -}}\n{{end -}}"
    ),
    completion="{{.Input}}",
)
FUNCTIONS = Templates(
    function=(
        "<tools>{{range .Functions}}\n{'name': '{{.Name}}', 'description': '{{.Description}}', "
        "'parameters': {{toJson .Parameters}}}\n{{end}}</tools>{{toJson .Functions}}{{.Input}}"
    ),
    chat="plain {{.Input}}",
)
WEATHER = Tool(name="weather", description="Tells it", parameters='{"type": "object"}')


def turn(role: str, text: str) -> ChatMessage:
    return ChatMessage(role=role, text=text)  # type: ignore[arg-type]


def test_chatml_of_the_gallery() -> None:
    messages = [turn("system", "Be brief."), turn("user", "Hi"), turn("assistant", "Hello.")]
    assert render_chat(CHATML, messages) == (
        "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n"
        "<|im_start|>assistant\nHello.<|im_end|><|im_start|>assistant\n"
    )


def test_mistral_of_the_gallery() -> None:
    messages = [turn("user", "Hi"), turn("assistant", "Hello."), turn("user", "Bye")]
    assert render_chat(MISTRAL, messages) == "[INST] Hi [/INST]\nHello.</s>\n\n[INST] Bye [/INST]"


def test_a_message_that_comes_out_blank_is_left_out() -> None:
    """Mistral's template says nothing for the system's turn."""
    messages = [turn("system", "Be brief."), turn("user", "Hi")]
    assert render_chat(MISTRAL, messages) == "[INST] Hi [/INST]"


def test_roles_are_put_before_the_text_and_a_system_turn_replaces_the_configured_one() -> None:
    templates = Templates(
        chat="{{if not .SuppressSystemPrompt}}{{.SystemPrompt}}\n{{end}}{{.Input}}\nASSISTANT:",
        roles={"user": "USER: ", "assistant": "ASSISTANT: ", "system": "SYSTEM: "},
        system_prompt="You are kind.",
    )
    assert render_chat(templates, [turn("user", "Hi")]) == "You are kind.\nUSER: Hi\nASSISTANT:"
    assert render_chat(templates, [turn("system", "Be rude."), turn("user", "Hi")]) == (
        "SYSTEM: Be rude.\nUSER: Hi\nASSISTANT:"
    )


def test_without_any_template_the_joined_messages_are_the_prompt() -> None:
    messages = [turn("user", "One"), turn("user", "Two")]
    assert render_chat(Templates(), messages) == "One\nTwo"
    assert render_chat(Templates(separator=""), messages) == "OneTwo"


def test_tools_use_the_function_template_and_are_written_with_the_names_of_json() -> None:
    prompt = render_chat(FUNCTIONS, [turn("user", "Rain?")], [WEATHER])
    assert prompt == (
        "<tools>\n{'name': 'weather', 'description': 'Tells it', "
        '\'parameters\': {"type":"object"}}\n</tools>'
        '[{"description":"Tells it","name":"weather","parameters":{"type":"object"}}]Rain?'
    )
    assert render_chat(FUNCTIONS, [turn("user", "Rain?")]) == "plain Rain?"


def test_a_call_and_its_result_reach_the_template() -> None:
    call = ToolCall(call_id="c1", name="weather", arguments='{"city":"Oslo"}')
    messages = [
        ChatMessage(role="assistant", text="", tool_calls=(call,)),
        ChatMessage(role="tool", text="rain", tool_call_id="c1"),
    ]
    prompt = render_chat(CHATML, messages)
    assert '<tool_call>\n[{"function":{"arguments":"{\\"city\\":\\"Oslo\\"}"' in prompt
    assert "<tool_response>\nrain\n</tool_response>" in prompt
    named = Templates(
        chat_message="{{.FunctionName}}{{range .FunctionCall}}{{.FunctionCall.Name}}!{{end}}"
    )
    assert render_chat(named, messages) == "weather!\nweather"


def test_a_call_has_a_role_of_its_own_where_the_file_names_one() -> None:
    call = ToolCall(call_id="c1", name="weather", arguments="{}")
    turns = [ChatMessage(role="assistant", text="", tool_calls=(call,))]
    prompt = render_chat(Templates(roles={"assistant_function_call": "CALL:"}), turns)
    assert prompt.startswith('CALL: [{"index":0,"id":"c1","type":"function"')


def test_a_file_with_a_completion_format_alone_leaves_chat_to_the_weights() -> None:
    assert not formats_chat(None)
    assert not formats_chat(Templates(completion="{{.Input}}"))
    assert formats_chat(MISTRAL)
    assert formats_chat(Templates(roles={"user": "USER: "}))


def test_completion_and_edit() -> None:
    templates = Templates(completion="C {{.Input}}", edit="{{.Instruction}}|{{.Input}}")
    assert render_completion(templates, "x") == "C x"
    assert render_completion(None, "x") == render_completion(Templates(), "x") == "x"
    assert render_edit(templates, "Fix", "teh") == "Fix|teh"
    assert render_edit(None, "Fix", "teh") == "Fix\n\nteh"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a\n{{ shout .Input }}", "t.tmpl, line 2, column 4: function 'shout' not defined."),
        ("a\n{{ .Input", "t.tmpl, line 2, column 1: unclosed action."),
        ('{{ env "HOME" }}', "t.tmpl, line 1, column 4: function 'env' not defined."),
    ],
)
def test_an_unreadable_template_is_named_with_line_and_reason(source: str, said: str) -> None:
    with pytest.raises(TemplateError) as caught:
        check_template(source, "t.tmpl")
    assert str(caught.value) == said


def test_a_field_that_does_not_exist_is_an_error_as_in_go() -> None:
    with pytest.raises(LoadError, match=r"template\.chat, line 2, column 3: .*'Contents'"):
        render_chat(Templates(chat="\n{{.Contents}}"), [turn("user", "Hi")])


def test_a_template_that_calls_itself_without_end_is_stopped() -> None:
    endless = '{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}'
    with pytest.raises(TemplateError, match="depth"):
        render(endless, {})
