// The frame: which tab is seen, its sidebar, the memory sheet, where the focus goes. Listens on the
// document, so that it does not matter when Gradio draws what.
(() => {
  const root = document.documentElement;
  const isPhone = () => window.matchMedia("(max-width: 720px)").matches;
  const isSeen = (node) => node.offsetParent !== null || getComputedStyle(node).position === "fixed";
  const selected = () => document.querySelector('#q-tabs [role="tab"][aria-selected="true"]');
  const panel = () => document.getElementById(selected()?.getAttribute("aria-controls"));
  const KEPT = "quintet-sidebar";

  // --- sidebar: kept open or closed on a wide screen, a drawer on a phone. What it is, is said on #q-tabs:
  // within @media, Gradio's style sheets reach nothing outside of its own container.
  let isDrawn = false;
  const side = () => panel()?.querySelector(".q-side");
  const isClosed = () => localStorage.getItem(KEPT) === "closed";
  function showSide() {
    const [button, tabs] = [document.getElementById("q-menu"), document.getElementById("q-tabs")];
    if (!button || !tabs) return;
    const isOpen = isPhone() ? isDrawn : !isClosed();
    const shown = panel();
    if (shown) tabs.dataset.hasSide = String(shown.classList.contains("q-with-side"));
    else requestAnimationFrame(showSide); // Gradio has not drawn it yet
    tabs.dataset.side = isOpen ? "open" : "closed";
    button.setAttribute("aria-expanded", String(isOpen));
    button.setAttribute("aria-label", isOpen ? "Hide the sidebar" : "Show the sidebar");
  }
  function toggleSide() {
    if (!side()) return;
    if (isPhone()) isDrawn = !isDrawn;
    else localStorage.setItem(KEPT, isClosed() ? "open" : "closed");
    showSide();
    if (isPhone() && isDrawn) side().querySelector('button, input:not([role="combobox"], [tabindex="-1"]), a')?.focus(); // a list would unfold
  }
  function closeDrawer() {
    if (!isDrawn) return false;
    isDrawn = false;
    showSide();
    document.getElementById("q-menu")?.focus();
    return true;
  }
  const isOnVeil = ({ target, clientX }) => // the veil is the drawer's own ::before
    target.classList?.contains("q-side") && clientX > target.getBoundingClientRect().right;

  // --- memory: a sheet over the page, which is out of reach meanwhile
  const sheet = () => document.getElementById("memory");
  const opener = () => document.getElementById("q-mem");
  function openMemory() {
    if (!sheet() || root.classList.contains("q-memory-open")) return closeMemory();
    root.classList.add("q-memory-open");
    sheet().setAttribute("role", "dialog");
    sheet().setAttribute("aria-modal", "true");
    sheet().setAttribute("aria-labelledby", "memory-title");
    sheet().tabIndex = -1;
    for (const other of sheet().parentElement.children) if (other !== sheet()) other.inert = true;
    opener()?.setAttribute("aria-expanded", "true");
    sheet().focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("quintet-memory"));
  }
  function closeMemory() {
    if (!root.classList.contains("q-memory-open")) return false;
    root.classList.remove("q-memory-open");
    for (const other of sheet().parentElement.children) other.inert = false;
    opener()?.setAttribute("aria-expanded", "false");
    opener()?.focus();
    return true;
  }

  // --- dialogs: the browser keeps the focus in them, closes them by Esc and gives it back
  function openDialog(dialog) {
    closeMemory();
    document.querySelector("dialog:modal")?.close();
    dialog.showModal();
  }

  function isBeside({ target, clientX, clientY }) { // on the dialog's backdrop
    if (!target.matches?.("dialog")) return false;
    const { left, right, top, bottom } = target.getBoundingClientRect();
    return clientX < left || clientX > right || clientY < top || clientY > bottom;
  }

  // --- focus: after a tab change it is in that tab's main input
  const INPUTS = [ // the best first; a list that would unfold is none
    ".q-main-input :is(textarea, input, button), button.q-main-input",
    "textarea",
    "input:is([type=text], [type=search]):not([role])",
  ];
  function mainInput() {
    for (const selector of INPUTS) {
      const found = [...(panel()?.querySelectorAll(selector) ?? [])].find(
        (one) => !one.disabled && isSeen(one) && !one.closest(".q-side"),
      );
      if (found) return found;
    }
    return null;
  }
  function focusMain(tries = 20) { // a tab is drawn when it is first opened
    const input = mainInput();
    if (input) input.focus({ preventScroll: true });
    else if (tries > 0) requestAnimationFrame(() => focusMain(tries - 1));
  }
  window.quintetFrame = { focusMain, closeDrawer, closeMemory, openDialog };

  document.addEventListener("click", (event) => {
    const at = (selector) => event.target.closest?.(selector);
    if (at('[data-key="sidebar"]')) toggleSide();
    else if (at('[data-key="memory"]')) openMemory();
    else if (at("[data-close-memory]")) closeMemory();
    else if (at("[data-close-dialog]") || isBeside(event)) at("dialog").close();
    else if (at(".q-skip")) {
      event.preventDefault();
      focusMain();
    } else if (at('#q-tabs [role="tab"]')) {
      isDrawn = false;
      requestAnimationFrame(showSide);
      if (event.detail > 0 && window.matchMedia("(hover: hover)").matches) requestAnimationFrame(() => focusMain());
    } else if (at("[data-closes-drawer]") || isOnVeil(event)) closeDrawer();
  });
  document.addEventListener("pointerdown", (event) => {
    if (root.classList.contains("q-memory-open") && !event.target.closest?.("#memory")) {
      event.preventDefault();
      closeMemory();
    }
  });
  // --- the row of tabs is one stop of the Tab key; arrows go along it
  function rove() {
    for (const tab of document.querySelectorAll('#q-tabs [role="tab"]')) {
      const index = tab.getAttribute("aria-selected") === "true" ? 0 : -1;
      if (tab.tabIndex !== index) tab.tabIndex = index;
    }
  }
  document.addEventListener("keydown", (event) => {
    const tab = event.target.closest?.('#q-tabs [role="tab"]');
    if (!tab) return;
    const all = [...document.querySelectorAll('#q-tabs [role="tab"]')];
    const at = all.indexOf(tab);
    const next = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (next === undefined) return;
    const target = all[(next + all.length) % all.length];
    event.preventDefault();
    target.click();
    target.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented && (closeMemory() || closeDrawer())) event.preventDefault();
  });
  function showTabs() {
    showSide();
    rove();
    document.querySelector(".q-skip")?.setAttribute("href", `#${selected()?.getAttribute("aria-controls")}`);
  }
  document.addEventListener("quintet-head", showTabs);
  new MutationObserver(showTabs).observe(root, { subtree: true, attributeFilter: ["aria-selected"] });
  window.addEventListener("resize", () => {
    if (!isPhone()) isDrawn = false;
    showSide();
  });
})();
