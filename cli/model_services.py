"""`quintet models services`: what the keys that are set may use, as each service lists it now."""

from __future__ import annotations

from workers.messages.errors import AppError, UnsupportedInputError

from .options import Json, Where
from .output import emit, note, say


def services(*, where: Where, as_json: Json = False) -> None:
    """List the models of OpenAI and Anthropic that your key may use; nothing is added."""
    from workers.models.services import SERVICES, models_of_service

    if where.url:
        raise UnsupportedInputError("services asks with your keys here: leave out --url.")
    has_any = False
    for service in SERVICES:
        try:
            found = models_of_service(service)
        except AppError as err:
            note(f"{service.title}: {err}")
            continue
        for model in found:
            has_any = True
            if as_json:
                emit({"service": service.name, "id": model.id, "modality": model.modality})
            else:
                say(f"{service.name}:{model.id:44} {model.modality or '(nothing done here)'}")
    if has_any and not as_json:
        say("\nAdd one: quintet models add SERVICE:MODEL")
