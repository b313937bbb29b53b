"""Prompt formats that ask for more than a machine has: refused with one sentence, and the next one works."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import psutil
import pytest

from configs.catalogue import Templates
from workers.messages import ChatMessage
from workers.messages.errors import LoadError
from workers.models.folder.reader import read_models_folder
from workers.templates import go as gotemplate
from workers.templates.conversation import render_chat
from workers.templates.go import TemplateError, check_template, render

DOUBLING = '{{$x := "aaaaaaaa"}}{{range until 60}}{{$x = print $x $x}}{{end}}{{len $x}}'
GREEDY = {
    "doubled without end": DOUBLING,
    "doubled with cat": DOUBLING.replace("print $x $x", "cat $x $x"),
    "doubled with printf": DOUBLING.replace("print $x $x", 'printf "%s%s" $x $x'),
    "a list doubled": "{{$x := list 1}}{{range until 60}}{{$x = concat $x $x}}{{end}}{{len $x}}",
    "repeated": '{{len (repeat 4000000000 "x")}}',
    "repeated and repeated": '{{range until 10000}}{{$x := repeat 10000000 "ab"}}{{end}}',
    "padded": '{{printf "%2000000000d" 1}}',
    "indented": '{{len (indent 2000000000 "x")}}',
    "counted": "{{len (until 2000000000)}}",
    "loops in loops": "{{range until 900}}{{range until 900}}{{range until 900}}x{{end}}{{end}}{{end}}",
    "replaced": '{{$x := repeat 100000 "a"}}{{len (replace "a" $x $x)}}',
    "nested": "{{if true}}" * 20_000 + "{{end}}" * 20_000,
    "brackets": "{{" + "(" * 50_000 + "1" + ")" * 50_000 + "}}",
    "random": "{{len (randAlphaNum 2000000000)}}",
}


@pytest.mark.parametrize("name", GREEDY)
def test_a_greedy_template_is_refused_and_the_next_one_works(name: str) -> None:
    before_mib = psutil.Process().memory_info().rss >> 20
    with pytest.raises(TemplateError) as caught:
        render(GREEDY[name], {}, "t.tmpl")
    assert str(caught.value).startswith("t.tmpl")
    assert len(str(caught.value)) < 1000
    assert render("{{.Input}}!", {"Input": "x"}) == "x!"
    assert (psutil.Process().memory_info().rss >> 20) - before_mib < 200


def test_in_a_conversation_it_is_a_sentence_about_the_template() -> None:
    with pytest.raises(LoadError, match=r"template\.chat_message"):
        render_chat(Templates(chat_message=DOUBLING), [ChatMessage(role="user", text="Hi")])


def test_one_that_cannot_even_be_read_is_left_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    (tmp_path / "deep.tmpl").write_text(GREEDY["nested"])
    model = "name: {}\nparameters: {{model: model.gguf}}\n"
    (tmp_path / "a.yaml").write_text(model.format("greedy") + "template: {chat: deep}")
    (tmp_path / "b.yaml").write_text(model.format("modest") + 'template: {chat: "{{.Input}}"}')
    warnings: list[str] = []
    cards = read_models_folder(tmp_path, tell=warnings.append)
    assert "modest" in cards
    assert "greedy" not in cards
    assert "deep.tmpl" in " ".join(warnings)


def test_when_its_process_is_killed_another_takes_its_place() -> None:
    check_template("{{.A}}", "first")
    running = gotemplate._process._running
    assert running is not None
    running.process.send_signal(signal.SIGKILL)
    running.process.wait()
    assert render("{{.A}}", {"A": "2"}) == "2"


def test_many_threads_each_get_their_own_answer() -> None:
    answers: dict[int, str] = {}

    def ask(number: int) -> None:
        answers[number] = render("{{.N}}", {"N": number})

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {number: str(number) for number in range(40)}
