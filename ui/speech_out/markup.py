"""The HTML and the scraps of JavaScript of the speech-out tab; the player is `assets/speech_out.js`."""

from __future__ import annotations

PLAY = '<svg class="q-i q-play" viewBox="0 0 16 16" aria-hidden="true"><path d="M5 3.2v9.6L12.5 8z"/></svg>'
PAUSE = (
    '<svg class="q-i q-pause" viewBox="0 0 16 16" aria-hidden="true">'
    '<rect x="4" y="3" width="3" height="10" rx="1"/><rect x="9" y="3" width="3" height="10" rx="1"/></svg>'
)

_BACK = '<svg class="q-i" viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 3v3.2h3.2M3.8 6A5 5 0 1 1 3 9"/></svg>'
_ON = '<svg class="q-i" viewBox="0 0 16 16" aria-hidden="true"><path d="M12.5 3v3.2H9.3M12.2 6A5 5 0 1 0 13 9"/></svg>'

SIDE_NOTE = (
    '<p class="q-side-note">What was spoken is listed here until you close the page, two hours at most. '
    "Download what you want to keep.</p>"
)


def player_html() -> str:
    """The player: play and pause, the wave with where it is, 15 seconds back and on; the words."""
    return f"""<div class="q-speech" data-state="empty">
<div class="q-speech-bar"><button type="button" class="q-speech-toggle" aria-label="Play" disabled>{PLAY}{PAUSE}</button>
<div class="q-speech-place"><div class="q-speech-row"><b class="q-speech-title"></b><span class="q-speech-time"
 aria-live="off">Nothing spoken yet</span></div><div class="q-speech-wave"><canvas height="40" aria-hidden="true"></canvas>
<input type="range" min="0" max="0" step="0.1" value="0" aria-label="Place in the recording" disabled></div></div></div>
<div class="q-speech-steps"><button type="button" class="q-ib" data-skip="-15" aria-label="Back 15 seconds"
 title="Back 15 seconds (Left)" disabled>{_BACK}</button><button type="button" class="q-ib" data-skip="15"
 aria-label="On 15 seconds" title="On 15 seconds (Right)" disabled>{_ON}</button>
<span class="q-tag q-speech-under-way" role="status" hidden></span></div>
<div class="q-speech-lines" tabindex="0" role="group"
 aria-label="Read along. Space pauses, left and right go 15 seconds, up and down a sentence."></div></div>"""


COUNT = """<div class="q-count"><span>0 of {max_chars:,} characters</span></div>"""
# Counting needs no server: it would be asked on every key.
COUNT_JS = """(text) => {
  const count = [...(text || "")].length, max = MAX_CHARS, minutes = Math.round(count / 900);
  const length = minutes ? `about ${minutes} min` : count ? `about ${Math.ceil(count / 15)} s` : "";
  const numbers = `${count.toLocaleString("en")} of ${max.toLocaleString("en")} characters`;
  return `<div class="q-count${count > max ? " q-over" : ""}"><span>${numbers}</span><span>${length}</span></div>`;
}"""
SILENCE_JS = "() => window.quintetSpeech?.stop()"
CHANGE_JS = "() => window.quintetSpeech?.change()"
