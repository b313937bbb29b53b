// The sheet with the personas: opens with what the server says, gathers the form, fills presets in, gives
// files away and takes them. Runs as gr.HTML's js_on_load; what is done goes through the hands of the tab.

const sheet = element.querySelector("dialog");
const file = element.querySelector('input[type="file"]');
const act = (data) => window.quintetAct("persona", data);
let opener = null; // where the focus goes back to
let staysChanged = false; // what comes next is drawn with what was typed
let isChanged = false; // whether something was typed that is not kept
let view = "list"; // what a phone shows

function update() {
  let next;
  try { next = JSON.parse(props.value || "{}"); } catch { return; }
  if (next.close) {
    opener = null; // what was chosen is for the next message
    shut();
    if (matchMedia("(hover: hover)").matches) window.quintetFrame.focusMain();
    return;
  }
  if (next.error) {
    staysChanged = false;
    const said = sheet.querySelector(".q-personas-said");
    if (said) said.innerHTML = next.error;
    return;
  }
  if (!next.html) return;
  const wasOpen = sheet.open;
  const top = sheet.querySelector(".q-persona-list")?.scrollTop ?? 0;
  sheet.innerHTML = next.html;
  isChanged = staysChanged;
  staysChanged = false;
  if (!wasOpen) {
    opener = document.activeElement;
    view = "list";
    window.quintetFrame.openDialog(sheet);
  } else {
    sheet.querySelector(".q-persona-list").scrollTop = top;
    sheet.querySelector(".q-persona h3").focus({ preventScroll: true });
  }
  sheet.dataset.view = view;
}

function shut() {
  isChanged = false;
  if (sheet.open) sheet.close();
}
sheet.addEventListener("close", () => {
  if (opener?.isConnected) opener.focus();
  opener = null;
});
const mayLeave = () => !isChanged || confirm("Leave without saving what you changed?");
sheet.addEventListener("cancel", (event) => {
  if (!mayLeave()) event.preventDefault();
});
sheet.addEventListener("keydown", (event) => event.stopPropagation()); // Esc is the sheet's own
sheet.addEventListener("input", () => { isChanged = true; });
sheet.addEventListener("submit", (event) => { // Enter in a field
  event.preventDefault();
  sheet.querySelector('[data-do="save"]')?.click();
});

function formOf(form) {
  const said = Object.fromEntries(new FormData(form));
  for (const name of ["tools", "collections"]) said[name] = new FormData(form).getAll(name);
  return said;
}

sheet.addEventListener("click", (event) => {
  event.stopPropagation(); // what the page does with a click beside a dialog asks nobody
  if (event.target === sheet || event.target.closest("[data-close]")) {
    if (mayLeave()) shut();
    return;
  }
  const button = event.target.closest("button");
  if (!button) return;
  const form = sheet.querySelector("form");
  if (button.dataset.fill !== undefined) return fill(form, button.dataset.fill);
  if (button.dataset.back !== undefined) return show("list");
  const what = button.dataset.do;
  if (!what) return;
  const id = button.dataset.id ?? form.dataset.id;
  if (what === "save") act({ do: what, id, form: formOf(form) });
  else if (what === "use") act(isChanged || !id ? { do: what, id, form: formOf(form) } : { do: what, id });
  else if (what === "look") {
    staysChanged = isChanged;
    button.disabled = true;
    button.textContent = "Looking …";
    act({ do: what, look: button.dataset.look, id, form: formOf(form) });
  } else if (what === "export") give(form);
  else if (!mayLeave()) return;
  else if (what === "import") file.click();
  else act({ do: what, id });
  if (["open", "new", "copy"].includes(what)) show("editor");
});

function show(which) {
  view = which;
  sheet.dataset.view = which;
}

function fill(form, values) {
  const said = Object.fromEntries(values.split(" ").filter(Boolean).map((one) => one.split("=")));
  for (const input of form.querySelectorAll('input[type="number"]')) input.value = said[input.name] ?? "";
  isChanged = true;
}

function give(form) {
  const text = form.querySelector("template.q-persona-file").content.textContent;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  link.download = form.dataset.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

file.addEventListener("change", async () => {
  const [one] = file.files;
  file.value = "";
  if (!one) return;
  show("editor");
  try {
    const { path } = await upload(one);
    act({ do: "import", path });
  } catch {
    sheet.querySelector(".q-personas-said").textContent = "The file could not be sent. Is Quintet still running?";
  }
});

// --- the drawer's "Save as …": a box in the chip's place

document.addEventListener("click", (event) => {
  const chip = event.target.closest?.('#tab-text [data-keep="preset"]');
  if (!chip || !element.isConnected) return;
  const box = document.createElement("input");
  box.className = "q-chip-box";
  box.maxLength = 80;
  box.placeholder = "Name, then Enter";
  box.setAttribute("aria-label", "Name of the preset");
  chip.replaceWith(box);
  box.focus();
  const back = () => { if (box.isConnected) box.replaceWith(chip); };
  box.addEventListener("blur", back);
  box.addEventListener("keydown", (pressed) => {
    pressed.stopPropagation();
    if (pressed.key === "Escape") { back(); chip.focus(); }
    if (pressed.key !== "Enter" || !box.value.trim()) return;
    window.quintetAct("preset-keep", { name: box.value });
    back();
  });
});

watch("value", update);
update();
