"""What the browser does with a transcript without the server: seek, follow, copy."""

from __future__ import annotations

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
