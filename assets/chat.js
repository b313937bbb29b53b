// The hands of the Text tab: whatever carries data-act is sent to the server, answers that are written are
// followed, changes of other tabs are looked for; and what needs no server: copying, editing in place,
// reading aloud, scrolling. Runs as gr.HTML's js_on_load, once.

const LOOK_MS = 3000;
const NEAR_PX = 80; // so near to the end counts as there
const PASSING_MS = 10000; // how long an Undo is offered
const main = () => document.getElementById("tab-text");
const scroller = () => document.getElementById("chat-scroll");
const isSeen = () => !document.hidden && main()?.offsetParent !== null;
let state = {}; // what the composer was sent last
let followed = null; // chat and epoch of the answer that is followed

let number = 0; // actions are done in the order in which they were begun
function act(name, data = {}) {
  trigger("act", { act: name, ...data, number: ++number });
}

// --- what the server says ---

function follow() {
  if (!state.is_running) {
    followed = null;
    return;
  }
  const key = `${state.chat}/${state.epoch}`;
  if (followed === key) return;
  followed = key;
  trigger("follow", {});
}

document.addEventListener("quintet-chat", (event) => {
  state = event.detail;
  const address = new URL(location.href);
  if (state.chat && !state.is_private) address.searchParams.set("chat", state.chat);
  else address.searchParams.delete("chat");
  if (address.href !== location.href) history.replaceState(history.state, "", address);
  document.title = state.title ? `${state.title} · Quintet` : "Quintet";
  document.body.classList.toggle("q-is-private", Boolean(state.is_private));
  follow();
  if (state.jump) jumpTo(state.jump);
  else if (state.to_end) toEnd(Boolean(state.chat));
});

// --- clicks ---

// Other scripts ask for an action with this; what was asked before the tab had hands is done now.
window.quintetAct = act;
for (const [name, data] of window.quintetWaiting?.splice(0) ?? []) act(name, data);
document.addEventListener("click", (event) => {
  if (!element.isConnected) return;
  const button = event.target.closest?.("[data-act], [data-copy], [data-edit], [data-aloud], [data-save], [data-drawer], [data-example]");
  if (!button || button.disabled || !isOurs(button)) return;
  const { act: name, ...data } = button.dataset;
  if (name) act(name, data);
  else if (data.copy) copy(button, data.copy);
  else if (data.edit) edit(button, data.edit, data.how);
  else if (data.aloud) readAloud(button, data.aloud);
  else if (data.save) save(data.save, data.name);
  else if (data.drawer) drawer(data.drawer === "open" ? null : false);
});
const isOurs = (button) => Boolean(button.closest("#tab-text, .q-menu-of-chats"));

function drawer(isOpen) {
  const now = isOpen ?? !document.body.classList.contains("q-options-open");
  document.body.classList.toggle("q-options-open", now);
  const opener = main().querySelector('[data-drawer="open"]');
  opener?.setAttribute("aria-expanded", String(now));
  if (now) document.querySelector("#chat-options textarea")?.focus();
  else opener?.focus();
}

// --- messages ---

const fileOf = (message, kind) => `chats/${state.chat}/${message}.${kind}`;

async function textOf(message) {
  const response = await fetch(fileOf(message, "md"));
  if (!response.ok) throw new Error(await response.text());
  return response.text();
}

async function copy(button, message) {
  const text = textOf(message);
  try {
    if (window.ClipboardItem && navigator.clipboard?.write) {
      const blob = text.then((found) => new Blob([found], { type: "text/plain" }));
      await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    } else {
      await navigator.clipboard.writeText(await text);
    }
    say(button, "Copied");
  } catch {
    say(button, "Not copied: the browser does not allow it");
  }
}

// The answer as the file that it is.
function save(message, name) {
  const link = Object.assign(document.createElement("a"), { href: fileOf(message, "md"), download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

// A word in the button's place for a moment, and for screen readers.
function say(button, words) {
  button.querySelector(".q-said-word")?.remove();
  const word = document.createElement("span");
  word.className = "q-said-word";
  word.setAttribute("role", "status");
  word.textContent = words;
  button.append(word);
  setTimeout(() => word.remove(), 1600);
}

async function edit(button, message, how) {
  const row = button.closest(".q-acts");
  if (!row || row.parentElement.querySelector(":scope > .q-editor")) return;
  const box = document.createElement("div");
  box.className = "q-editor";
  box.innerHTML = '<textarea></textarea><div class="q-next-steps"><button type="button" class="q-b q-go"></button>' +
    '<button type="button" class="q-b">Cancel</button></div><p class="q-line q-note"></p>';
  const [area, save, cancel, note] = [box.querySelector("textarea"), ...box.querySelectorAll("button"), box.querySelector("p")];
  save.textContent = how === "question" ? "Send" : "Save";
  area.setAttribute("aria-label", how === "question" ? "Edit the question" : "Edit the answer");
  note.textContent = how === "question" ? "The older question and what followed it stay reachable." : "The older answer stays reachable.";
  try {
    area.value = await textOf(message);
  } catch (error) {
    say(button, "The message could not be read");
    return;
  }
  const own = row.parentElement.querySelector(".q-own");
  const fit = () => { area.style.height = "auto"; area.style.height = `${Math.min(area.scrollHeight + 4, innerHeight * 0.6)}px`; };
  const end = () => { box.remove(); row.hidden = false; if (own) own.hidden = false; focusComposer(); };
  area.addEventListener("input", fit);
  cancel.addEventListener("click", end);
  save.addEventListener("click", () => { if (area.value.trim()) { act("edit", { message, text: area.value }); end(); } });
  area.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.stopPropagation(); end(); }
    if (event.key === "Enter" && (how === "question" ? !event.shiftKey : event.ctrlKey) && !event.isComposing) {
      event.preventDefault();
      save.click();
    }
  });
  if (own) own.hidden = true;
  row.hidden = true;
  row.before(box);
  fit();
  area.focus();
}

let sound = null; // what is being read aloud, and its button
function silence() {
  if (!sound) return;
  const { audio, button } = sound;
  sound = null;
  audio.removeAttribute("src");
  audio.load();
  button.setAttribute("aria-pressed", "false");
  button.title = "Read aloud";
}

function readAloud(button, message) {
  const wasThis = sound?.message === message;
  silence();
  if (wasThis) return;
  const audio = new Audio(fileOf(message, "mp3"));
  sound = { audio, button, message };
  button.setAttribute("aria-pressed", "true");
  button.title = "Stop reading aloud";
  audio.addEventListener("ended", silence);
  audio.addEventListener("error", async () => {
    if (sound?.audio !== audio) return;
    silence();
    const response = await fetch(fileOf(message, "mp3"));
    const found = await response.text();
    say(button, response.ok ? "The sound could not be played" : wordsOf(found));
  });
  audio.play().catch(() => {});
}

function wordsOf(answer) {
  try { return JSON.parse(answer).error?.message ?? answer; } catch { return answer.slice(0, 200); }
}

// --- scrolling ---

let isAtEnd = true;
function toEnd(hasChat = true) { // an empty chat is read from its beginning
  isAtEnd = hasChat;
  const box = scroller();
  if (box) requestAnimationFrame(() => { box.scrollTop = hasChat ? box.scrollHeight : 0; });
}

function jumpTo(message) {
  isAtEnd = false;
  let tries = 0;
  const look = () => {
    const found = scroller()?.querySelector(`[data-message="${CSS.escape(String(message))}"], [data-copy="${CSS.escape(String(message))}"]`);
    if (found) found.scrollIntoView({ block: "center" });
    else if (++tries < 40) requestAnimationFrame(look);
  };
  look();
}

function watchScroll() {
  const box = scroller();
  if (!box) {
    requestAnimationFrame(watchScroll);
    return;
  }
  const newest = document.createElement("button");
  newest.type = "button";
  newest.className = "q-to-end q-ib";
  newest.hidden = true;
  newest.setAttribute("aria-label", "Show the newest");
  newest.title = "Show the newest";
  newest.innerHTML = '<svg class="q-i" viewBox="0 0 16 16" aria-hidden="true"><path d="M8 3v9.500M3.800 8.500 8 12.700l4.200-4.200"/></svg>';
  newest.addEventListener("click", () => toEnd());
  box.after(newest);
  let last = box.scrollTop;
  const isNearEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
  const look = () => { // only somebody who scrolls up leaves the end: what grows or shrinks does not
    const isUp = box.scrollTop < last - 1;
    last = box.scrollTop;
    if (isNearEnd()) isAtEnd = true;
    else if (isUp) isAtEnd = false;
    newest.hidden = isAtEnd || isNearEnd();
  };
  box.addEventListener("scroll", look, { passive: true });
  const grown = new ResizeObserver(() => {
    if (isAtEnd) box.scrollTop = box.scrollHeight;
    newest.hidden = isNearEnd();
  });
  const watchChildren = () => { for (const child of box.children) grown.observe(child); };
  new MutationObserver(watchChildren).observe(box, { childList: true }); // Gradio draws them one by one
  watchChildren();
}
watchScroll();

// --- keys ---

function focusComposer() {
  document.getElementById("chat-input")?.focus();
}
document.addEventListener("keydown", (event) => {
  if (!element.isConnected || !isSeen() || event.defaultPrevented) return;
  if (event.key !== "Escape") return;
  if (document.body.classList.contains("q-options-open")) drawer(false);
  else if (sound) silence();
  else if (state.is_running && !document.querySelector(".q-menu, dialog[open]")) act("stop");
});

// --- others ---

document.addEventListener("quintet-used", () => { if (element.isConnected) trigger("fit", {}); }); // by the head's script

const timezone = () => -new Date().getTimezoneOffset();
const look = () => trigger("look", { timezone: timezone() });
setTimeout(look, 500);
const timer = setInterval(() => {
  if (!element.isConnected) clearInterval(timer);
  else if (isSeen()) look();
}, LOOK_MS);

// An Undo goes by itself.
new MutationObserver(() => {
  const passing = document.querySelector("#chat-notice .q-passing");
  if (passing && !passing.dataset.goes) {
    passing.dataset.goes = "1";
    setTimeout(() => passing.remove(), PASSING_MS);
  }
}).observe(document.getElementById("chat-notice") ?? document.body, { childList: true, subtree: true });
