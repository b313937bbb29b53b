// The list of chats: search as one types, a menu for each row, titles changed in place, import. Runs as
// gr.HTML's js_on_load; what is clicked with data-act goes through the hands of the tab (chat.js).

const body = element.querySelector(".q-list-body");
const search = element.querySelector('input[type="search"]');
const file = element.querySelector('input[type="file"]');
const SEARCH_MS = 200;
const act = (name, data = {}) => window.quintetAct(name, data);
let open = new Set(); // folders that were unfolded by hand
let editing = null;

function update() {
  if (editing) return; // a title is being changed: drawn afterwards
  const focused = body.contains(document.activeElement) ? document.activeElement.closest("[data-chat]")?.dataset.chat : null;
  const top = body.scrollTop;
  body.innerHTML = props.value || "";
  for (const folder of body.querySelectorAll("details.q-folder")) if (open.has(folder.dataset.folder)) folder.open = true;
  body.scrollTop = top;
  if (focused) body.querySelector(`li[data-chat="${CSS.escape(focused)}"] .q-li`)?.focus();
}
body.addEventListener("toggle", (event) => {
  const { folder } = event.target.dataset;
  if (event.target.open) open.add(folder);
  else open.delete(folder);
}, true);

let asked = null;
search.addEventListener("input", () => {
  clearTimeout(asked);
  asked = setTimeout(() => act("search", { query: search.value }), SEARCH_MS);
});
search.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && search.value) {
    event.stopPropagation();
    search.value = "";
    act("search", { query: "" });
  } else if (event.key === "ArrowDown") {
    event.preventDefault();
    body.querySelector(".q-li")?.focus();
  }
});
body.addEventListener("keydown", (event) => {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const rows = [...body.querySelectorAll(".q-li")].filter((row) => row.offsetParent !== null);
  const at = rows.indexOf(document.activeElement);
  if (at < 0) return;
  event.preventDefault();
  const next = at + (event.key === "ArrowDown" ? 1 : -1);
  (rows[next] ?? (next < 0 ? search : null))?.focus();
});

// --- menus ---

let menu = null;
function openMenu(button) {
  closeMenu();
  const template = element.querySelector(`template[data-menu-of="${button.dataset.menu}"]`);
  const row = button.closest("[data-chat]");
  menu = document.createElement("div");
  menu.className = "q-menu q-menu-of-chats";
  menu.setAttribute("role", "menu");
  menu.append(template.content.cloneNode(true));
  if (row) {
    const { chat } = row.dataset;
    for (const link of menu.querySelectorAll("[data-export]")) link.href = `chats/${chat}/export.${link.dataset.export}`;
    if (row.dataset.pinned === "1") menu.querySelector('[data-do="pin"] span').textContent = "Unpin";
  }
  document.body.append(menu);
  const at = button.getBoundingClientRect();
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - menu.offsetWidth - 8))}px`;
  menu.style.top = `${Math.max(8, Math.min(at.bottom + 4, innerHeight - menu.offsetHeight - 8))}px`;
  menu.opener = button;
  button.setAttribute("aria-expanded", "true");
  menu.addEventListener("click", (event) => {
    const item = event.target.closest("[role=menuitem]");
    if (!item) return;
    const action = item.dataset.do;
    closeMenu();
    if (action) doIt(action, row);
  });
  menu.addEventListener("keydown", (event) => {
    const items = [...menu.querySelectorAll("[role=menuitem]")];
    const index = items.indexOf(document.activeElement);
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); closeMenu(true); }
    if (event.key === "ArrowDown") { event.preventDefault(); items[(index + 1) % items.length].focus(); }
    if (event.key === "ArrowUp") { event.preventDefault(); items[(index - 1 + items.length) % items.length].focus(); }
    if (event.key === "Tab") closeMenu();
  });
  menu.querySelector("[role=menuitem]").focus();
}
function closeMenu(withFocus) {
  if (!menu) return;
  menu.opener.setAttribute("aria-expanded", "false");
  if (withFocus) menu.opener.focus();
  menu.remove();
  menu = null;
}
document.addEventListener("click", (event) => {
  const button = element.isConnected && event.target.closest?.("#tab-text [data-menu]");
  if (button) {
    if (menu?.opener === button) closeMenu(true);
    else openMenu(button);
  }
});
document.addEventListener("pointerdown", (event) => {
  if (menu && !menu.contains(event.target) && !menu.opener.contains(event.target)) closeMenu();
});

function doIt(action, row) {
  if (action === "import") {
    file.click();
    return;
  }
  const { chat, title, folder } = row.dataset;
  if (action === "pin") act("pin", { chat });
  if (action === "delete") act("delete", { chat });
  if (action === "rename") ask(row, "Title", title, (value) => act("rename", { chat, title: value }));
  if (action === "move") ask(row, "Folder, empty for none", folder, (value) => act("move", { chat, folder: value }));
}
body.addEventListener("dblclick", (event) => {
  const row = event.target.closest("li[data-chat]");
  if (row) doIt("rename", row);
  const folder = event.target.closest("summary")?.parentElement;
  if (folder) ask(folder, "Name of the folder, empty to dissolve it", folder.dataset.folder, (value) => act("rename-folder", { folder: folder.dataset.folder, title: value }));
});

// A box in the row's place; where the list is not seen, the browser's own question.
function ask(from, label, value, done) {
  const row = from.dataset.chat ? body.querySelector(`li[data-chat="${CSS.escape(from.dataset.chat)}"]`) : from;
  if (!row || row.offsetParent === null) {
    const said = prompt(label, value);
    if (said !== null && said !== value) done(said);
    return;
  }
  const box = document.createElement("input");
  box.type = "text";
  box.value = value;
  box.maxLength = 200;
  box.className = "q-row-box";
  box.setAttribute("aria-label", label);
  box.placeholder = label;
  const folders = [...body.querySelectorAll("details.q-folder")].map((one) => one.dataset.folder);
  if (label.startsWith("Folder") && folders.length) {
    const list = document.createElement("datalist");
    list.id = "q-folders";
    list.append(...folders.map((name) => Object.assign(document.createElement("option"), { value: name })));
    box.setAttribute("list", list.id);
    row.append(list);
  }
  editing = box;
  row.prepend(box);
  row.classList.add("q-is-edited");
  box.focus();
  box.select();
  const end = (keep) => {
    if (editing !== box) return;
    editing = null;
    if (keep && box.value !== value) done(box.value);
    update();
  };
  box.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.isComposing) end(true);
    if (event.key === "Escape") end(false);
  });
  box.addEventListener("blur", () => end(true));
}

file.addEventListener("change", async () => {
  const [chosen] = file.files;
  file.value = "";
  if (!chosen) return;
  const { path } = await upload(chosen);
  act("take-in", { path });
});

document.addEventListener("quintet-chat", (event) => {
  const menuOfChat = document.querySelector("#chat-menu [data-chat]");
  if (menuOfChat) {
    const { chat, title, is_pinned: isPinned, folder } = event.detail;
    Object.assign(menuOfChat.dataset, { chat: chat ?? "", title: title ?? "", pinned: isPinned ? "1" : "0", folder: folder ?? "" });
    menuOfChat.hidden = !chat || Boolean(event.detail.is_private);
  }
  const isPrivate = Boolean(event.detail.is_private);
  element.querySelector(".q-private").setAttribute("aria-pressed", String(isPrivate));
  element.querySelector(".q-private").classList.toggle("on", isPrivate);
});

watch("value", update);
update();
