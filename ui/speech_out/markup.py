"""The HTML and the scraps of JavaScript of the speech-out tab; the player is `assets/speech_out.js`."""

from __future__ import annotations

PLAYER = """<div class="q-speech" data-state="empty">
<div class="q-speech-empty">What you type is spoken sentence by sentence; the words light up here.
Click one to hear it again.</div>
<div class="q-speech-lines" tabindex="0" role="group"
 aria-label="Read along. Space pauses, arrow keys go from sentence to sentence."></div>
<div class="q-speech-bar"><button type="button" class="q-speech-toggle">Pause</button>
<span class="q-speech-time" aria-live="off">0:00</span></div></div>"""

COUNT = """<div class="q-count"><span>0 of {max_chars:,} characters</span></div>"""
# Counting needs no server: it would be asked on every key.
COUNT_JS = """(text) => {
  const count = [...(text || "")].length, max = MAX_CHARS, minutes = Math.round(count / 900);
  const length = minutes ? `about ${minutes} min` : count ? `about ${Math.ceil(count / 15)} s` : "";
  const numbers = `${count.toLocaleString("en")} of ${max.toLocaleString("en")} characters`;
  return `<div class="q-count${count > max ? " q-over" : ""}"><span>${numbers}</span><span>${length}</span></div>`;
}"""
SILENCE_JS = "() => window.quintetSpeech?.stop()"
PAUSE_JS = "() => window.quintetSpeech?.pause()"
