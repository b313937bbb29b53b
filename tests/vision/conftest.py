"""The real reader, loaded once for all tests of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PIL import Image

from configs.catalogue import load_catalogue
from workers.engines.contract import CancelToken
from workers.engines.vision.ocr import RapidOcrEngine
from workers.engines.vision.worker import VisionWorker
from workers.messages import Describe, Media, PictureRead
from workers.messages.process_spec import WorkerSettings

from .drawing import to_media

Read = Callable[..., list[PictureRead]]


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisionWorker]:
    worker = VisionWorker(RapidOcrEngine())
    settings = WorkerSettings(
        card=load_catalogue()["ppocr-v6-small"],
        threads=2,
        slots=1,
        data_dir=tmp_path_factory.mktemp("data"),
        limits={"max_images": 3},
    )
    ready = worker.load(settings, lambda loading: None)
    assert ready.capabilities == {"reads"}
    yield worker
    worker.close()


@pytest.fixture(scope="session")
def read(reader: VisionWorker) -> Read:
    """Read pictures (drawn, or as uploaded files) to the end."""

    def run(*pictures: Image.Image | Media) -> list[PictureRead]:
        images = tuple(p if isinstance(p, Media) else to_media(p) for p in pictures)
        events = list(reader.handle(Describe(images=images), CancelToken()))
        return [event for event in events if isinstance(event, PictureRead)]

    return run
