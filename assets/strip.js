// The strip: asks the server what goes on, often while something does or somebody is at work, seldom at
// rest, never while the page is hidden. Tells the rest of the page when there is news of models. Runs as
// gr.HTML's js_on_load.

const frame = element.querySelector(".q-strip-frame");
const BUSY_MS = 1000;
const IDLE_MS = 3000;
const HAND_MS = 6000; // after a click or a key something may have begun
let lookedAt = 0;
let handAt = 0;
const news = { models: "", used: "" };

const strip = () => frame.querySelector(".q-strip");

function update() {
  if (!props.value) return;
  frame.innerHTML = props.value;
  for (const kind of Object.keys(news)) {
    const now = strip()?.dataset[kind] ?? "";
    if (now === news[kind]) continue;
    news[kind] = now;
    document.dispatchEvent(new CustomEvent(`quintet-${kind}`));
  }
}

function look() {
  lookedAt = Date.now();
  trigger("look", { seen: strip()?.dataset.seen ?? "" });
}

watch("value", update);
update();
look();
for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, () => { handAt = Date.now(); }, { passive: true });
}
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  if (document.hidden) return;
  const now = Date.now();
  const isBusy = strip()?.dataset.pace !== "idle" || now - handAt < HAND_MS;
  if (now - lookedAt >= (isBusy ? BUSY_MS : IDLE_MS) - 20) look();
}, BUSY_MS);
