// The sheet with a page of a document: opens at once, asks the server for the page, shows it with its marks.
// Runs as js_on_load: element, trigger, props, watch.

const sheet = element.querySelector("dialog");
const WAITING = '<div class="rag-sheet-head"><h2 tabindex="-1">Opening the page …</h2>' +
  '<button type="button" class="q-ib" aria-label="Close" title="Close" data-close="page">×</button></div>';
let opener = null; // where the focus goes back to

function ask(button) {
  if (!sheet.open) {
    opener = button;
    sheet.innerHTML = WAITING;
    window.quintetFrame.openDialog(sheet);
  }
  sheet.setAttribute("aria-busy", "true");
  trigger("look", { chunk: button.dataset.pageOf, page: button.dataset.page ?? "" });
}

function update() {
  if (!sheet.open || !props.value) return;
  sheet.innerHTML = props.value;
  sheet.removeAttribute("aria-busy");
  const mark = sheet.querySelector(".rag-mark");
  const settle = () => mark?.scrollIntoView({ block: "center" });
  const picture = sheet.querySelector("img");
  if (picture && !picture.complete) picture.addEventListener("load", settle, { once: true });
  else settle();
  sheet.querySelector("h2")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (!element.isConnected) return;
  const button = event.target.closest?.("button[data-page-of]");
  if (button) ask(button);
  else if (event.target.closest?.('[data-close="page"]') || event.target === sheet) sheet.close();
});
sheet.addEventListener("keydown", (event) => {
  event.stopPropagation(); // Esc is the sheet's own
  const way = { ArrowLeft: '[data-page][aria-label="Page before"]', ArrowRight: '[data-page][aria-label="Page after"]' }[event.key];
  const button = way && sheet.querySelector(way);
  if (button && !button.disabled) ask(button);
});
sheet.addEventListener("close", () => {
  sheet.innerHTML = "";
  if (opener?.isConnected) opener.focus();
  opener = null;
});
watch("value", update);
