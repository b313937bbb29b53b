"""The packaged model in the place of others, which nobody can download here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from configs.catalogue import load_catalogue
from workers.models.importing import save
from workers.models.weights import find_folder

PACKAGED = "smollm2-135m-instruct"


@cache
def stand_in() -> bytes:
    """The packaged chat model, for our hub to give out as others."""
    packaged = load_catalogue()[PACKAGED]
    return (find_folder(packaged, Path("/none")) / packaged.weight_file).read_bytes()


def say_its_size(data_dir: Path, *model_ids: str) -> None:
    """Let the cards of models promise as many bytes as `stand_in` has, before a Quintet starts there.

    A person who corrects a card does it this way, too: a card in `models.d` takes the place of the
    catalogue's. The real sizes, up to 800 MB, would only be more of the same bytes.
    """
    for model_id in model_ids:
        card = load_catalogue()[model_id]
        card = card.model_copy(update={"file_bytes": {card.weight_file: len(stand_in())}})
        path = save(card, data_dir)
        path.rename(path.with_stem(f"corrected-{model_id}"))  # by its id it is one that was added
