"""The prompt formats of a LocalAI model file, read from their `.tmpl` files and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from configs.catalogue import Templates
from configs.errors import ConfigError
from configs.small_files import read_text
from workers.templates.go import check_template

_NAMES = ("chat", "chat_message", "completion", "edit", "function")
RAW = "{{.Input}}"


def read_templates(
    entry: Mapping[str, Any], model: str, folder: Path, *, has_own: bool
) -> Templates | None:
    """Return the templates that an entry names; None: the format that the weights carry.

    A name is that of a `.tmpl` file in the folder, or the template itself. `<model>.tmpl` stands in
    for chat, completion and edit where they are not named. Without any, LocalAI sends the bare
    text; a model that carries its own chat format (`has_own`) is asked in that one instead, as its
    answers are useless without. Raises: ConfigError naming the file and the line.
    """
    named = entry.get("template") or {}
    if not isinstance(named, Mapping):
        raise ConfigError("template must be a mapping")
    if named.get("use_tokenizer_template"):
        return None
    texts = {name: _text(str(named.get(name) or ""), folder, name) for name in _NAMES}
    beside = folder / f"{model}.tmpl"
    if beside.is_file():
        text = _checked(read_text(beside), beside.name)
        texts.update({name: texts[name] or text for name in ("chat", "completion", "edit")})
    roles = {str(role): str(prefix) for role, prefix in (entry.get("roles") or {}).items()}
    if has_own and not any([*texts.values(), *roles]):
        return None
    if not has_own and not texts["chat"]:
        texts["chat"] = RAW
    joined = named.get("join_chat_messages_by_character")
    return Templates(
        **texts,
        roles=roles,
        system_prompt=str(entry.get("system_prompt") or ""),
        separator="\n" if joined is None else str(joined),
    )


def _text(named: str, folder: Path, place: str) -> str:
    if not named:
        return ""
    if "{{" in named or "\n" in named:
        return _checked(named, f"template.{place}")
    path = folder / f"{named}.tmpl"
    if not path.is_file():
        raise ConfigError(f"template.{place} names {path.name}, which is not in the folder")
    return _checked(read_text(path), path.name)


def _checked(source: str, name: str) -> str:
    check_template(source, name)
    return source
