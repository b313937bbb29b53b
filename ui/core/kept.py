"""Files that the page makes to be downloaded."""

from __future__ import annotations

from gradio.processing_utils import save_bytes_to_cache
from gradio.utils import get_upload_folder


def keep(data: bytes, name: str) -> str:
    """Write where Gradio serves from, and sweeps (see `delete_cache`); returns the path.

    A file anywhere else would be copied there, and the first one left behind for ever.
    """
    return save_bytes_to_cache(data, name, get_upload_folder())
