// The RAG tab's list of documents: its buttons, and a look at the server while something moves. Runs as
// js_on_load: element, trigger.

const LOOK_MS = 1000;
const isSeen = () => element.isConnected && !document.hidden && element.offsetParent !== null;
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-act]");
  if (!button) return;
  button.disabled = true;
  trigger("act", { act: button.dataset.act, id: button.dataset.id });
});
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else if (isSeen() && element.querySelector('[data-moving="yes"]')) trigger("look", {});
}, LOOK_MS);
// On a phone the list is a drawer. Later than this click, which closes drawers.
document.addEventListener("click", (event) => {
  if (event.target.closest(".q-open-library")) setTimeout(() => document.getElementById("q-menu")?.click(), 0);
});
