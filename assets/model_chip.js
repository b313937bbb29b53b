// A tab's model chip: unfolds, asks the server what it shows, tells it what was chosen. Runs as gr.HTML's
// js_on_load, once in each tab.

const frame = element.querySelector(".q-model-chip-frame");
const OPEN_MS = 2000; // plans and speeds change while somebody chooses
const details = () => frame.querySelector("details");
const isOpen = () => details()?.open ?? false;
const look = () => trigger("look", { open: isOpen() });

function update() {
  const wasOpen = isOpen();
  const active = frame.contains(document.activeElement) ? document.activeElement : null;
  const place = active && (active.dataset.id ? `[data-id="${CSS.escape(active.dataset.id)}"]` : "summary");
  frame.innerHTML = props.value || "";
  if (wasOpen) details().open = true;
  if (place) frame.querySelector(place)?.focus();
}

function fold() {
  if (!isOpen()) return;
  details().open = false;
  frame.querySelector("summary").focus();
}

frame.addEventListener("click", (event) => {
  if (event.target.closest("summary")) {
    setTimeout(look, 0); // once it has unfolded
    return;
  }
  const button = event.target.closest("button[data-action]");
  if (!button || button.disabled) return;
  if (button.dataset.action === "more") {
    details().open = false;
    document.getElementById("tab-models-button")?.click();
    return;
  }
  button.disabled = true;
  fold();
  trigger("act", { action: button.dataset.action, id: button.dataset.id });
});
frame.addEventListener("keydown", (event) => {
  if (event.key === "Escape") fold();
});
document.addEventListener("click", (event) => {
  if (element.isConnected && isOpen() && event.target.isConnected && !frame.contains(event.target)) {
    details().open = false;
  }
});

watch("value", update);
update();
const isSeen = () => !document.hidden && element.offsetParent !== null;
document.addEventListener("quintet-models", () => { if (isSeen()) look(); }); // told by the head
new IntersectionObserver((entries) => { if (entries.some((one) => one.isIntersecting)) look(); }).observe(element);
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else if (isOpen() && isSeen()) look();
}, OPEN_MS);
