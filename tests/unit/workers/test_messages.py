"""Every message crosses a pipe whole: frozen, plain, round-tripped with every field set."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import typing
from types import ModuleType

import pytest

from workers import messages
from workers.messages import (
    END_EVENTS,
    MODALITY_OF,
    Event,
    LoadModel,
    Request,
    control,
    events,
    modality_of,
    requests,
    values,
)
from workers.messages.errors import AppError, from_code


def classes_of(module: ModuleType) -> list[type]:
    return [
        item
        for _, item in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(item) and item.__module__ == module.__name__
    ]


CLASSES = [item for part in (control, events, requests, values) for item in classes_of(part)]
SAMPLES: dict[object, object] = {str: "é", int: 7, float: 0.5, bool: True, bytes: b"\x00\xff"}


def sample(annotation: object) -> object:
    """A value of the annotated type that is never the field's default."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in SAMPLES:
        return SAMPLES[annotation]
    if origin is tuple:
        return tuple(sample(a) for a in arguments if a is not Ellipsis) * 2
    if origin is frozenset:
        return frozenset({sample(arguments[0])})
    if origin is typing.Literal:
        return arguments[-1]
    if arguments:  # X | None
        return sample(next(a for a in arguments if a is not type(None)))
    return filled(typing.cast(type, annotation))


def filled(cls: type) -> object:
    hints = typing.get_type_hints(cls)
    return cls(**{field.name: sample(hints[field.name]) for field in dataclasses.fields(cls)})


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: cls.__name__)
def test_every_type_survives_the_pipe_with_every_field_set(cls: type) -> None:
    original = filled(cls)
    assert pickle.loads(pickle.dumps(original)) == original  # noqa: S301 — our own bytes
    assert cls.__dataclass_params__.frozen  # type: ignore[attr-defined]


def test_every_request_has_a_modality() -> None:
    # slots=True builds each class twice; the module holds the second
    kinds = {getattr(messages, kind.__name__) for kind in Request.__subclasses__()}
    assert {*MODALITY_OF, LoadModel} == kinds
    assert modality_of(LoadModel(modality="rag")) == "rag"


def test_ends_are_events() -> None:
    assert all(issubclass(end, Event) for end in END_EVENTS)


def all_errors(root: type[AppError]) -> list[type[AppError]]:
    return [root, *(leaf for child in root.__subclasses__() for leaf in all_errors(child))]


@pytest.mark.parametrize("error", all_errors(AppError), ids=lambda error: error.__name__)
def test_every_error_comes_back_from_its_code(error: type[AppError]) -> None:
    back = from_code(error.code, "what", "do")
    assert type(back) is error
    assert str(back) == "what do"


def test_codes_are_unique() -> None:
    codes = [error.code for error in all_errors(AppError)]
    assert len(codes) == len(set(codes))


class UploadedPath(str):
    """A string that drags its module along, as Gradio's do."""

    __slots__ = ()


def test_media_carry_plain_strings_only() -> None:
    media = values.Media(name=UploadedPath("a.wav"), path=UploadedPath("/tmp/a.wav"))  # noqa: S108
    assert type(media.name) is str
    assert type(media.path) is str
