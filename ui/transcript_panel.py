"""The transcript beside its player: components, and what the browser does without the server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr

from .transcript_view import Transcript, captions, choice_label

EMPTY = "The words will appear here as they are recognised. Click one to hear it."

SEEK_JS = """
const player = () => document.querySelector('#stt-player audio');
element.addEventListener('click', (event) => {
  const place = event.target.closest('[data-start]');
  const audio = player();
  if (!place || !audio) return;
  audio.currentTime = Number(place.dataset.start);
  audio.play().catch(() => {});
});
// Gradio's own autoscroll loses the end when several lines arrive at once.
const box = element.closest('.html-container') ?? element;
let isFollowing = true;
let numItems = 0;
box.addEventListener('scroll', () => {
  isFollowing = box.scrollHeight - box.scrollTop - box.clientHeight < 48;
});
new MutationObserver(() => {
  const num = element.querySelectorAll('li').length;
  if (num > numItems && numItems > 0 && isFollowing) box.scrollTop = box.scrollHeight;
  if (num < numItems) box.scrollTop = 0;
  numItems = num;
}).observe(element, {childList: true, subtree: true});
document.addEventListener('timeupdate', (event) => {
  if (event.target !== player()) return;
  const now = event.target.currentTime;
  for (const item of element.querySelectorAll('li')) {
    const isNow = Number(item.dataset.start) <= now && now < Number(item.dataset.end);
    item.classList.toggle('q-now', isNow);
  }
}, true);
"""

COPY_JS = """async () => {
  const lines = [...document.querySelectorAll('#stt-transcript li p')].map((p) => p.innerText);
  const text = lines.join(' ');
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // no clipboard without https on other hosts: the old way works everywhere
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  return `<div class="q-line q-note" role="status">Copied ${text.length} characters.</div>`;
}"""


def layout_panel() -> dict[str, Any]:
    """Lay out the panel. Returns its components by name."""
    parts: dict[str, Any] = {
        "picker": gr.Radio([], label="Recordings", visible=False, elem_id="stt-files"),
        "player": gr.Audio(
            label="Player",
            interactive=False,
            visible=False,
            elem_id="stt-player",
            buttons=[],
            # The drawn waveform decodes the whole file in the browser: hours would not fit.
            waveform_options=gr.WaveformOptions(show_recording_waveform=False),
        ),
        "transcript": gr.HTML(
            "",
            html_template=f'<ol class="q-segments" data-empty="{EMPTY}" aria-live="polite">'
            "${value}</ol>",
            js_on_load=SEEK_JS,
            elem_id="stt-transcript",
            max_height="60vh",
        ),
    }
    with gr.Row(visible=False, elem_id="stt-export") as parts["export"]:
        parts["copy"] = gr.Button("Copy text", size="sm")
        parts["downloads"] = [
            gr.DownloadButton(f"⬇ {name}", size="sm") for name in ("srt", "vtt", "txt", "json")
        ]
        parts["archive"] = gr.DownloadButton("⬇ all (zip)", size="sm", visible=False)
    return parts


def player_update(transcript: Transcript, *, with_sound: bool) -> Any:
    """Without new sound, what plays goes on playing and only the captions change."""
    sound = {"value": transcript.path if transcript.is_playable else None} if with_sound else {}
    return gr.Audio(visible=transcript.is_playable, subtitles=captions(transcript), **sound)


def picker_update(results: Sequence[Transcript], index: int, *, interactive: bool) -> Any:
    """The list of recordings with their states; hidden for a single one."""
    labels = [(choice_label(item), number) for number, item in enumerate(results)]
    return gr.Radio(choices=labels, value=index, visible=len(results) > 1, interactive=interactive)
