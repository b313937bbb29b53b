// The head: puts name, memory and settings into the row of Gradio's tabs, and asks the server what goes
// on: often while something does or somebody is at work, seldom at rest, never while the page is hidden.
// Tells the rest of the page when there is news of models. Runs as gr.HTML's js_on_load.

const BUSY_MS = 1000;
const IDLE_MS = 3000;
const HAND_MS = 6000; // after a click or a key something may have begun
let lookedAt = 0;
let handAt = 0;
const news = { models: "", used: "" };
const find = (selector) => document.querySelector(selector);
const [start, end, tip, words, said] = [".q-head-start", ".q-head-end", ".q-tip", ".q-tab-words", "#q-head-said"]
  .map((selector) => element.querySelector(selector));
const tabs = () => [...document.querySelectorAll('#q-tabs [role="tab"]')];
const idOf = (tab) => tab.dataset.tabId;

function place() {
  const row = find("#q-tabs > .tab-wrapper");
  if (!row) return requestAnimationFrame(place);
  row.prepend(start);
  row.append(end, tip, words);
  for (const tab of tabs()) {
    const note = document.createElement("span");
    note.id = `q-about-${idOf(tab)}`;
    words.append(note);
    tab.setAttribute("aria-describedby", note.id);
  }
  update();
  document.dispatchEvent(new CustomEvent("quintet-head"));
}

function update() {
  const value = props.value;
  if (!value || !start.isConnected || !start.closest(".tab-wrapper")) return;
  for (const tab of tabs()) {
    const about = value.tabs[idOf(tab)];
    if (about) {
      tab.dataset.state = about.state;
      const chip = document.getElementById(`q-model-chip-${idOf(tab)}`); // drawn when its tab is first opened
      if (chip) chip.dataset.state = about.state;
      say(tab, about.words);
    } else if (idOf(tab) === "models") {
      const { tag, is_failed: isFailed, words: lines } = value.fetching;
      tab.dataset.tag = tag;
      tab.dataset.tagKind = isFailed ? "failed" : "";
      say(tab, lines);
    }
  }
  showMemory(value.memory);
  for (const kind of Object.keys(news)) {
    if (value[kind] === news[kind]) continue;
    news[kind] = value[kind];
    document.dispatchEvent(new CustomEvent(`quintet-${kind}`));
  }
  element.dataset.pace = value.pace;
}

function say(tab, lines) {
  const text = lines.filter(Boolean);
  tab.dataset.tip = JSON.stringify(text);
  const note = document.getElementById(`q-about-${idOf(tab)}`);
  if (note.textContent !== text.join(", ")) note.textContent = text.join(", ");
  if (tip.dataset.of === idOf(tab) && !tip.hidden) showTip(tab);
}

function showMemory(memory) {
  const button = end.querySelector("#q-mem");
  const shown = memory.waiting || memory.words;
  if (button.dataset.shown === JSON.stringify(memory)) return;
  button.dataset.shown = JSON.stringify(memory);
  button.classList.toggle("q-short", memory.is_short);
  button.title = `${shown} (Ctrl M)`;
  button.querySelector(".q-mem-words").textContent = shown;
  button.querySelector(".q-mem-short").textContent = memory.short;
  button.querySelector(".q-mem-bars").innerHTML = memory.bars; // numbers and our own words only
  if (said.textContent !== memory.waiting) said.textContent = memory.waiting;
}

function showTip(tab) {
  const [first, ...rest] = JSON.parse(tab.dataset.tip || "[]");
  tip.hidden = !first;
  if (!first) return;
  tip.dataset.of = idOf(tab);
  tip.querySelector("b").textContent = first;
  tip.querySelector("span").textContent = rest.join("\n");
  const [box, row] = [tab.getBoundingClientRect(), tab.closest(".tab-wrapper").getBoundingClientRect()];
  const middle = box.left + box.width / 2 - tip.offsetWidth / 2;
  tip.style.left = `${Math.max(8, Math.min(middle, row.right - tip.offsetWidth - 8)) - row.left}px`;
}

function tipAt(event) {
  const tab = event.target.closest?.('#q-tabs [role="tab"]');
  if (tab) showTip(tab);
  else tip.hidden = true;
}

document.addEventListener("pointerover", tipAt, { passive: true });
document.addEventListener("focusin", (event) => {
  if (event.target.matches?.(":focus-visible")) tipAt(event);
  else tip.hidden = true;
});

function look() {
  lookedAt = Date.now();
  trigger("look", { seen: props.value?.seen ?? "" });
}

watch("value", update);
place();
look();
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => { handAt = Date.now(); }, { passive: true });
}
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  if (document.hidden) return;
  const now = Date.now();
  const isBusy = props.value?.pace !== "idle" || now - handAt < HAND_MS;
  if (now - lookedAt >= (isBusy ? BUSY_MS : IDLE_MS) - 20) look();
}, BUSY_MS);
