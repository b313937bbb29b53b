"""What a chat or persona names that is not here: said before anything is asked."""

from __future__ import annotations

from collections.abc import Sequence

from ui.text.attached.collections_switch import missing_collections
from ui.text.tools.tools_switch import missing_tools
from workers.client import Client


def missing_words(
    client: Client, tools: Sequence[str], collections: Sequence[str]
) -> tuple[str, ...]:
    """Return a sentence for each tool and collection that is known not to be here."""
    found = (*missing_tools(client, tools), *missing_collections(client, collections))
    return tuple(f"{one.rstrip('.')}: answers go without" for one in found)
