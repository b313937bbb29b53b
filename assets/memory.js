// The memory sheet: puts the server's rows in place without replacing a button under a hand, and
// tells the server which was pressed. Runs as gr.HTML's js_on_load.

const panel = element.querySelector(".q-memory-panel");
const TICK_MS = 1000;
document.addEventListener("quintet-memory", () => trigger("look", {})); // opened

function update() {
  const made = document.createElement("template");
  made.innerHTML = props.value || "";
  const fresh = [...made.content.querySelectorAll("[data-worker]")];
  const rows = [...panel.querySelectorAll("[data-worker]")];
  if (!rows.length || rows.length !== fresh.length) {
    panel.replaceChildren(made.content);
    return;
  }
  const [devices, now] = [panel, made.content].map((root) => root.querySelector(".q-devices"));
  if (devices.innerHTML !== now.innerHTML) devices.innerHTML = now.innerHTML;
  rows.forEach((row, n) => {
    row.className = fresh[n].className;
    for (const part of [".q-part-who", ".q-part-plot"]) {
      const [old, now] = [row.querySelector(part), fresh[n].querySelector(part)];
      if (old.innerHTML !== now.innerHTML) old.innerHTML = now.innerHTML;
    }
    const buttons = [...fresh[n].querySelectorAll("button")];
    row.querySelectorAll("button").forEach((button, place) => renew(button, buttons[place]));
  });
}

function renew(button, fresh) {
  if (button.textContent !== fresh.textContent) button.textContent = fresh.textContent;
  for (const { name } of [...button.attributes]) {
    if (!fresh.hasAttribute(name)) button.removeAttribute(name);
  }
  for (const { name, value } of [...fresh.attributes]) {
    if (button.getAttribute(name) !== value) button.setAttribute(name, value);
  }
}

panel.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-action]");
  if (!button || button.disabled) return;
  if (button.dataset.ask && !window.confirm(button.dataset.ask)) return;
  const worker = button.closest("[data-worker]").dataset.worker;
  trigger("act", { action: button.dataset.action, worker });
});

watch("value", update);
update();
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else if (!document.hidden && element.offsetParent !== null) trigger("look", {});
}, TICK_MS);
