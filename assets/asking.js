// Tabs that answer questions: what is pressed below an answer, the keys, and where the focus is. Runs as
// js_on_load of the earlier answers: element, trigger.

const panel = element.closest('[role="tabpanel"]') || document.body;
const box = () => panel.querySelector(".q-composer textarea, .q-composer input");
const stop = () => panel.querySelector("button.q-composer-stop");
const hasMouse = matchMedia("(pointer: fine)").matches;
const backToBox = () => setTimeout(() => { if (hasMouse) box()?.focus(); }, 60);

async function copied(text) {
  try { await navigator.clipboard.writeText(text); return; } catch { /* no clipboard without https on other hosts */ }
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

// Where there is room, one answer's evidence stands in a pane beside all of them.
function showEvidence(turn) {
  for (const other of panel.querySelectorAll(".q-turn[data-shown]")) delete other.dataset.shown;
  if (!turn) return;
  turn.dataset.shown = "yes";
  turn.querySelector("details.q-evidence-fold")?.setAttribute("open", "");
}

panel.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-act]");
  if (button && panel.contains(button) && button.closest(".q-turn")) {
    const turn = button.closest(".q-turn");
    if (button.dataset.act === "copy") {
      await copied(turn.querySelector(".q-answer")?.innerText ?? "");
      button.dataset.done = "yes";
      button.setAttribute("aria-label", "Copied");
      setTimeout(() => { delete button.dataset.done; button.setAttribute("aria-label", "Copy"); }, 1500);
    } else if (button.dataset.act === "passages") {
      showEvidence(turn);
    } else {
      trigger("act", { act: button.dataset.act, question: turn.querySelector(".q-me")?.dataset.question ?? "" });
    }
    backToBox();
  } else if (event.target.closest(".q-composer button")) backToBox();
  const cite = event.target.closest(".q-cite");
  if (cite) {
    const card = document.getElementById(cite.getAttribute("href").slice(1));
    if (!card) return;
    event.preventDefault();
    showEvidence(card.closest(".q-turn"));
    card.querySelector("details")?.setAttribute("open", "");
    for (const other of panel.querySelectorAll(".q-shown")) other.classList.remove("q-shown");
    card.classList.add("q-shown");
    card.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }
});
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && stop()) { event.preventDefault(); stop().click(); backToBox(); }
  const isLine = event.key === "Enter" && event.shiftKey && event.target === box() && !event.isComposing;
  if (isLine) { // Gradio sends with Shift Enter, too
    event.preventDefault();
    event.stopPropagation();
    event.target.setRangeText("\n", event.target.selectionStart, event.target.selectionEnd, "end");
    event.target.dispatchEvent(new Event("input", { bubbles: true }));
  }
}, true);
// A new question goes to the top, so that its answer is seen without scrolling.
let last = "";
new MutationObserver(() => {
  const now = panel.querySelector(".q-turn-now"); // it may be drawn later than this
  if (!now) return;
  const asked = now.querySelector(".q-me")?.dataset.question ?? "";
  const key = `${element.querySelectorAll(".q-turn").length} ${asked}`;
  if (asked && key !== last) {
    showEvidence(now);
    now.scrollIntoView({ block: "start", behavior: "instant" });
  }
  last = key;
}).observe(panel, { childList: true, subtree: true });
