// Elements by id, elements made, and what a screen reader is told.

export const $ = (id) => document.getElementById(id);

/** Return a new element; `attributes` may hold `class`, `text` and event listeners (`onclick`). */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Fill a `<dl>` with [term, description] rows. */
export function describe(list, rows) {
  list.replaceChildren(
    ...rows.map(([term, text]) => make("div", {}, make("dt", { text: term }), make("dd", {}, text))),
  );
}

/** Show text in an element that is hidden while it has none. */
export function show(element, text) {
  element.textContent = text ?? "";
  element.hidden = !text;
}

/** Let a screen reader say a sentence, also when it is the same as the last one. */
export function announce(sentence) {
  const announcer = $("announcer");
  announcer.textContent = "";
  requestAnimationFrame(() => { announcer.textContent = sentence; });
}

/** Call `onFiles` with files that are dropped on an element. */
export function onDrop(element, onFiles) {
  const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");
  element.addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    element.classList.add("dropping");
  });
  element.addEventListener("dragleave", (event) => {
    if (!element.contains(event.relatedTarget)) element.classList.remove("dropping");
  });
  element.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    element.classList.remove("dropping");
    if (event.dataTransfer.files.length) onFiles([...event.dataTransfer.files]);
  });
}
