"""`quintet see`: read pictures, or ask about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from workers.messages.errors import UnsupportedInputError

from .options import Json, SamplingFlags, Where, grouped
from .output import emit, say


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(see))


def see(
    images: Annotated[
        list[str],
        typer.Argument(metavar="IMAGE… [QUESTION]", help="Pictures; then what to ask about them."),
    ],
    *,
    sampling: SamplingFlags,
    where: Where,
    as_json: Json = False,
) -> None:
    """Read the text in pictures, or answer a question about them."""
    from .opening import open_quintet

    files, question = split_question(images)
    if where.url and not question:
        _read_there(where, files, sampling, as_json=as_json)
        return
    with open_quintet(where, vision=sampling.model) as quintet:
        if not question:
            read = quintet.read(files, timeout_s=sampling.timeout)
            if as_json:
                emit({"text": read.text, "pictures": read.pictures})
            else:
                say(read.text)
            return
        with quintet.stream_description(files, question, **sampling.given()) as stream:
            if as_json:
                seen = stream.result()
                emit({"text": seen.text, "pictures": seen.pictures, "usage": seen.usage})
                return
            for piece in stream:
                say(piece, end="")
            say("")


def _read_there(where: Where, files: list[Path], sampling: SamplingFlags, *, as_json: bool) -> None:
    from library.inputs import to_files

    from .opening import reach

    if sampling.timeout is not None:
        raise UnsupportedInputError(
            "Another Quintet reads text by its own limits: leave out --timeout, or ask a question."
        )
    if sampling.model:
        raise UnsupportedInputError(
            "Another Quintet reads text with its own model: leave out --model, or ask a question."
        )
    text = reach(where).read(to_files(files))
    if as_json:
        emit({"text": text, "pictures": []})
    else:
        say(text)


def split_question(arguments: Sequence[str]) -> tuple[list[Path], str]:
    """Return the pictures and the question: the last argument, if it is a sentence and no file.

    Raises: UnsupportedInputError if there is no picture.
    """
    *before, last = arguments
    is_sentence = any(sign in last.strip() for sign in " ?") and not Path(last).exists()
    files = before if is_sentence else list(arguments)
    if not files:
        raise UnsupportedInputError("Name a picture before the question.")
    return [Path(file) for file in files], last if is_sentence else ""
