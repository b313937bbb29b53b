"""What is uploaded to the page: where it lies, and bounds that Gradio does not set.

Gradio holds a form's text fields in memory, at any length; it forgets the files of an upload that was
cut off, or that were sent under another name; and the folder of a process that was killed stays.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gradio import route_utils
from gradio.utils import get_upload_folder
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException

from workers.media.scratch import scratch_folder

FOLDER = "GRADIO_TEMP_DIR"
"""Where Gradio looks for the name of the folder."""
FIELD = "files"
"""The one field that Gradio reads."""
MAX_TEXT_BYTES = 64 * 1024
LEAVE_FREE_MIB = 256
"""On the disk; a file that begins may still grow by `max_upload_mib`."""
DISK_IS_FULL = "The disk that holds uploads is nearly full. Try again later, or ask who runs this."


@contextmanager
def own_upload_folder() -> Iterator[None]:
    """Keep uploads in a folder of this process, unless the environment names one. Raises: OSError.

    It is gone afterwards; if the process is killed, `scratch.sweep` finds it.
    """
    if os.environ.get(FOLDER):
        yield
        return
    with scratch_folder("uploads") as folder:
        os.environ[FOLDER] = str(folder.resolve() / "files")
        try:
            yield
        finally:
            del os.environ[FOLDER]


class BoundedParser(route_utils.GradioMultiPartParser):
    """Gradio's reader of an upload, which leaves nothing behind."""

    def on_headers_finished(self) -> None:
        """Begin one field. Raises: MultiPartException."""
        if shutil.disk_usage(get_upload_folder()).free < LEAVE_FREE_MIB * 2**20:
            raise MultiPartException(DISK_IS_FULL)
        super().on_headers_finished()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """Take the next bytes of a field. Raises: MultiPartException."""
        part = self._current_part
        if part.file is None and len(part.data) + end - start > MAX_TEXT_BYTES:
            raise MultiPartException("A field of an upload that is no file may have 64 KiB.")
        super().on_part_data(data, start, end)

    async def parse(self) -> FormData:
        """Read the upload to its end. Raises: MultiPartException; whatever cut it off."""
        try:
            form = await super().parse()
        except BaseException:  # the client left, too, or the server stops
            for file in self._files_to_close_on_error:
                file.close()
                Path(file.name).unlink(missing_ok=True)
            raise
        for name, value in form.multi_items():
            if name != FIELD and isinstance(value, UploadFile):
                await value.close()
                Path(str(value.file.name)).unlink(missing_ok=True)
        return form


def bound_uploads() -> None:
    """Let Gradio read uploads with `BoundedParser`; it has no setting for that."""
    route_utils.GradioMultiPartParser = BoundedParser
