// Plays a recording while it grows, with read-along captions.
//
// The server appends 16-bit PCM to a WAV file and tells which sentences are in it; this fetches one
// sentence at a time (an HTTP range), hands it to Web Audio on an exact clock, and marks the
// sentence that is being heard. At most AHEAD_S seconds are in memory, however long the text.
// No codec is involved, on either side. Runs as gr.HTML's js_on_load: element, props, watch.

const AHEAD_S = 20;
const START_DELAY_S = 0.05;
const TICK_MS = 80;

const box = element.querySelector(".q-speech");
const list = box.querySelector(".q-speech-lines");
const button = box.querySelector(".q-speech-toggle");
const time = box.querySelector(".q-speech-time");
const place = box.querySelector('input[type="range"]');
const title = box.querySelector(".q-speech-title");
const underWay = box.querySelector(".q-speech-under-way");
const wave = box.querySelector("canvas");
const controls = [button, place, ...box.querySelectorAll("[data-skip]")];
const panel = element.closest('[role="tabpanel"]');
const SKIP_S = 15;
const BAR_PX = 5;

let context = null;
let path = null, header = 44, rate = 22050, isDone = false;
let lines = [];       // {text, start, end, node}
let levels = [];      // how loud, evenly over what is spoken: 0 to 100
let share = 1;        // of the text that is spoken
let paragraphs = [0, 0];
let restAt = null;   // where it was stopped; null: heard to its end
let next = 0;         // the first line that was not scheduled yet
let origin = null;    // context time at which the recording's second 0 is (or would have been) heard
let sources = [];
let turn = 0;         // changes on every seek, so that late fetches are dropped
let skip = 0;         // how far into the next line a seek went
let isHeld = false;   // the place is being dragged
let isFetching = false, isPaused = false, isOver = true, current = -1;

const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
};
const total = () => (lines.length ? lines[lines.length - 1].end : 0);
// As long as it is being made: what it will come to, by the part of the text that is spoken.
const whole = () => (share > 0 ? total() / share : total());
const position = () => (origin === null ? 0 : Math.min(context.currentTime - origin, total()));

function fileUrl() {
  const config = window.gradio_config || {};
  const root = config.root || new URL(".", document.baseURI).href.replace(/\/$/, "");
  const escaped = path.split("/").map(encodeURIComponent).join("/");
  return `${root}${config.api_prefix || "/gradio_api"}/file=${escaped}`;
}

async function samples(line) {
  const first = header + 2 * Math.round(line.start * rate);
  const last = header + 2 * Math.round(line.end * rate) - 1;
  const answer = await fetch(fileUrl(), { headers: { Range: `bytes=${first}-${last}` }, cache: "no-store" });
  if (!answer.ok) throw new Error(`the recording is gone (${answer.status})`);
  const bytes = await answer.arrayBuffer();
  const view = new DataView(bytes);
  const buffer = context.createBuffer(1, Math.max(1, bytes.byteLength >> 1), rate);
  const channel = buffer.getChannelData(0);
  for (let i = 0; i < bytes.byteLength >> 1; i++) channel[i] = view.getInt16(2 * i, true) / 32768;
  return buffer;
}

async function pump() {
  if (isFetching || isOver || !context) return;
  isFetching = true;
  try {
    while (!isOver && next < lines.length && lines[next].start - position() < AHEAD_S) {
      const mine = turn, line = lines[next];
      const buffer = await samples(line);
      if (mine !== turn) continue;
      const soonest = context.currentTime + START_DELAY_S, from = skip;
      skip = 0;
      if (origin === null || origin + line.start + from < context.currentTime) origin = soonest - line.start - from;
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      source.start(origin + line.start + from, from);
      source.onended = () => { sources = sources.filter((other) => other !== source); };
      sources.push(source);
      next += 1;
    }
  } catch (error) {
    stop();
    box.dataset.state = "failed";
    time.textContent = `Cannot play: ${error.message}. The file below is complete.`;
  } finally {
    isFetching = false;
  }
}

function silence() {
  turn += 1;
  for (const source of sources) { source.onended = null; source.stop(); }
  sources = [];
}

function wake() {
  context = context || new (window.AudioContext || window.webkitAudioContext)();
  if (!isPaused) context.resume();
}

function seek(index, offset = 0) {
  if (!lines[index]) return;
  silence();
  wake();
  [next, origin, isOver, skip] = [index, null, false, offset];
  if (isPaused) toggle();
  mark(index);
  pump();
}

function seekTo(seconds) {
  const wanted = Math.max(0, Math.min(seconds, total() - 0.05));
  const later = lines.findIndex((line) => line.start > wanted);
  const index = later < 0 ? lines.length - 1 : Math.max(0, later - 1);
  if (lines[index]) seek(index, wanted - lines[index].start);
}
const now = () => (isOver ? (restAt ?? total()) : position());

function stop() {
  if (!isOver) restAt = context ? Math.max(0, position()) : 0;
  silence();
  isOver = true;
  show();
}

function toggle() {
  if (isOver) { isPaused = false; seekTo(restAt ?? 0); return; }
  isPaused = !isPaused;
  if (isPaused) context.suspend(); else context.resume();
  show();
}

function pause() { if (!isOver && !isPaused) toggle(); }

function mark(index) {
  if (index === current) return;
  lines[current]?.node.removeAttribute("aria-current");
  current = index;
  lines.forEach((line, n) => line.node.classList.toggle("q-speech-heard", n < index));
  const node = lines[index]?.node;
  if (!node) return;
  node.setAttribute("aria-current", "true");
  const top = node.offsetTop - list.offsetTop;
  if (top < list.scrollTop || top + node.offsetHeight > list.scrollTop + list.clientHeight) {
    list.scrollTo({ top: top - list.clientHeight / 3, behavior: "smooth" });
  }
}

function show() {
  const isRunning = !isOver && !isPaused, isEmpty = !lines.length;
  box.dataset.state = isEmpty ? "empty" : isRunning ? "playing" : isOver ? "over" : "paused";
  for (const control of controls) control.disabled = isEmpty;
  button.setAttribute("aria-label", isRunning ? "Pause" : !isOver || restAt ? "Resume" : restAt === 0 ? "Play" : "Play again");
  button.title = `${button.getAttribute("aria-label")} (Space)`;
  const at = now();
  const words = `${clock(at)} of ${isDone ? "" : "about "}${clock(whole())}`;
  time.textContent = isEmpty ? "Nothing spoken yet" : words;
  place.max = whole();
  if (!isHeld) place.value = at;
  place.setAttribute("aria-valuetext", words);
  const [ready, of] = paragraphs;
  underWay.hidden = isEmpty || isDone;
  const said = of > 1 ? `still speaking, ${ready} of ${of} paragraphs ready` : "still speaking";
  if (underWay.textContent !== said) underWay.textContent = said;
  draw(isHeld ? Number(place.value) : at);
}

// The wave: what was heard in colour, what is still to be spoken as dots.
let bars = [], drawn = "";
function draw(at) {
  const dots = window.devicePixelRatio || 1, width = wave.clientWidth, height = 40;
  const num = Math.floor(width / BAR_PX), length = whole();
  if (!num) return;
  const key = `${num} ${levels.length} ${share}`;
  if (key !== drawn) {
    drawn = key;
    const step = levels.length / Math.max(1, num * share);
    bars = Array.from({ length: num }, (_, n) => Math.max(0, ...levels.slice(Math.floor(n * step), Math.max(Math.floor(n * step) + 1, Math.floor((n + 1) * step)))));
  }
  [wave.width, wave.height] = [width * dots, height * dots];
  const pen = wave.getContext("2d"), colours = getComputedStyle(box);
  const [heard, rest] = ["--tts", "--edge"].map((name) => colours.getPropertyValue(name));
  pen.scale(dots, dots);
  bars.forEach((level, n) => {
    const isHeard = length > 0 && ((n + 0.5) / num) * length <= at;
    const tall = Math.max(2, (level / 100) * height);
    [pen.fillStyle, pen.globalAlpha] = [isHeard ? heard : rest, isHeard ? 1 : 0.55];
    pen.fillRect(n * BAR_PX, (height - tall) / 2, 2.5, tall);
  });
}

function tick() {
  if (isOver || !context) return;
  const heard = origin === null ? -1 : context.currentTime - origin;
  if (heard >= 0) {
    let index = Math.max(0, current);
    if (lines[index] && heard < lines[index].start) index = 0;
    while (index + 1 < lines.length && heard >= lines[index + 1].start) index += 1;
    mark(index);
  }
  if (isDone && lines.length && next >= lines.length && heard > total()) { [isOver, restAt] = [true, null]; mark(-1); }
  pump();
  show();
}

function begin(value) {
  silence();
  list.replaceChildren();
  [path, rate, header, lines, next, origin, current] = [value.path, value.rate, value.header, [], 0, null, -1];
  [isPaused, isOver, skip] = [false, !value.play, 0];
  [levels, drawn, restAt] = [[], "", 0];
  title.textContent = value.title;
  panel?.classList.add("q-reading");
  if (value.play) wake();
  // The button that began it is gone: keys go on where the text is heard.
  const at = document.activeElement;
  if (element.offsetParent && (at === document.body || at.closest("#tts-writing"))) list.focus({ preventScroll: true });
}

function clear() {
  stop();
  list.replaceChildren();
  [path, lines, current, levels, drawn] = [null, [], -1, [], ""];
  title.textContent = "";
  panel?.classList.remove("q-reading");
  show();
}

function update() {
  const value = props.value;
  if (!value || !value.path) { clear(); return; }
  if (value.path !== path) {
    if (!value.lines.length) return;
    begin(value);
  }
  value.lines.forEach(([text, start, end], offset) => {
    const index = value.first + offset;
    if (index !== lines.length) return;
    const node = document.createElement("span");
    node.className = "q-speech-line";
    node.textContent = text.trimEnd();
    node.dataset.index = index;
    list.append(node, text.slice(text.trimEnd().length)); // an empty line is not tinted
    levels.push(...(value.levels[offset] || []));
    lines.push({ text, start, end, node });
  });
  [isDone, share, paragraphs] = [value.done, value.share, value.paragraphs];
  title.textContent = value.title;
  pump();
  show();
}

button.addEventListener("click", toggle);
list.addEventListener("click", (event) => {
  const line = event.target.closest(".q-speech-line");
  if (line) seek(Number(line.dataset.index));
});
place.addEventListener("pointerdown", () => { isHeld = true; });
place.addEventListener("change", () => { isHeld = false; seekTo(Number(place.value)); });
place.addEventListener("input", () => show());
for (const step of box.querySelectorAll("[data-skip]")) {
  step.addEventListener("click", () => seekTo(now() + Number(step.dataset.skip)));
}
function change() {
  panel?.classList.remove("q-reading");
  document.querySelector("#tts-text textarea")?.focus();
}
// Keys, from anywhere in the tab that does not need them itself.
document.addEventListener("keydown", (event) => {
  if (!element.offsetParent || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "Escape") { document.querySelector("#tts-stop")?.click(); return; }
  const isTaken = event.target.closest('input, textarea, select, [role="tab"], [role="combobox"], [contenteditable]');
  const isPressed = event.key === " " && event.target.closest("button, summary, a");
  if (!lines.length || isTaken || isPressed) return;
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key], jump = { ArrowRight: SKIP_S, ArrowLeft: -SKIP_S }[event.key];
  if (step) seek(Math.min(lines.length - 1, Math.max(0, current + step)));
  else if (jump) seekTo(now() + jump);
  else if (event.key === " ") toggle();
  else return;
  event.preventDefault();
});
// Browsers let a page make sound only after a gesture; any will do.
for (const gesture of ["pointerdown", "keydown"]) {
  document.addEventListener(gesture, wake, { passive: true, once: true });
}
// On a phone the drawer lies over what was chosen in it.
const shutDrawer = () => {
  if (matchMedia("(max-width: 720px)").matches) document.getElementById("q-menu")?.click();
};
panel?.addEventListener("change", (event) => {
  if (event.target.closest("#tts-readings")) shutDrawer();
});
// Within the click: what is typed right after it stays.
document.addEventListener("click", (event) => {
  const pressed = event.target.closest?.("#tts-new, #tts-clear");
  const text = document.querySelector("#tts-text textarea");
  if (!pressed || !text || !element.isConnected) return;
  text.value = "";
  text.dispatchEvent(new Event("input", { bubbles: true }));
  if (pressed.id !== "tts-new") return;
  change();
  shutDrawer();
});
window.quintetSpeech = { stop, pause, change };
new ResizeObserver(() => show()).observe(wave);
setInterval(tick, TICK_MS);
watch("value", update);
show();
