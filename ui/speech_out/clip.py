"""A clip whose voice to take on, and the leave to do so: shown only where the model clones voices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from workers.client import Client
from workers.messages import VOICE_CONSENT, Media


class VoiceClip:
    """The components, in a group that appears once the model is known to clone."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def layout(self) -> None:
        """Create the components."""
        with gr.Column(visible=self._clones(), elem_id="tts-clip") as self.group:
            self.clip = gr.Audio(
                label="Voice to take on: 3 to 30 seconds of one person",
                sources=["upload", "microphone"],
                type="filepath",
            )
            self.consent = gr.Checkbox(label=VOICE_CONSENT, elem_id="tts-consent")

    def shown(self) -> gr.Column:
        """Return the group as it should be, now that the model may have changed."""
        return gr.Column(visible=self._clones())

    def _clones(self) -> bool:
        """What the loaded engine says; as long as none is, what the card says."""
        ready = self._client.ready("tts")
        if ready is not None:
            return "clones" in ready.capabilities
        return bool(self._client.card("tts").options.get("clones", False))


def spoken_as(clip: str | None, has_consent: bool) -> dict[str, Any]:
    """Return the fields of `Synthesize` for what was uploaded."""
    if not clip:
        return {}
    media = Media(name=Path(clip).name, path=clip)
    return {"voice_clip": media, "has_consent": has_consent}
