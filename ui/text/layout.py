"""The look of the Text tab: the list of chats, the log, the composer, and the drawer with its options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from configs.catalogue import ModelCard
from ui.core.icons import icon, icon_button
from ui.core.render import note_html
from ui.core.sidebar import sidebar
from ui.core.theme import ASSETS
from ui.core.written import CHAT_LOG
from ui.text.composer.knobs import KNOBS, LONGEST_THOUGHT, Knob, defaults_words
from ui.text.personas import persona_sheet
from workers.flows.turns.options import SYSTEM_PROMPT

from .open_page import OpenPage

CHAT_EXAMPLES = (
    "Explain in three sentences why the sky is blue.",
    "Write a Python function that reverses a list, with an example.",
    "Write a polite message asking my neighbour to turn the music down.",
    "Write the Pythagorean theorem as a formula in LaTeX.",
)
HERE = "The model runs on this machine; nothing you write leaves it."
RUNS_REMOTELY = "This model runs at {host}: what you write is sent there."


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatParts:
    """The tab's components."""

    list: Any
    hands: Any
    earlier: Any
    kept: Any
    live: Any
    empty: Any
    place: Any
    """Where the words go, in an empty chat."""
    notice: Any
    composer: Any
    personas: Any
    """The sheet with all personas."""
    presets: Any
    """The drawer's presets of sampling."""
    options: Sequence[Any]
    """System prompt, knobs, longest thought."""
    about: Any
    reset: Any
    page: Any

    def outputs(self) -> list[Any]:
        """Return everything that an action may change."""
        parts = [self.list, self.earlier, self.kept, self.live, self.empty, self.notice]
        return [*parts, self.composer, self.personas, self.presets, *self.options, self.page]


def layout_chat(card: ModelCard) -> ChatParts:
    """Draw everything."""
    with sidebar("Chats"):
        chats = _scripted("", "chat-list", LIST_TEMPLATE, "chat_list.js")
    gr.HTML(MENU, padding=False, apply_default_css=False, elem_id="chat-menu")
    with gr.Column(elem_id="chat-scroll", elem_classes="q-grow"):
        with gr.Column(elem_id="chat-empty") as empty:
            place = gr.HTML(empty_html(card), padding=False, apply_default_css=False)
        earlier = gr.HTML(
            visible=False, padding=False, apply_default_css=False, elem_id="chat-earlier"
        )
        kept, live = _log("chat-kept"), _log("chat-live")
    notice = gr.HTML(padding=False, apply_default_css=False, elem_id="chat-notice")
    composer = _scripted(
        "{}",
        "chat-composer",
        COMPOSER_TEMPLATE,
        "attached.js",
        "composer.js",
        classes="q-main-input",
    )
    options = _layout_options(card)
    personas = _scripted("{}", "chat-personas", persona_sheet.TEMPLATE, "personas.js")
    hands = _scripted("", "chat-hands", "<i></i>", "chat.js", classes="q-watch")
    return ChatParts(
        list=chats, hands=hands, earlier=earlier, kept=kept, live=live, empty=empty, place=place,
        notice=notice, composer=composer, personas=personas, page=gr.State(OpenPage()), **options,
    )  # fmt: skip


def about_html(card: ModelCard) -> str:
    """What the model is, and what its card says of the knobs."""
    return note_html(f"{card.name}: {card.description}{defaults_words(card)}")


def empty_html(card: ModelCard) -> str:
    """What an empty chat says: where the words go, and what one may ask."""
    host = urlsplit(card.source.removeprefix("remote:")).hostname
    is_remote = card.is_remote and host not in ("localhost", "127.0.0.1")
    place = RUNS_REMOTELY.format(host=escape(host or "")) if is_remote else HERE
    examples = "".join(
        f'<li><button type="button" class="q-b" data-act="send" data-text="{escape(text)}">'
        f"{escape(text)}</button></li>"
        for text in CHAT_EXAMPLES
    )
    return (
        f'<div class="q-chat-empty"><h2>What can I do for you?</h2><p>{place}</p>'
        f'<ul class="q-starters">{examples}</ul></div>'
    )


def _log(elem_id: str) -> Any:
    """A log without a frame of its own: the chat's column scrolls, and draws its own buttons."""
    return gr.Chatbot(
        show_label=False, elem_id=elem_id, elem_classes="q-log", container=False, height="auto",
        buttons=[], layout="panel", autoscroll=False, placeholder=" ", **CHAT_LOG,
    )  # fmt: skip


def _layout_options(card: ModelCard) -> dict[str, Any]:
    with gr.Column(elem_id="chat-options"):
        gr.HTML(
            f'<div class="q-drawer-head"><h2>Options of this chat</h2>'
            f"{icon_button('close', 'Close the options', drawer='close')}</div>",
            padding=False,
            apply_default_css=False,
        )
        system = gr.Textbox(
            SYSTEM_PROMPT, label="System prompt", lines=4, max_lines=10, autoscroll=False,
            info="Who the model is and how it answers, for the whole chat",
        )  # fmt: skip
        presets = gr.HTML(padding=False, apply_default_css=False, elem_id="chat-presets")
        knobs = [*map(_slider, KNOBS[:-1]), _number(KNOBS[-1]), _slider(LONGEST_THOUGHT)]
        reset = gr.Button("Reset to the model's own", size="sm", min_width=120)
        about = gr.HTML(
            about_html(card), padding=False, apply_default_css=False, elem_id="chat-about"
        )
    return {"options": [system, *knobs], "about": about, "reset": reset, "presets": presets}


def _slider(knob: Knob) -> Any:
    return gr.Slider(
        knob.low, knob.high, knob.value, step=knob.step, label=knob.label, info=knob.info,
        min_width=200, buttons=[],
    )  # fmt: skip


def _number(knob: Knob) -> Any:
    return gr.Number(
        knob.value, label=knob.label, info=knob.info, precision=0, minimum=knob.low,
        maximum=knob.high, min_width=200,
    )  # fmt: skip


def _scripted(value: str, elem_id: str, template: str, *scripts: str, classes: str = "") -> Any:
    """A part that scripts of ours draw from its value, and that begins events by `trigger`."""
    return gr.HTML(
        value, html_template=template,
        js_on_load="\n".join((ASSETS / script).read_text(encoding="utf-8") for script in scripts),
        elem_id=elem_id, elem_classes=classes or None, padding=False, apply_default_css=False,
    )  # fmt: skip


MENU = (
    '<span data-chat="" hidden><button type="button" class="q-ib" data-menu="chat" aria-haspopup="menu" '
    'aria-label="Options of this chat: rename, pin, move, export, delete" '
    f'title="Rename, pin, move, export, delete">{icon("more")}</button></span>'
    '<button type="button" class="q-ib q-only-phone" data-act="new" aria-label="Begin a new chat" '
    f'title="New chat">{icon("add")}</button>'
)
"""At the end of the line above the log."""

LIST_TEMPLATE = f"""<div class="q-list">
<div class="q-list-top">
<button type="button" class="q-b q-new" data-act="new" data-key="new-chat" title="New chat (Ctrl Shift O)">{icon("add")}New chat</button>
<button type="button" class="q-ib q-private" data-act="private" aria-pressed="false" aria-label="Private chat, not kept" title="Private chat, not kept">{icon("private")}</button>
</div>
<label class="q-search">{icon("search")}<span class="q-sr">Search all chats</span><input type="search" placeholder="Search all chats" data-key="search" autocomplete="off"></label>
<nav class="q-list-body" aria-label="Your chats"></nav>
<div class="q-list-foot">
<button type="button" class="q-b q-side-person" data-act="personas" aria-haspopup="dialog">{icon("person")}Personas</button>
<button type="button" class="q-ib" data-menu="files" aria-haspopup="menu" aria-label="Import or export chats" title="Import or export chats">{icon("download")}</button>
<button type="button" class="q-ib" data-key="map" aria-haspopup="dialog" aria-label="Keyboard map" title="Keyboard map (?)">{icon("keyboard")}</button>
</div>
<input type="file" class="q-hidden" accept=".json,.zip" tabindex="-1" aria-hidden="true">
<template data-menu-of="chat">
<button role="menuitem" data-do="rename">{icon("edit")}Rename</button>
<button role="menuitem" data-do="pin">{icon("pin")}<span>Pin</span></button>
<button role="menuitem" data-do="move">{icon("folder")}Move to a folder</button>
<a role="menuitem" data-export="md" download>{icon("download")}Export as Markdown</a>
<a role="menuitem" data-export="json" download>{icon("download")}Export as JSON, all versions</a>
<a role="menuitem" data-export="html" target="_blank" rel="noopener">{icon("file")}Page to print</a>
<button role="menuitem" data-do="delete">{icon("bin")}Delete</button>
</template>
<template data-menu-of="files">
<button role="menuitem" data-do="import">{icon("load")}Import chats (Quintet, ChatGPT, Open WebUI)</button>
<a role="menuitem" href="chats/export.json" download>{icon("download")}Export all chats</a>
</template>
</div>"""

COMPOSER_TEMPLATE = f"""<div class="q-box" role="group" aria-label="Message">
<ul class="q-chips" aria-label="Attached files" hidden></ul>
<textarea id="chat-input" class="q-key-edit-last" rows="1" placeholder="Write a message" aria-label="Message: Enter sends, Shift Enter begins a new line" data-key="message"></textarea>
<div class="q-box-bar">
<span class="q-box-left">
<button type="button" class="q-ib q-attach" data-key="attach" aria-label="Attach files" title="Attach files (Ctrl U), or drop or paste them">{icon("clip")}</button>
<input type="file" multiple class="q-attach-input q-hidden" tabindex="-1" aria-hidden="true">
<button type="button" class="q-ib q-dictate" data-key="dictate" aria-label="Dictate" title="Dictate (hold Ctrl Space)" aria-pressed="false">{icon("microphone")}</button>
<button type="button" class="q-ib q-fold" aria-label="Switches of this chat" title="Switches of this chat" aria-expanded="false" aria-controls="chat-switches">{icon("tools")}</button>
<span class="q-switches" id="chat-switches"></span>
<button type="button" class="q-ib" data-drawer="open" aria-label="Options of this chat" title="Options of this chat" aria-expanded="false" aria-controls="chat-options">{icon("settings")}</button>
</span>
<button type="button" class="q-ib q-send" id="chat-send" aria-label="Send" title="Send (Enter)" disabled>{icon("send")}</button>
<button type="button" class="q-ib q-stop" id="chat-stop" aria-label="Stop" title="Stop (Esc)" hidden>{icon("stop")}</button>
</div></div>
<div class="q-under"><span class="q-line-of-chat" role="status"></span><span class="q-key-line">Enter sends · Shift Enter new line</span></div>
<template class="q-tick">{icon("tick")}</template>
<template class="q-kind-picture">{icon("picture")}</template><template class="q-kind-audio">{icon("sound")}</template><template class="q-kind-document">{icon("file")}</template><template class="q-close">{icon("close")}</template>"""
