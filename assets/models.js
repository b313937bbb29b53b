// The Models tab: puts the server's rows in place without disturbing who reads or types, filters
// them, and tells the server what was asked for. Runs as gr.HTML's js_on_load.

const list = element.querySelector(".q-models-list");
const search = element.querySelector(".q-models-search");
const here = element.querySelector(".q-models-here");
const older = element.querySelector(".q-models-old");
const none = element.querySelector(".q-models-none");
const chips = [...element.querySelectorAll(".q-models-chip")];
const BUSY_MS = 1000;
const IDLE_MS = 120000; // other programs take memory and give it back; the plans of all models are dear
const MOVING = ".q-is-running, .q-is-waiting, .q-is-elsewhere";
let lookedAt = 0;
let modality = "";

// Make `old` look like `fresh` by changing only what differs: what is pressed, focused or unfolded
// stays the same element. A fold's own `open` is the reader's.
function morph(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open" && name !== "hidden") old.removeAttribute(name);
  }
  const [before, after] = [[...old.childNodes], [...fresh.childNodes]];
  after.forEach((node, n) => {
    const one = before[n];
    if (!one) old.append(node);
    else if (isAlike(one, node)) morph(one, node);
    else one.replaceWith(node);
  });
  before.slice(after.length).forEach((node) => node.remove());
}

function isAlike(one, other) {
  if (one.nodeName !== other.nodeName) return false;
  if (one.nodeType === Node.TEXT_NODE) return true;
  return ["id", "action", "key"].every((name) => one.dataset[name] === other.dataset[name]);
}

function update() {
  const made = document.createElement("template");
  made.innerHTML = props.value || "";
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const id = focused?.closest(".q-model")?.dataset.id;
  const action = focused?.dataset.action;
  const before = new Map([...list.querySelectorAll(".q-model")].map((row) => [row.dataset.id, row]));
  // Rows that have moved are taken along, so that they stay themselves.
  for (const fresh of made.content.querySelectorAll(".q-model")) {
    const old = before.get(fresh.dataset.id);
    if (!old) continue;
    morph(old, fresh.cloneNode(true));
    fresh.old = old;
  }
  const order = (root) => [...root.querySelectorAll("section, .q-model")].map((one) => one.dataset.id || one.dataset.modality).join();
  if (order(made.content) === order(list)) {
    const titles = [...made.content.querySelectorAll("h3")];
    list.querySelectorAll("h3").forEach((title, n) => morph(title, titles[n]));
  } else {
    for (const fresh of made.content.querySelectorAll(".q-model")) {
      if (fresh.old) fresh.replaceWith(fresh.old);
    }
    list.replaceChildren(made.content);
    if (focused && !list.contains(document.activeElement)) {
      const row = id && before.get(id);
      (row?.querySelector(`[data-action="${action}"]`) || row?.querySelector("[data-action]"))?.focus();
    }
  }
  filter();
}

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const section of list.querySelectorAll("section")) {
    let inside = 0;
    for (const row of section.querySelectorAll(".q-model")) {
      const fits = (!modality || section.dataset.modality === modality)
        && (!here.checked || row.dataset.here === "1")
        && (older.checked || words.length > 0 || row.dataset.old !== "1") // who searches finds them
        && words.every((word) => row.dataset.found.includes(word));
      row.hidden = !fits;
      inside += fits;
    }
    section.hidden = inside === 0;
    shown += inside;
  }
  none.hidden = shown > 0 || list.querySelector(".q-model") === null;
}

for (const chip of chips) {
  chip.addEventListener("click", () => {
    modality = chip.dataset.modality;
    chips.forEach((one) => one.setAttribute("aria-pressed", String(one === chip)));
    filter();
  });
}
search.addEventListener("input", filter);
here.addEventListener("change", filter);
older.addEventListener("change", filter);

list.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || (button.dataset.ask && !window.confirm(button.dataset.ask))) return;
  button.disabled = true;
  trigger("act", { action: button.dataset.action, id: button.closest(".q-model").dataset.id });
});

watch("value", update);
update();
function look() {
  if (document.hidden || element.offsetParent === null) return;
  lookedAt = Date.now();
  trigger("look", {});
}

for (const news of ["quintet-models", "quintet-used"]) document.addEventListener(news, look); // by the head
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else if (list.querySelector(MOVING) || Date.now() - lookedAt >= IDLE_MS) look();
}, BUSY_MS);
