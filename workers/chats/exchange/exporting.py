"""Kept chats as files: JSON with every version, Markdown and a page to print of what is shown."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from html import escape

from markdown_it import MarkdownIt

from workers.chats.files import files_of
from workers.chats.records import KeptChat, Message, Tree

from .portable import FILE, ChatsFile, WholeChat

NO_FILES = (
    "The contents of the {num_files} attached files are not in this export: only their names are."
)
WHO = {"user": "You", "assistant": "Answer"}
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 15px/1.6 system-ui, sans-serif; max-width: 44em; margin: 2em auto; padding: 0 1em; color: #15171c }}
h1 {{ font-size: 1.5em }} h2 {{ font-size: 1em; margin: 2em 0 .3em; color: #4b5160 }}
.said {{ white-space: pre-wrap; overflow-wrap: anywhere }}
pre {{ background: #f6f7f9; padding: .8em; overflow-x: auto; white-space: pre-wrap }}
table {{ border-collapse: collapse }} td, th {{ border: 1px solid #e2e5ea; padding: .3em .6em; text-align: left }}
small {{ color: #646a79 }} section {{ break-inside: avoid-page }}
</style></head><body><h1>{title}</h1><p><small>{when}</small></p>
{body}</body></html>
"""


def as_json(chats: Iterable[tuple[KeptChat, Tree]]) -> str:
    """Return chats with all of their versions; `importing.read_chats` reads it again."""
    whole = (WholeChat(chat=chat, messages=tuple(tree.messages.values())) for chat, tree in chats)
    kept = tuple(whole)
    num_files = len({file.id for one in kept for said in one.messages for file in files_of(said)})
    note = NO_FILES.format(num_files=num_files) if num_files else ""
    return FILE.dump_json(ChatsFile(chats=kept, note=note), indent=1).decode()


def as_markdown(chat: KeptChat, tree: Tree) -> str:
    """Return what is shown of a chat, thoughts left out."""
    parts = [f"# {chat.title or 'Chat'}", f"*{_when(chat.created_s)}*"]
    for message in tree.path(chat.shown):
        parts += [f"## {_who(message)}", message.text or f"*{_no_words(message)}*"]
        parts += [f"*{line}*" for line in _attached(message)]
    return "\n\n".join(parts) + "\n"


def as_html(chat: KeptChat, tree: Tree) -> str:
    """Return what is shown of a chat as a page that loads nothing and runs nothing."""
    title = escape(chat.title or "Chat")
    body = "".join(_section(message) for message in tree.path(chat.shown))
    return PAGE.format(title=title, when=escape(_when(chat.created_s)), body=body)


def _section(message: Message) -> str:
    if message.role == "user":
        shown = f'<div class="said">{escape(message.text)}</div>'
    elif message.text:
        shown = _markdown().render(message.text)
    else:
        shown = f"<p><small>{escape(_no_words(message))}</small></p>"
    files = "".join(f"<p><small>{escape(line)}</small></p>" for line in _attached(message))
    return f"<section><h2>{escape(_who(message))}</h2>{shown}{files}</section>\n"


def _markdown() -> MarkdownIt:
    """Return a renderer that shows HTML as it is written, and pictures as their names."""
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def _who(message: Message) -> str:
    model = message.details.get("model") if message.role == "assistant" else None
    return f"{WHO[message.role]} ({model})" if model else WHO[message.role]


def _attached(message: Message) -> list[str]:
    """Return a line for each attached file, whose contents are not in what is exported."""
    return [
        f"Attached: {file.name} ({file.num_bytes:,} bytes, not in this file)"
        for file in files_of(message)
    ]


def _no_words(message: Message) -> str:
    return message.error or "no words"


def _when(created_s: float) -> str:
    return f"{datetime.fromtimestamp(created_s, timezone.utc):%Y-%m-%d %H:%M} UTC"
