// Vision's pictures: a box and its line light up together, and a picture can be taken away. js_on_load of gr.HTML.

element.addEventListener("load", ({ target }) => { // an event of a picture does not rise
  const seen = target.closest?.(".q-seen");
  if (!seen || !target.naturalHeight) return;
  seen.style.setProperty("--ratio", target.naturalWidth / target.naturalHeight);
  seen.style.setProperty("--pixels", `${target.naturalWidth}px`);
}, true);
element.addEventListener("click", (event) => {
  const lines = event.target.closest('[data-act="lines"]');
  if (lines) lines.setAttribute("aria-pressed", String(!lines.closest("figure").classList.toggle("q-bare")));
  const button = event.target.closest('[data-act="away"]');
  if (!button) return;
  button.disabled = true;
  trigger("act", { id: button.dataset.id });
});
const light = (event, isOn) => {
  const part = event.target.closest?.("svg g, ol li");
  if (!part) return;
  const figure = part.closest("figure"), place = [...part.parentElement.children].indexOf(part);
  for (const list of [figure.querySelector("svg"), figure.querySelector("ol")]) list?.children[place]?.classList.toggle("q-lit", isOn);
};
element.addEventListener("mouseover", (event) => light(event, true));
element.addEventListener("mouseout", (event) => light(event, false));
