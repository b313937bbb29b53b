"""An answer that obeys a JSON schema: what is asked of the model, and what its words are as a value."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

from workers.messages import Constraint, Event, Finished, TextDelta
from workers.tools.arguments import mistake_in_untrusted

from .events import Noted

CUT = "The answer was cut off before it was whole; allow it more tokens."
STOPPED = "The answer was stopped before it was whole."


def constraint_of(schema: Mapping[str, Any] | None) -> Constraint | None:
    """Return what holds a model to a schema; None for free text."""
    return None if schema is None else Constraint(kind="schema", text=json.dumps(schema))


async def with_data(
    events: AsyncGenerator[Event, None], schema: Mapping[str, Any]
) -> AsyncGenerator[Event, None]:
    """Yield the events, and before the last of them Noted: `data`, the value, or `data_error`.

    Closing it closes them. Raises: what they raise.
    """
    text = ""
    async with aclosing(events):
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, Finished):
                details = await data_of(text, schema, event)
                yield Noted(request_id=event.request_id, details=details)
            yield event


async def data_of(text: str, schema: Mapping[str, Any], end: Finished) -> dict[str, Any]:
    """Return the value of an answer under `data`, or what is wrong with it under `data_error`."""
    if end.reason == "cancelled":
        return {"data_error": STOPPED}
    try:
        value = json.loads(text)
    except ValueError as err:
        reason = CUT if end.reason == "length" else f"The answer is no JSON: {err}."
        return {"data_error": reason}
    except RecursionError:
        return {"data_error": "The answer has too many levels to be read."}
    mistake = await mistake_in_untrusted(value, schema)
    return (
        {"data_error": f"The answer does not obey the schema. {mistake}"}
        if mistake
        else {"data": value}
    )
