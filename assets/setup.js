// The card of the first minutes: puts the server's words in place, and tells the server which button was
// pressed. Runs as gr.HTML's js_on_load, again for each chat that is empty.

const frame = element.querySelector(".q-setup-frame");
let isSeen = false;
const SELDOM_MS = 30000; // another program may fetch the set

function update() {
  const focused = frame.contains(document.activeElement) && document.activeElement.dataset.action;
  const isNew = frame.childElementCount === 0;
  frame.innerHTML = props.value || "";
  showPlace();
  if (isNew && props.value) element.closest(".q-grow")?.scrollTo(0, 0); // its heading first, not its end
  if (focused) frame.querySelector(`[data-action="${focused}"]`)?.focus();
  sayOnce();
}

// What the card says while it is seen, the model chip above it does not say as well.
function sayOnce() {
  const has = (what) => isSeen && element.isConnected && frame.querySelector(what) !== null;
  const chip = document.getElementById("q-model-chip-text");
  chip?.toggleAttribute("data-offered", has(".q-first-card"));
  chip?.toggleAttribute("data-coming", has(".q-first-running"));
}
new IntersectionObserver((entries) => { isSeen = entries.at(-1).isIntersecting; sayOnce(); }).observe(frame);

// What stands beside the card goes by it. Said here, for `:has()` has the browser look through a whole long chat
// at each of its changes.
function showPlace() {
  const place = document.getElementById("chat-empty");
  if (!place) return;
  if (!frame.querySelector(".q-first-card, h4")) delete place.dataset.card;
  else place.dataset.card = frame.querySelector("h4") ? "demo" : "alone";
}

frame.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || button.disabled) return;
  if (button.dataset.action === "models") {
    document.getElementById("tab-models-button")?.click();
    return;
  }
  button.disabled = true;
  trigger("act", { action: button.dataset.action });
});

watch("value", update);
update();
function look() {
  if (element.isConnected && !document.hidden) trigger("look", {});
  if (element.isConnected) return;
  document.removeEventListener("quintet-models", look);
  document.removeEventListener("visibilitychange", look);
}
look();
document.addEventListener("quintet-models", look); // by the head
document.addEventListener("visibilitychange", look);
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else look();
}, SELDOM_MS);
