"""The HTML and the scraps of JavaScript of the speech-out tab; the player is `assets/speech_out.js`."""

from __future__ import annotations

from ui.core.icons import icon

PLAY = '<svg class="q-i q-play" viewBox="0 0 16 16" aria-hidden="true"><path d="M5 3.2v9.6L12.5 8z"/></svg>'
PAUSE = (
    '<svg class="q-i q-pause" viewBox="0 0 16 16" aria-hidden="true">'
    '<rect x="4" y="3" width="3" height="10" rx="1"/><rect x="9" y="3" width="3" height="10" rx="1"/></svg>'
)


def player_html() -> str:
    """The player: play and pause, where it is, the words; and the way back to the text."""
    return f"""<div class="q-speech" data-state="empty">
<div class="q-speech-bar"><button type="button" class="q-speech-toggle" aria-label="Pause">{PLAY}{PAUSE}</button>
<div class="q-speech-place"><input type="range" min="0" max="0" step="0.1" value="0" aria-label="Place in the recording">
<div class="q-speech-row"><span class="q-speech-time" aria-live="off">0:00</span></div></div></div>
<div class="q-speech-lines" tabindex="0" role="group"
 aria-label="Read along. Space pauses, left and right go 15 seconds, up and down a sentence."></div>
<div class="q-speech-foot"><button type="button" class="q-b q-speech-change">{icon("edit")}Change the text</button>
</div></div>"""


COUNT = """<div class="q-count"><span>0 of {max_chars:,} characters</span></div>"""
# Counting needs no server: it would be asked on every key.
COUNT_JS = """(text) => {
  const count = [...(text || "")].length, max = MAX_CHARS, minutes = Math.round(count / 900);
  const length = minutes ? `about ${minutes} min` : count ? `about ${Math.ceil(count / 15)} s` : "";
  const numbers = `${count.toLocaleString("en")} of ${max.toLocaleString("en")} characters`;
  return `<div class="q-count${count > max ? " q-over" : ""}"><span>${numbers}</span><span>${length}</span></div>`;
}"""
SILENCE_JS = "() => window.quintetSpeech?.stop()"
