"""Errors of configuration files, told so that the reader can mend the file."""

from __future__ import annotations

import difflib

from pydantic import BaseModel, ValidationError

from .quoting import shortened


class ConfigError(Exception):
    """A configuration file, variable or flag is wrong; the message says where and how."""

    def __init__(self, message: str) -> None:
        super().__init__(shortened(message))


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Return the keys allowed at `location` of `model`, following nested models."""
    for key in location[:-1]:
        annotation = (
            model.model_fields[str(key)].annotation if str(key) in model.model_fields else None
        )
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)


def explain(error: ValidationError, model: type[BaseModel]) -> str:
    """Turn pydantic's findings into one sentence each; a misspelled key gets the nearest right one."""
    sentences = []
    for finding in error.errors():
        where = ".".join(str(part) for part in finding["loc"])
        sentence = f"{where}: {finding['msg']}"
        if finding["type"] == "extra_forbidden":
            known = _fields(model, finding["loc"])
            close = difflib.get_close_matches(str(finding["loc"][-1]), known, n=1)
            sentence = f"unknown key {where!r}" + (f", did you mean {close[0]!r}?" if close else "")
        elif finding["type"].startswith("byte_size"):
            sentence = f"{where}: {finding['input']!r} is not a size; write it like 700MiB or 8GiB"
        sentences.append(sentence)
    return "; ".join(sentences)
