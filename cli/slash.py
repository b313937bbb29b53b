"""The /commands of a terminal chat. Each changes the conversation and returns what to tell."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from workers.flows.turns.ways import WAYS
from workers.messages.errors import UnsupportedInputError
from workers.personas.asking import ask_as

from .conversation import Conversation
from .documents import check_collection
from .flowing import ARTICLE, FLOWS

Command = Callable[[Conversation, str], str]

QUIT = ("/quit", "/exit", "/bye")
RETRY = "/retry"
"""Answered by the loop, which asks again."""


def run(conversation: Conversation, line: str) -> str:
    """Do what a line that begins with "/" says. Raises: AppError, OSError."""
    name, _, argument = line.partition(" ")
    if name not in COMMANDS:
        raise UnsupportedInputError(f"There is no {name}.", "See /help.")
    return COMMANDS[name](conversation, argument.strip())


def _help(_conversation: Conversation, _argument: str) -> str:
    return "\n".join(f"{usage:18} {what}" for usage, what in HELP)


def _system(conversation: Conversation, argument: str) -> str:
    if not argument:
        return f"System prompt: {conversation.system or 'none'}"
    conversation.system = "" if argument == "-" else argument
    return "The system prompt is set." if conversation.system else "There is no system prompt."


def _persona(conversation: Conversation, argument: str) -> str:
    personas, models = conversation.quintet.personas, conversation.quintet.client.models
    if not argument:
        return "\n".join(f"  {one.id}  {one.description}" for one in personas.all())
    persona = personas.get(argument)
    asked = ask_as(persona, models.has, () if conversation.is_remote else WAYS)
    if asked.model:
        models.use("text", asked.model)
    conversation.wear(asked)
    return "\n".join([*asked.notes, f"{persona.name} answers now."])


def _model(conversation: Conversation, argument: str) -> str:
    models = conversation.quintet.client.models
    if argument:
        models.use("text", argument)
        return f"{models.default('text').name} answers now."
    using = models.default("text").id
    return "\n".join(
        f"{'*' if card.id == using else ' '} {card.id}  {card.description}"
        for card in models.all("text")
    )


def _clear(conversation: Conversation, _argument: str) -> str:
    conversation.turns.clear()
    conversation.images, conversation.collection = (), ""
    return "Forgotten: turns, pictures, documents."


def _save(conversation: Conversation, argument: str) -> str:
    if not argument:
        raise UnsupportedInputError("Where to?", "/save chat.md, or /save chat.json")
    path = Path(argument).expanduser()
    is_json = path.suffix == ".json"
    path.write_text(conversation.as_json() if is_json else conversation.as_text(), encoding="utf-8")
    return f"Saved as {path}."


def _image(conversation: Conversation, argument: str) -> str:
    if not argument:
        conversation.images = ()
        return "Questions are about no picture now."
    if conversation.flow:
        raise UnsupportedInputError("A flow answers nothing about pictures.", "/flow ends that.")
    files = tuple(Path(name).expanduser() for name in _words(argument))
    for file in files:
        if not file.is_file():
            raise UnsupportedInputError(f"There is no file {file}.")
    conversation.images, conversation.collection = files, ""
    return f"Questions are about {', '.join(file.name for file in files)} now; /image ends that."


def _doc(conversation: Conversation, argument: str) -> str:
    if argument:
        if conversation.is_remote:
            raise UnsupportedInputError(
                "Documents of another Quintet can only be searched, with `quintet search`."
            )
        if conversation.flow.get("flow", ARTICLE) != ARTICLE:
            raise UnsupportedInputError("This flow reads no documents.", "/flow ends that.")
        check_collection(conversation.quintet, argument)
    conversation.collection, conversation.images = argument, ()
    if argument:
        return f"Questions are answered from {argument} now; /doc ends that."
    return "Questions are answered from no documents now."


def _flow(conversation: Conversation, argument: str) -> str:
    name, _, model = argument.partition(" ")
    if name and name not in FLOWS:
        raise UnsupportedInputError(
            f"There is no flow {name!r}.", f"There are: {', '.join(FLOWS)}."
        )
    if conversation.images and name:
        raise UnsupportedInputError("A flow answers nothing about pictures.", "/image ends that.")
    if conversation.collection and name and name != ARTICLE:
        raise UnsupportedInputError(f"The flow {name} reads no documents.", "/doc ends that.")
    key = FLOWS.get(name)
    if model and key is None:
        raise UnsupportedInputError(f"The flow {name} needs no further model.")
    named = {key: model.strip()} if key and model else {}
    conversation.flow = {"flow": name, **named} if name else {}
    return f"Answers come by {name} now; /flow ends that." if name else "One model answers now."


def _words(argument: str) -> list[str]:
    try:
        return shlex.split(argument)
    except ValueError as err:
        raise UnsupportedInputError(f"A quotation mark is open: {argument}") from err


def _tools(conversation: Conversation, argument: str) -> str:
    if not argument:
        chosen = ", ".join(conversation.tools) or "none"
        return f"The model may call: {chosen}. `quintet tools` lists what there is."
    conversation.tools = () if argument == "-" else tuple(_words(argument))
    return f"The model may call {', '.join(conversation.tools) or 'nothing'} now."


COMMANDS: dict[str, Command] = {
    "/help": _help,
    "/system": _system,
    "/persona": _persona,
    "/model": _model,
    "/clear": _clear,
    "/save": _save,
    "/image": _image,
    "/doc": _doc,
    "/flow": _flow,
    "/tools": _tools,
}
HELP = (
    ("/system TEXT", "instructions before the conversation; - removes them"),
    ("/persona [ID]", "list the personas, or let one answer"),
    ("/model [ID]", "list the text models, or use another"),
    ("/image FILE…", "ask about pictures; without a file: no longer"),
    ("/doc COLLECTION", "answer from documents; without a name: no longer"),
    ("/flow NAME [MODEL]", "answer by route, plan, compare or article; without a name: directly"),
    ("/tools [NAME…]", "say which tools the model may call, or choose them; - for none"),
    ("/retry", "answer the last question again"),
    ("/clear", "forget the conversation"),
    ("/save FILE", "write the conversation to a .md or .json file"),
    ("/quit", "leave, as does Ctrl-D; Ctrl-C stops an answer"),
)
NAMES = (*COMMANDS, RETRY, QUIT[0])
