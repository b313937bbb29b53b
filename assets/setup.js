// The line of the first minutes: puts the server's words in place without closing what is unfolded, and
// tells the server which button was pressed. Runs as gr.HTML's js_on_load.

const frame = element.querySelector(".q-setup-frame");
const SELDOM_MS = 30000; // another program may fetch the set

function update() {
  const isOpen = frame.querySelector("details")?.open ?? false;
  const focused = frame.contains(document.activeElement) && document.activeElement.dataset.action;
  frame.innerHTML = props.value || "";
  const details = frame.querySelector("details");
  if (details) details.open = isOpen;
  if (focused) frame.querySelector(`[data-action="${focused}"]`)?.focus();
}

frame.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || button.disabled) return;
  button.disabled = true;
  trigger("act", { action: button.dataset.action });
});

watch("value", update);
update();
const look = () => { if (!document.hidden) trigger("look", {}); };
look();
document.addEventListener("quintet-models", look); // told by the head
document.addEventListener("visibilitychange", look);
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else look();
}, SELDOM_MS);
