// The Models tab: puts the server's rows in place without disturbing who reads or types, filters
// them, and tells the server what was asked for. Runs as gr.HTML's js_on_load.

const list = element.querySelector(".q-models-list");
const search = element.querySelector(".q-models-search");
const here = element.querySelector(".q-models-here");
const none = element.querySelector(".q-models-none");
const chips = [...element.querySelectorAll(".q-models-chip")];
const TICK_MS = 1000;
let modality = "";

// Replace only what differs; an open fold stays open and the focus stays where it was.
function replaceRow(old, fresh) {
  const open = [...old.querySelectorAll("details[open]")].map((fold) => fold.dataset.key);
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const action = focused && focused.dataset.action;
  const text = focused && focused.textContent;
  old.replaceWith(fresh);
  for (const key of open) fresh.querySelector(`details[data-key="${key}"]`)?.setAttribute("open", "");
  if (!focused) return;
  const same = action && fresh.querySelector(`[data-action="${action}"]`);
  const alike = [...fresh.querySelectorAll("button, summary, a")];
  (same || alike.find((one) => one.textContent === text) || alike.find((one) => one.dataset.action))?.focus();
}

function update() {
  const made = document.createElement("template");
  made.innerHTML = props.value || "";
  const fresh = [...made.content.querySelectorAll(".q-model")];
  const old = [...list.querySelectorAll(".q-model")];
  const isSame = old.length === fresh.length && old.length > 0
    && old.every((row, n) => row.dataset.id === fresh[n].dataset.id);
  if (isSame) {
    old.forEach((row, n) => {
      if (row.dataset.html !== fresh[n].outerHTML) {
        const html = fresh[n].outerHTML;
        replaceRow(row, fresh[n]);
        fresh[n].dataset.html = html;
      }
    });
    const titles = [...made.content.querySelectorAll("h3")];
    list.querySelectorAll("h3").forEach((title, n) => { title.innerHTML = titles[n].innerHTML; });
  } else {
    const before = new Map(old.map((row) => [row.dataset.id, row]));
    const focused = document.activeElement?.closest(".q-model");
    const id = focused && list.contains(focused) ? focused.dataset.id : null;
    const action = document.activeElement?.dataset.action;
    for (const row of fresh) {
      row.dataset.html = row.outerHTML;
      before.get(row.dataset.id)?.querySelectorAll("details[open]").forEach((fold) =>
        row.querySelector(`details[data-key="${fold.dataset.key}"]`)?.setAttribute("open", ""));
    }
    list.replaceChildren(made.content);
    if (id) {
      const row = fresh.find((one) => one.dataset.id === id);
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

list.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || (button.dataset.ask && !window.confirm(button.dataset.ask))) return;
  button.disabled = true;
  trigger("act", { action: button.dataset.action, id: button.closest(".q-model").dataset.id });
});

watch("value", update);
update();
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else if (!document.hidden && element.offsetParent !== null) trigger("look", {});
}, TICK_MS);
