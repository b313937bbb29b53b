"""A model of the user's own choice: from a name, an address or a file to a card of the catalogue.

`propose` reads metadata only and writes nothing; `save` makes the card one that can be asked for.
"""

from __future__ import annotations

from .propose import Reach as Reach
from .propose import propose as propose
from .propose import propose_found as propose_found
from .saved import forget as forget
from .saved import is_added as is_added
from .saved import read_added as read_added
from .saved import save as save
