"""`quintet ask`: one question, one answer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from workers.messages.errors import UnsupportedInputError
from workers.messages.places import place_in

from .calling import calling_options, leave_of, schema_at, tell_mistake, tell_notes
from .flowing import ARTICLE, FlowFlags, tell_flow
from .options import Json, PersonaName, SamplingFlags, ToolFlags, Where, grouped
from .output import emit, note, read_stdin, say

if TYPE_CHECKING:
    from library.answers import Answer, FileAnswer
    from library.results import ChatResult, Description
    from library.session import Quintet
    from library.sync_async import Stream
    from workers.messages import Passage

    from .remote_reply import RemoteReply, RemoteResult


@dataclass(frozen=True, slots=True, kw_only=True)
class About(FlowFlags, ToolFlags):
    """What the question is about, how its answer is come by, and what may be called for it."""

    schema: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A JSON schema that the answer obeys.")
    ] = None
    image: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="A picture; may be repeated.")
    ] = None
    file: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="A picture, document or recording; may be repeated."),
    ] = None
    collection: Annotated[
        str | None, typer.Option(metavar="NAME", help="Answer from these documents, with sources.")
    ] = None
    quote: Annotated[
        bool,
        typer.Option(
            "--quote", help="With --collection: the documents' own sentences; no model is asked."
        ),
    ] = False


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(grouped(ask))


def ask(
    question: Annotated[
        str, typer.Argument(help="What to ask; text that is piped in follows it.")
    ] = "",
    *,
    persona: PersonaName = "",
    about: About,
    sampling: SamplingFlags,
    where: Where,
    as_json: Json = False,
) -> None:
    """Ask one question; the answer is written as it comes."""
    from .dressing import dressed

    asked = _question(question, is_needed=not about.file)
    _check(about, where, persona)
    sampling = dressed(sampling, persona, where)
    with _answer(asked, about, sampling, where) as stream:
        if as_json:
            emit(_object(stream.result()))
            return
        is_marked = bool(about.collection or about.file) and about.flow is None
        for piece in pieces_of(stream, is_marked=is_marked):
            say(piece, end="")
        say("")
        result = stream.result()
        tell_sources(result)
        tell_flow(getattr(result, "flow", {}))
        tell_notes(result)
        tell_mistake(result.text, schema_at(about.schema))


def _question(question: str, *, is_needed: bool) -> str:
    """Raises: UnsupportedInputError if there is none; files may stand alone."""
    piped = read_stdin().strip()
    asked = "\n\n".join(part for part in (question.strip(), piped) if part and part != "-")
    if not asked and is_needed:
        raise UnsupportedInputError('There is no question: quintet ask "…", or pipe one in.')
    return asked


def _check(about: About, where: Where, persona: str) -> None:
    """Raises: UnsupportedInputError for options that do not go together."""
    if about.tool and (about.image or about.collection or about.file):
        other = "--image" if about.image else "--file" if about.file else "--collection"
        raise UnsupportedInputError(f"--tool and {other} cannot be combined.")
    if persona and (about.image or about.collection or about.file):
        other = "--image" if about.image else "--file" if about.file else "--collection"
        raise UnsupportedInputError(f"--persona and {other} cannot be combined.")
    if about.quote and (not about.collection or about.file or about.given()):
        raise UnsupportedInputError("--quote goes with --collection alone: it asks no model.")
    if about.file and where.url:
        raise UnsupportedInputError(
            "--file is read on this machine: leave out --url, or use --image for a picture."
        )
    if about.tool and about.given():
        raise UnsupportedInputError("--tool and --flow cannot be combined.")
    names = ("schema", "image", "file") if about.file else ("schema", "image", "collection")
    given = [f"--{name}" for name in names if getattr(about, name)]
    is_source = about.flow == ARTICLE and given == ["--collection"]
    given += ["--flow"] if about.given() and not is_source else []
    if len(given) > 1:
        raise UnsupportedInputError(f"{' and '.join(given)} cannot be combined.")
    if about.collection and where.url and not is_source:
        raise UnsupportedInputError(
            "--collection reads the documents of this machine: leave out --url, or use "
            "`quintet search`."
        )


@contextmanager
def _answer(
    question: str, about: About, sampling: SamplingFlags, where: Where
) -> Iterator[Stream[Any, str] | RemoteReply]:
    """From a Quintet that runs elsewhere, or from workers of our own."""
    if where.url and not about.image and not about.tool:  # nothing of ours need be started
        from .remote_reply import RemoteReply

        schema = read_schema(about.schema) if about.schema else None
        with RemoteReply(where, question, sampling, schema, _wishes(about)) as answer:
            yield answer
        return
    from .opening import open_quintet

    by_modality = {"vision" if about.image else "text": sampling.model}
    with (
        open_quintet(where, **by_modality) as quintet,
        _stream(quintet, question, about, sampling) as stream,
    ):
        yield stream


def _stream(
    quintet: Quintet, question: str, about: About, sampling: SamplingFlags
) -> Stream[Any, str]:
    options = sampling.given()
    if wishes := _wishes(about):
        return quintet.stream_chat(question, system=sampling.system, **{**options, **wishes})
    if about.file:
        chosen = (about.collection,) if about.collection else ()
        return quintet.stream_file_answer(
            about.file, question, collections=chosen, system=sampling.system, **options
        )
    if about.collection:
        return quintet.stream_answer(about.collection, question, quote=about.quote, **options)
    if about.image:
        return quintet.stream_description(about.image, question, **options)
    schema = read_schema(about.schema) if about.schema else None
    called = calling_options(about.tool, leave_of(about))
    return quintet.stream_chat(question, system=sampling.system, schema=schema, **options, **called)


def _wishes(about: About) -> dict[str, Any]:
    """Return the flow that is asked for; nothing if none is."""
    wishes = about.given()
    if wishes and about.collection:
        wishes["collections"] = [about.collection]
    return wishes


def read_schema(path: Path) -> dict[str, Any]:
    """Return a JSON schema. Raises: UnsupportedInputError, OSError."""
    import json

    try:
        schema = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:
        raise UnsupportedInputError(f"{path} is no JSON: {err}.") from err
    if not isinstance(schema, dict):
        raise UnsupportedInputError(f"{path} is no JSON schema: it must be written in braces.")
    return schema


def _object(
    result: Answer | ChatResult | Description | FileAnswer | RemoteResult,
) -> dict[str, Any]:
    record: dict[str, Any] = {"text": result.text, "usage": result.usage}
    for name in ("finish_reason", "citations", "passages", "pictures", "files", "sources"):
        if hasattr(result, name):
            record[name] = getattr(result, name)
    if flow := getattr(result, "flow", {}):
        record["flow"] = dict(flow)
    for name in ("calls", "notes", "unsupported", "strays", "doubts", "is_quoted"):
        if getattr(result, name, ()):
            record[name] = getattr(result, name)
    return record


def pieces_of(stream: Stream[Any, str] | RemoteReply, *, is_marked: bool) -> Iterator[str]:
    """Yield an answer piece by piece; one that is marked with its sources is whole only at its end."""
    if is_marked:
        yield str(stream.result())
    else:
        yield from stream


def tell_sources(result: Any) -> None:
    """Say how files were read, and name the passages that an answer cites; most answers have neither."""
    for file in getattr(result, "files", ()):
        note(f"{file['name']}: {file['read_as']}. {file['note']}".strip())
    for number, source in enumerate(getattr(result, "sources", ()), start=1):
        if source in result.citations:
            place = place_in(source["document"], source["page"], source.get("place") or {})
            note(f"[{number}] {place} (score {source['score']:.2f})")
    passages: Sequence[Passage] = getattr(result, "passages", ())
    for number, passage in enumerate(passages, start=1):
        if passage in result.citations:
            note(f"[{number}] {place_of(passage)}")
    if getattr(result, "is_quoted", False):
        note("quoted, no model asked")
    for doubt in getattr(result, "doubts", ()):
        note(doubt)
    sys.stderr.flush()


def place_of(passage: Passage) -> str:
    """Say where a passage stands, and how near it is to what was asked."""
    place = place_in(passage.document_name, passage.page, dict(passage.place))
    return f"{place} (score {passage.score:.2f})"
