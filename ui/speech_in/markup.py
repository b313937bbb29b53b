"""The HTML of the Speech in tab's parts, and what the browser does with a transcript: seek, follow, copy."""

from __future__ import annotations

from ui.core.icons import icon

EMPTY = "The words will appear here as they are recognised. Click one to hear it."
NEW = f"""<button type="button" class="q-b q-stt-new">{icon("add")}New recording</button>"""
SIDE_EMPTY = (
    f'<div class="q-stt-top">{NEW}</div><p class="q-side-note">What you record or drop is listed here until you close the page. '
    "Save what you want to keep.</p>"
)
RECORDER = f"""<div class="q-recorder" data-state="idle">
<button type="button" class="q-record" aria-label="Record">{icon("microphone")}<i></i></button>
<div class="q-recorder-words"><h2>Record, or drop sound and video here</h2>
<p class="q-recorder-hint">Files up to LONGEST each; many at once are fine.</p>
<canvas height="48" aria-hidden="true"></canvas>
<p class="q-recorder-error" role="alert"></p></div></div>"""

SEEK_JS = """
const player = () => document.querySelector('#stt-player audio');
element.addEventListener('click', (event) => {
  const place = event.target.closest('[data-start]');
  const audio = player();
  if (!place || !audio) return;
  audio.currentTime = Number(place.dataset.start);
  audio.play().catch(() => {});
});
// Space plays and pauses, arrows go 15 s, from anywhere in the tab that does not need these keys itself.
document.addEventListener('keydown', (event) => {
  const audio = player();
  const isTaken = event.target.closest('input, textarea, select, [role="tab"], [role="combobox"], [contenteditable]');
  const isPressed = event.key === ' ' && event.target.closest('button, summary, a');
  if (!audio || !element.offsetParent || isTaken || isPressed || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === ' ') { if (audio.paused) audio.play().catch(() => {}); else audio.pause(); }
  else if (event.key === 'ArrowRight') audio.currentTime += 15;
  else if (event.key === 'ArrowLeft') audio.currentTime -= 15;
  else return;
  event.preventDefault();
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
