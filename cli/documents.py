"""`quintet index`, `search` and `collections`: documents to ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workers.messages.errors import CollectionNotFoundError, UnsupportedInputError

from .answering import place_of
from .options import Json, SearchFlags, Where, Yes, grouped
from .output import confirm, emit, note, progress, say, table

if TYPE_CHECKING:
    from library.session import Quintet
    from workers.messages import DocumentInfo, Passage

Name = Annotated[str, typer.Argument(metavar="COLLECTION")]

collections = typer.Typer(help="List, show and remove collections of documents.")


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(grouped(index))
    app.command()(grouped(search))
    collections.command("list")(grouped(list_collections))
    collections.command("show")(grouped(show))
    collections.command("test")(grouped(try_questions))
    collections.command("rm")(grouped(remove))
    app.add_typer(collections, name="collections", no_args_is_help=True)


def index(
    collection: Name,
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="Documents, or folders of them.")
    ],
    *,
    where: Where,
    as_json: Json = False,
) -> None:
    """Add documents to a collection; what is in it already is left as it is."""
    from .opening import open_quintet

    _check_here(where)
    with open_quintet(where) as quintet, progress(f"Indexing into {collection}") as report:
        indexed = quintet.index(collection, files, on_progress=report)
    for done in indexed:
        document = done.document
        if as_json:
            emit({**_fields(document), "status": done.status, "reason": done.reason})
        elif done.status == "failed":
            note(f"{document.name}: {done.reason}")
        else:
            say(f"{document.name}: {done.status}, {document.num_chunks} chunks")
            if done.reason:
                note(done.reason)
    if any(done.status == "failed" for done in indexed):
        raise typer.Exit(1)


def search(
    collection: Name,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    *,
    num: Annotated[int, typer.Option("--num", "-n", min=1, help="Passages to find.")] = 6,
    look: SearchFlags,
    where: Where,
    as_json: Json = False,
) -> None:
    """Find the passages of a collection that are nearest to a query."""
    for passage in _found(where, collection, query, num, look):
        if as_json:
            emit(passage)
        else:
            say(f"{place_of(passage)}\n{passage.text.strip()}\n")


def _found(
    where: Where, collection: str, query: str, num: int, look: SearchFlags
) -> tuple[Passage, ...]:
    """Ask here, or the Quintet at an address."""
    from .opening import open_quintet

    only = look.filter()  # what is wrong in it is said here, whoever is asked
    if where.url:
        from .remote_quintet import RemoteQuintet

        there = RemoteQuintet(where.url, where.key)
        return there.search(collection, query, num, look.said())
    with open_quintet(where) as quintet:
        return quintet.search(collection, query, top_k=num, only=only)


def list_collections(*, where: Where, as_json: Json = False) -> None:
    """List the collections."""
    from .opening import open_quintet

    _check_here(where)
    with open_quintet(where) as quintet:
        found = quintet.collections()
    if as_json:
        for collection in found:
            emit(collection)
        return
    rows = [(c.name, str(c.num_documents), str(c.num_chunks)) for c in found]
    table(("collection", "#documents", "#chunks"), rows)


def show(collection: Name, *, where: Where, as_json: Json = False) -> None:
    """List the documents of a collection."""
    from .opening import open_quintet

    _check_here(where)
    with open_quintet(where) as quintet:
        check_collection(quintet, collection)
        found = quintet.documents(collection)
    if as_json:
        for document in found:
            emit(_fields(document))
        return
    rows = [
        (d.name, str(d.num_pages or ""), str(d.num_chunks), f"{d.num_bytes:,}", d.document_id[:12])
        for d in found
    ]
    table(("document", "#pages", "#chunks", "#bytes", "id"), rows)


def try_questions(
    collection: Name,
    *,
    num: Annotated[int, typer.Option("--num", "-n", min=1, help="Questions to ask.")] = 60,
    seed: Annotated[int, typer.Option(help="Chooses the passages.")] = 0,
    where: Where,
    as_json: Json = False,
) -> None:
    """Ask questions made from a collection's own passages, and say how often they are found."""
    from .opening import open_quintet

    _check_here(where)
    with open_quintet(where) as quintet, progress(f"Testing {collection}") as report:
        check_collection(quintet, collection)
        tested = quintet.measure_collection(collection, num=num, seed=seed, on_progress=report)
    if as_json:
        emit(tested)
        return
    got = tested.figures
    say(f"{tested.num_questions} questions made from the words of {collection}")
    rows = [
        ("first", f"{got.hit_1:.0%}"),
        ("among the first 3", f"{got.hit_3:.0%}"),
        ("among the first 5", f"{got.hit_5:.0%}"),
        ("mean reciprocal rank", f"{got.mrr:.2f}"),
        ("refused, should be low", f"{tested.refused:.0%}"),
        ("everyday refused, should be high", f"{tested.everyday_refused:.0%}"),
    ]
    table(("the right passage", "share"), rows)
    for miss in tested.misses:
        came = f"{miss.found_in}: {miss.found.strip()[:80]}" if miss.found else "nothing"
        say(f"\nMissed: {miss.question}\n  expected: {miss.expected.strip()[:80]}\n  first: {came}")


def remove(
    collection: Name,
    document: Annotated[
        str, typer.Argument(help="Name of one document, or the beginning of its id.")
    ] = "",
    *,
    yes: Yes = False,
    where: Where,
    as_json: Json = False,
) -> None:
    """Remove a collection, or one of its documents."""
    from workers.messages.errors import DocumentNotFoundError

    from .opening import open_quintet

    _check_here(where)
    what = f"{document} from {collection}" if document else f"{collection}, all of it"
    if not yes:
        confirm(f"Remove {what}?")
    with open_quintet(where) as quintet:
        check_collection(quintet, collection)
        documents = quintet.documents(collection)
        doomed = [
            one for one in documents if one.name == document or one.document_id.startswith(document)
        ]
        if document and len(doomed) != 1:
            raise DocumentNotFoundError(
                f"{len(doomed) or 'No'} documents of {collection} are called {document!r}.",
                f"See `quintet collections show {collection}`.",
            )
        if document:
            quintet.delete_document(collection, doomed[0].document_id)
        else:
            quintet.delete_collection(collection)
    if as_json:
        emit({"collection": collection, "removed": [one.name for one in doomed]})
    else:
        say(f"Removed {what}.")


def check_collection(quintet: Quintet, name: str) -> None:
    """Raises: CollectionNotFoundError if no collection is called so."""
    known = [collection.name for collection in quintet.collections()]
    if name not in known:
        raise CollectionNotFoundError(
            f"No collection is called {name!r}; known: {', '.join(known) or 'none'}.",
            "" if known else "Make one with: quintet index COLLECTION FILE…",
        )


def _fields(document: DocumentInfo) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(document), "metadata": dict(document.metadata)}


def _check_here(where: Where) -> None:
    """Raises: UnsupportedInputError if another Quintet's documents are meant."""
    if where.url:
        raise UnsupportedInputError(
            "Documents of another Quintet can only be searched: leave out --url (or QUINTET_URL)."
        )
