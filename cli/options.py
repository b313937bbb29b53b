"""Options that several commands share: a dataclass per group, filled in for the command.

Typer has no groups of options: a function's parameters are its options. `grouped` writes the fields
of every dataclass among a command's parameters out for Typer, and puts them together again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from typer import Argument, Option

if TYPE_CHECKING:
    from workers.messages import PassageFilter

WHERE = "Where the models are"
SAMPLING = "How the answer is written"


Timeout = Annotated[
    float | None, Option(metavar="SECONDS", help="Give up after so long, waiting included.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which models and documents a command works on."""

    profile: Annotated[
        str, Option(help="Settings of configs/: cpu, spaces, …", rich_help_panel=WHERE)
    ] = "cpu"
    data_dir: Annotated[
        Path | None,
        Option(help="Index and caches. Default: ~/.quintet", rich_help_panel=WHERE),
    ] = None
    models: Annotated[
        Path | None,
        Option(metavar="FOLDER", help="A folder of your own models.", rich_help_panel=WHERE),
    ] = None
    url: Annotated[
        str,
        Option(
            envvar="QUINTET_URL",
            help="Ask a Quintet that runs there, as http://host:7860.",
            rich_help_panel=WHERE,
        ),
    ] = ""
    key: Annotated[
        str,
        Option(envvar="QUINTET_KEY", help="The API key of that Quintet.", rich_help_panel=WHERE),
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingFlags:
    """How a text model writes; what is not given is the model's own."""

    system: Annotated[
        str, Option(help="Instructions before the conversation.", rich_help_panel=SAMPLING)
    ] = ""
    model: Annotated[
        str | None, Option(help="Id of a model; see `models list`.", rich_help_panel=SAMPLING)
    ] = None
    temperature: Annotated[
        float | None, Option(min=0, help="0: the likeliest words.", rich_help_panel=SAMPLING)
    ] = None
    max_tokens: Annotated[
        int | None, Option(min=1, help="Longest answer.", rich_help_panel=SAMPLING)
    ] = None
    seed: Annotated[int | None, Option(help="Repeatable chance.", rich_help_panel=SAMPLING)] = None
    timeout: Timeout = None

    def given(self) -> dict[str, Any]:
        """Return what was asked for, as the library takes it."""
        asked = {
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
            "timeout_s": self.timeout,
        }
        return {name: value for name, value in asked.items() if value is not None}


TOOLS = "What the model may call"


@dataclass(frozen=True, kw_only=True)
class ToolFlags:
    """Tools of this machine. Without slots: it is mixed with other groups."""

    tool: Annotated[
        list[str] | None,
        Option(
            metavar="NAME",
            help="A tool that the model may call; may be repeated; see `tools`.",
            rich_help_panel=TOOLS,
        ),
    ] = None
    allow_calls: Annotated[
        bool, Option("--allow-calls", help="Run its calls without asking.", rich_help_panel=TOOLS)
    ] = False


PersonaName = Annotated[
    str, Option("--persona", metavar="ID", help="Who answers; see `personas list`.")
]
SchemaFile = Annotated[
    Path | None, Option("--schema", metavar="FILE", help="A JSON schema that answers obey.")
]
SomeModels = Annotated[list[str] | None, Argument(metavar="[MODEL]…", help="Ids; default: all.")]
Json = Annotated[bool, Option("--json", help="Write JSON, one object a line, and nothing else.")]
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFlags:
    """Where to look for passages."""

    file: Annotated[
        list[str] | None, Option(help="Look into files of this name; * is anything.")
    ] = None
    kind: Annotated[
        list[str] | None, Option("--type", help="Look into files of this kind: pdf, md.")
    ] = None
    pages: Annotated[str, Option(help="Look on these pages: 3 or 3-5.")] = ""
    since: Annotated[str, Option(help="Added on this day or later: 2026-11-30.")] = ""
    until: Annotated[str, Option(help="Added on this day or before.")] = ""

    def said(self) -> dict[str, list[str] | str]:
        """Return them by the names of `filter_of`."""
        days = {"since": self.since, "until": self.until}
        return {"files": self.file or [], "types": self.kind or [], "pages": self.pages, **days}

    def filter(self) -> PassageFilter | None:
        """Return where to look; None: everywhere. Raises: UnsupportedInputError."""
        from workers.flows.filters import filter_of

        return filter_of(
            files=self.file or (),
            types=self.kind or (),
            pages=self.pages,
            since=self.since,
            until=self.until,
        )


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Return the command as Typer needs it: each field of its dataclasses is an option."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if is_dataclass(kind)}
    flat: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            flat += _options_of(groups[parameter.name])
        else:
            keyword = inspect.Parameter.KEYWORD_ONLY
            flat.append(parameter.replace(kind=keyword, annotation=hints[parameter.name]))

    @functools.wraps(command)
    def with_groups(**given: Any) -> None:
        for name, kind in groups.items():
            given[name] = kind(**{field.name: given.pop(field.name) for field in fields(kind)})
        command(**given)

    with_groups.__signature__ = inspect.Signature(flat)  # type: ignore[attr-defined]
    return with_groups


def _options_of(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=hints[field.name],
        )
        for field in fields(group)
    ]
