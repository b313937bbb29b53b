"""RapidOCR: finds the lines of text in a picture and reads them. Does not describe scenes.

The detector sees a smaller copy whose size is chosen from the picture's; lines are cut from the
full picture and read one by one, so a cancelled request stops within one line.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workers.engines.common.pictures.images import Picture
from workers.engines.contract import CancelToken
from workers.media.reading_order import reading_order
from workers.messages import Describe, Event, PictureRead, Progress, TextLine
from workers.messages.errors import LoadError
from workers.messages.process_spec import ReportLoading, WorkerSettings
from workers.specs.spec import missing_library

from .bands import split_into_bands
from .engine import VisionEngine
from .sessions import ReadingStoppedError, StoppableModel, open_session

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels = npt.NDArray[np.uint8]
    Corners = npt.NDArray[np.float32]

DETECTION_PIXELS = 1_300_000
"""What the detector sees at most: 0.2 s on two cores, and text of 14 px on a full-HD screen is
still found; at twice the pixels it takes 0.6 s and finds no more."""
SMALL_SIDE = 640
"""A smaller picture is enlarged up to twofold for the detector, which misses letters under 10 px."""
MARGIN = 16
"""Edge repeated around the picture: text that touches it is found, and 1 × 1 pixel is legal."""
MIN_CONFIDENCE = 0.5
NUM_VOTERS = 8
"""How many of the longest lines decide whether the page is upside down."""
UPSIDE_DOWN_CONFIDENCE = 0.9
TALL_BOX = 1.5
TALL_BOX_ALONE = 2.5
"""Height over width from which a box holds turned text: on a page of turned text, or alone among
level lines, where a lone "1" is higher than wide but not turned."""


@dataclass(frozen=True, slots=True)
class _Crop:
    """One line cut out of the picture, upright."""

    corners: Corners
    """(4, 2) in pixels of the decoded picture; the first is the top left of the text."""
    pixels: Pixels


class RapidOcrEngine(VisionEngine):
    """Detection, orientation and recognition models of PP-OCR on ONNX Runtime.

    Its sessions are shared: one request at a time.
    """

    capabilities = frozenset({"reads"})

    def load(self, folder: Path, settings: WorkerSettings, report: ReportLoading) -> None:
        """Open the card's three models: recognition, detection, orientation, in this order."""
        try:
            from rapidocr.ch_ppocr_cls import TextClassifier
            from rapidocr.ch_ppocr_det import TextDetector
            from rapidocr.ch_ppocr_rec import TextRecognizer
            from rapidocr.main import DEFAULT_CFG_PATH
            from rapidocr.utils.parse_parameters import ParseParams
        except ImportError as err:
            raise missing_library("vision", "rapidocr", err) from err
        logging.getLogger("RapidOCR").setLevel(logging.ERROR)
        recognizer, detector, classifier = (folder / name for name in settings.card.files)
        parts = {
            "Rec": (TextRecognizer, recognizer),
            "Det": (TextDetector, detector),
            "Cls": (TextClassifier, classifier),
        }
        config = ParseParams.load(DEFAULT_CFG_PATH)
        built: dict[str, Any] = {}
        for name, (part, path) in parts.items():
            try:
                built[name] = _build(part, config[name], path, settings.threads)
            except Exception as err:
                raise LoadError(f"{path.name} could not be loaded: {err}") from err
        self._recognizer, self._detector, self._classifier = built.values()

    def describe(
        self, request: Describe, pictures: Iterator[Picture], cancel: CancelToken
    ) -> Iterator[Event]:
        """Yield one PictureRead per picture, and how far it is after every line."""
        for part in (self._recognizer, self._detector, self._classifier):
            part.session.cancel = cancel
        try:
            for index, picture in enumerate(pictures):
                yield from self._read(request, index, picture, cancel)
        except ReadingStoppedError:
            return

    def close(self) -> None:
        """Drop the sessions."""
        del self._recognizer, self._detector, self._classifier

    def _read(
        self, request: Describe, index: int, picture: Picture, cancel: CancelToken
    ) -> Iterator[Event]:
        def progress(share: float) -> Progress:
            what = ": ".join(filter(None, (picture.name, picture.note)))
            return Progress(
                request_id=request.request_id,
                done=index + share,
                total=len(request.images),
                unit="pictures",
                what=what,
            )

        yield progress(0)
        image = _to_padded_bgr(picture.pixels)
        crops = self._turn_upright(_cut(image, self._detect(image, cancel)))
        lines: list[TextLine] = []
        for number, crop in enumerate(crops, start=1):
            if cancel.is_cancelled:
                return
            text, confidence = self._recognize(crop.pixels)
            if text and confidence >= MIN_CONFIDENCE:
                box = _to_box(crop.corners, picture)
                lines.append(TextLine(text=text, box=box, confidence=confidence))
            yield progress(number / len(crops))
        yield PictureRead(
            request_id=request.request_id,
            index=index,
            width=picture.width,
            height=picture.height,
            lines=reading_order(tuple(lines)),
        )

    def _detect(self, image: Pixels, cancel: CancelToken) -> list[Corners]:
        """Return the corners of each line of text, in pixels of `image`."""
        import numpy as np

        found: list[Corners] = []
        for top, band in split_into_bands(image, DETECTION_PIXELS):
            if cancel.is_cancelled:
                return []
            height, width = band.shape[:2]
            scale = min((DETECTION_PIXELS / (width * height)) ** 0.5, 2.0)
            if max(width, height) > SMALL_SIDE:
                scale = min(scale, 1.0)
            self._detector.limit_type = "max" if scale < 1 else "min"
            side = max(width, height) if scale < 1 else min(width, height)
            self._detector.limit_side_len = side * scale
            boxes = self._detector(band).boxes
            if boxes is not None:
                found += list(boxes.astype(np.float32) + np.array([0, top], np.float32))
        return found

    def _turn_upright(self, crops: list[_Crop]) -> list[_Crop]:
        """Turn every line by 180° if the longest of them stand on their heads."""
        import numpy as np

        voters = sorted(crops, key=lambda crop: -crop.pixels.shape[1])[:NUM_VOTERS]
        if not voters:
            return crops
        votes = self._classifier([crop.pixels for crop in voters]).cls_res
        flipped = sum(label == "180" and score > UPSIDE_DOWN_CONFIDENCE for label, score in votes)
        if flipped * 2 <= len(voters):
            return crops
        return [
            _Crop(np.roll(crop.corners, 2, axis=0), np.ascontiguousarray(crop.pixels[::-1, ::-1]))
            for crop in crops
        ]

    def _recognize(self, pixels: Pixels) -> tuple[str, float]:
        from rapidocr.ch_ppocr_rec import TextRecInput

        output = self._recognizer(TextRecInput(img=[pixels]))
        return output.txts[0].strip(), float(output.scores[0])


def _build(part: Any, section: Any, path: Path, threads: int) -> Any:
    """Build one of RapidOCR's parts on a session of our own, so that nothing is downloaded."""
    from omegaconf import OmegaConf

    values = OmegaConf.to_container(section)
    config: Any = OmegaConf.create(values, flags={"allow_objects": True})
    config.session = open_session(path, threads)
    config.font_path = None
    built = part(config)
    built.session = StoppableModel(config.session)
    return built


def _to_padded_bgr(pixels: Pixels) -> Pixels:
    import cv2
    import numpy as np

    bgr = cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR)
    border = (MARGIN, MARGIN, MARGIN, MARGIN)
    return np.asarray(cv2.copyMakeBorder(bgr, *border, cv2.BORDER_REPLICATE), dtype=np.uint8)


def _cut(image: Pixels, boxes: list[Corners]) -> list[_Crop]:
    """Cut each box out as a level strip; text that runs up or down the page is turned."""
    import numpy as np
    from rapidocr.utils.process_img import get_rotate_crop_image

    aspects = [_height_over_width(box) for box in boxes]
    num_tall = sum(aspect >= TALL_BOX for aspect in aspects)
    limit = TALL_BOX if num_tall * 2 > len(boxes) else TALL_BOX_ALONE
    crops = []
    for box, aspect in zip(boxes, aspects, strict=True):
        corners = np.roll(box, -1, axis=0) if aspect >= limit else box
        pixels: Any = get_rotate_crop_image(image, corners)
        if TALL_BOX <= aspect < limit:  # RapidOCR turned it; turn it back
            pixels = np.rot90(pixels, -1)
        if min(pixels.shape[:2]) > 0:
            crops.append(_Crop(corners, np.ascontiguousarray(pixels)))
    return crops


def _height_over_width(box: Corners) -> float:
    import numpy as np

    width = max(np.linalg.norm(box[0] - box[1]), 1.0)
    return float(np.linalg.norm(box[0] - box[3]) / width)


def _to_box(corners: Corners, picture: Picture) -> tuple[tuple[float, float], ...]:
    """Corners in the padded, decoded picture → pixels of the picture as sent."""
    xs = ((corners[:, 0] - MARGIN) / picture.scale).clip(0, picture.width)
    ys = ((corners[:, 1] - MARGIN) / picture.scale).clip(0, picture.height)
    return tuple((round(float(x), 1), round(float(y), 1)) for x, y in zip(xs, ys, strict=True))
