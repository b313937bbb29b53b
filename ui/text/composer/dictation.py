"""Speech into the composer: what was recorded is written down by the speech-in worker."""

from __future__ import annotations

from contextlib import aclosing

from ui.core.render import note_html
from ui.text.act import Act, Outcome
from workers.media.subtitles import plain_text
from workers.messages import Media, SegmentDelta, Transcribe


async def dictate(act: Act) -> Outcome:
    """Write a recording into the composer, at its cursor."""
    path = act.file("path")
    request = Transcribe(audio=Media(name=path.name, path=str(path)), language=None)
    async with aclosing(act.client.astream(request)) as events:
        segments = [event async for event in events if isinstance(event, SegmentDelta)]
    text = plain_text(segments).strip()
    path.unlink(missing_ok=True)
    if not text:
        return Outcome(notice_html=note_html("No speech was heard."), for_composer={"dictated": ""})
    return Outcome(for_composer={"dictated": text, "focus": True})
