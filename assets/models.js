// The Models tab: puts the server's rows in place without disturbing who reads or types, filters
// them, and tells the server what was asked for. Runs as gr.HTML's js_on_load.

const list = element.querySelector(".q-models-list");
const none = element.querySelector(".q-models-none");
const head = (selector) => document.querySelector(`#models-head ${selector}`);
const BUSY_MS = 1000;
const IDLE_MS = 120000; // other programs take memory and give it back; the plans of all models are dear
const MOVING = ".q-is-running, .q-is-waiting, .q-is-elsewhere, .q-measuring, .q-m-set";
const KEPT = ["open", "hidden", "aria-expanded"]; // the reader's
let lookedAt = 0;
let opened = null; // the folds that were open before a search opened all

// Make `old` look like `fresh` by changing only what differs: what is pressed, focused or unfolded
// stays the same element.
function morph(old, fresh) {
  if (old.nodeType === Node.TEXT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
    return;
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (!KEPT.includes(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (!KEPT.includes(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  morphChildren(old, fresh);
}

const keyOf = (node) => node.nodeType === Node.ELEMENT_NODE
  ? node.dataset.id || node.dataset.key || node.dataset.action || "" : "";

function morphChildren(old, fresh) {
  const known = new Map();
  for (const child of old.children) if (keyOf(child)) known.set(child.nodeName + keyOf(child), child);
  let at = old.firstChild;
  for (const node of [...fresh.childNodes]) {
    const key = keyOf(node);
    const isAlike = at && at.nodeName === node.nodeName && !keyOf(at);
    const one = key ? known.get(node.nodeName + key) : isAlike && at;
    if (one) known.delete(node.nodeName + key);
    if (one && one === at) at = at.nextSibling;
    else old.insertBefore(one || node, at);
    if (one) morph(one, node);
  }
  while (at) {
    const next = at.nextSibling;
    at.remove();
    at = next;
  }
}

function update() {
  const made = document.createElement("template");
  made.innerHTML = props.value || "";
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const [id, action] = [focused?.closest(".q-model")?.dataset.id, focused?.dataset.action];
  morphChildren(list, made.content);
  if (focused && !list.contains(document.activeElement) && id) {
    const row = list.querySelector(`.q-model[data-id="${CSS.escape(id)}"]`);
    (row?.querySelector(`[data-action="${action}"]`) || row?.querySelector("button"))?.focus();
  }
  const machine = head(".q-m-machine");
  const sum = list.querySelector(".q-m-sum")?.textContent || "";
  if (machine && machine.textContent !== sum) machine.textContent = sum;
  filter();
}

function filter() {
  const words = (head(".q-models-search")?.value || "").toLowerCase().split(/\s+/).filter(Boolean);
  const isHere = head(".q-models-here")?.getAttribute("aria-pressed") === "true";
  const isFiltered = words.length > 0 || isHere;
  unfold(isFiltered);
  let shown = 0;
  for (const row of list.querySelectorAll(".q-model")) {
    row.hidden = !((!isHere || row.dataset.here === "1") && words.every((word) => row.dataset.found.includes(word)));
    shown += !row.hidden;
  }
  for (const group of list.querySelectorAll(".q-section, .q-families, .q-families section")) {
    group.classList.toggle("q-nothing", isFiltered && group.querySelector(".q-model:not([hidden])") === null);
  }
  list.classList.toggle("q-filtered", isFiltered);
  none.hidden = shown > 0 || list.querySelector(".q-model") === null;
}

// Who filters sees all that fits, whatever is folded; what was open before is open again afterwards.
function unfold(isFiltered) {
  const folds = [...list.querySelectorAll("details.q-section, details.q-families")];
  const nameOf = (fold) => `${fold.closest(".q-section").dataset.key} ${fold.dataset.key}`;
  if (isFiltered && !opened) opened = new Set(folds.filter((fold) => fold.open).map(nameOf));
  if (isFiltered) folds.forEach((fold) => { fold.open = true; });
  else if (opened) folds.forEach((fold) => { fold.open = opened.has(nameOf(fold)); });
  if (!isFiltered) opened = null;
}

document.addEventListener("input", (event) => {
  if (event.target.closest?.("#models-head")) filter();
});
document.addEventListener("click", (event) => {
  const button = event.target.closest?.("#models-head button");
  if (!button) return;
  if (button.classList.contains("q-models-add")) {
    document.querySelector("#models-add button")?.click();
    setTimeout(() => document.querySelector("#models-what :is(input, textarea)")?.focus(), 60);
    return;
  }
  button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
  filter();
});

list.addEventListener("click", (event) => {
  const more = event.target.closest("button[data-more]");
  if (more) {
    const row = more.closest(".q-model");
    const panel = row.querySelector(".q-more");
    const isBench = more.dataset.more === "bench";
    panel.hidden = !isBench && !panel.hidden;
    row.querySelector('[data-more="all"]').setAttribute("aria-expanded", String(!panel.hidden));
    if (!isBench) return;
    panel.querySelector(".q-bench").scrollIntoView({ block: "nearest" });
    panel.querySelector(".q-bench button")?.focus();
    return;
  }
  const button = event.target.closest("button[data-action]");
  if (!button || (button.dataset.ask && !window.confirm(button.dataset.ask))) return;
  button.disabled = true;
  trigger("act", { action: button.dataset.action, id: button.closest(".q-model")?.dataset.id || "" });
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
