// The box that a JSON schema is pasted into, or read into from a file.

document.addEventListener("click", (event) => {
  const panel = event.target.closest?.(".q-schema-set")?.closest(".q-schema");
  if (!panel) return;
  const schema = panel.querySelector("textarea").value;
  window.quintetAct("set-schema", { schema });
});
document.addEventListener("change", async (event) => {
  const file = event.target.matches?.(".q-schema input[type=file]") && event.target.files[0];
  if (file) event.target.closest(".q-schema").querySelector("textarea").value = await file.text();
});
