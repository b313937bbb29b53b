// The keyboard map: one table of keys. A key does what an element says with `data-key="name"`, or with the
// class `q-key-name` where an attribute cannot be given: it is clicked, a text field is focused. Before,
// the document hears `quintet-key` with the name; who answers it calls preventDefault. A row of the map
// is shown where something on the page does it.
(() => {
  const KEYS = [
    { name: "send", words: "Send", keys: "Enter", shown: ".q-composer, .q-main-input textarea, #chat-input" },
    { name: "line", words: "New line", keys: "Shift Enter", shown: ".q-composer, .q-main-input textarea, #chat-input" },
    { name: "stop", words: "Stop an answer, close what is open", keys: "Esc" },
    { name: "edit-last", words: "Edit the last message, in an empty box", keys: "↑", shown: "#chat-input" },
    { name: "new-chat", words: "New chat", keys: "Ctrl Shift O", code: "KeyO", shift: true, needs: true },
    { name: "search", words: "Search chats", keys: "Ctrl K", code: "KeyK", needs: true },
    { name: "attach", words: "Attach files", keys: "Ctrl U", code: "KeyU", needs: true },
    { name: "dictate", words: "Dictate, while held", keys: "Ctrl Space", needs: true },
    { name: "sidebar", words: "Sidebar", keys: "Ctrl B", code: "KeyB", needs: true },
    { name: "memory", words: "Memory", keys: "Ctrl M", code: "KeyM", needs: true },
    { name: "settings", words: "Settings", keys: "Ctrl ,", code: "Comma", needs: true },
    { name: "tab", words: "Tabs, from left to right", keys: "Alt 1 – 6" },
    { name: "arrows", words: "From tab to tab, when the focus is there", keys: "← →" },
    { name: "map", words: "This map, outside of text fields", keys: "?" },
  ];
  const marked = (name) => [...document.querySelectorAll(`[data-key="${name}"], .q-key-${name}`)];
  const isSeen = (node) => node.getClientRects().length > 0 && !node.closest("[inert]");
  const isWriting = (node) => node.matches?.("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]");

  // Returns whether something did it.
  function run(name) {
    const event = new CustomEvent("quintet-key", { detail: { key: name }, cancelable: true });
    if (!document.dispatchEvent(event)) return true;
    if (name === "map") return openMap();
    const node = marked(name).find((one) => isSeen(one) && !one.disabled);
    if (!node) return false;
    const field = isWriting(node) ? node : node.querySelector("input, textarea");
    if (field) field.focus();
    else node.click();
    return true;
  }

  function nameOf(event) {
    const isControl = (event.ctrlKey || event.metaKey) && !event.altKey;
    const key = KEYS.find(({ code, shift = false }) => code && code === event.code && isControl && shift === event.shiftKey);
    if (key) return key.name;
    if (event.key === "Escape") return "stop";
    if (event.key === "?" && !isControl && !event.altKey && !isWriting(event.target)) return "map";
    const isEmpty = event.target.matches?.("textarea") && !event.target.value;
    return event.key === "ArrowUp" && isEmpty ? "edit-last" : "";
  }

  function openTab(number) {
    const tab = document.querySelectorAll('#q-tabs [role="tab"]')[number - 1];
    if (!tab) return false;
    window.quintetFrame.closeMemory();
    tab.click();
    requestAnimationFrame(() => window.quintetFrame.focusMain());
    return true;
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog:modal")) return;
    const digit = event.altKey && !event.ctrlKey && !event.metaKey && /^Digit([1-9])$/.exec(event.code);
    const name = nameOf(event);
    if (digit ? openTab(Number(digit[1])) : name && run(name)) event.preventDefault();
  });

  // --- the map itself
  function fill(map) {
    const rows = KEYS.filter(({ name, needs, shown }) =>
      (!needs || marked(name).length > 0) && (!shown || document.querySelector(shown)));
    map.querySelector("dl").replaceChildren(...rows.flatMap(({ words, keys }) => {
      const [term, keyList] = [document.createElement("dt"), document.createElement("dd")];
      term.textContent = words;
      keyList.append(...keys.split(" ").map((key) => Object.assign(document.createElement("kbd"), { textContent: key })));
      return [term, keyList];
    }));
  }
  function openMap() {
    const map = document.getElementById("q-keys");
    if (!map) return false;
    fill(map);
    window.quintetFrame.openDialog(map);
    return true;
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest?.('[data-key="map"], .q-key-map')) openMap();
  });
})();
