// The settings: the theme, kept in this browser. Gradio puts `dark` on the body as the system says; a
// choice of one's own is put back whenever it does.
(() => {
  const KEPT = "quintet-theme";
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  const ofAddress = () => new URL(location.href).searchParams.get("__theme");
  const chosen = () => localStorage.getItem(KEPT) || ofAddress() || "system";

  function apply() {
    const theme = chosen();
    const isDark = theme === "dark" || (theme !== "light" && system.matches);
    document.body.classList.toggle("dark", isDark);
    document.documentElement.style.colorScheme = isDark ? "dark" : "light";
  }
  function start() {
    apply();
    new MutationObserver(apply).observe(document.body, { attributeFilter: ["class"] });
    system.addEventListener("change", apply);
  }
  if (document.body) start();
  else document.addEventListener("DOMContentLoaded", start);
  window.addEventListener("storage", apply); // chosen in another tab of the browser

  document.addEventListener("change", (event) => {
    if (event.target.name !== "q-theme") return;
    localStorage.setItem(KEPT, event.target.value);
    apply();
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.('[data-key="settings"]')) return;
    const dialog = document.getElementById("q-settings");
    for (const one of dialog.querySelectorAll('[name="q-theme"]')) one.checked = one.value === chosen();
    for (const link of dialog.querySelectorAll("[data-address]")) {
      link.href = new URL(link.dataset.address, document.baseURI).href;
      link.textContent = link.href;
    }
    window.quintetFrame.openDialog(dialog);
  });
})();
