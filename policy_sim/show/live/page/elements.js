// Elements: what the page is made of.
// In: words, attributes, what to do. Out: elements of HTML. Left to others: pictures (drawing.js), what they show.

/** @typedef {Record<string, string | number | null>} Attributes */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} attributes those that are null are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function node(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * @param {string} text
 * @param {Attributes} attributes
 * @param {() => unknown} onClick
 */
export function button(text, attributes, onClick) {
  const element = node("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", onClick);
  return element;
}

/**
 * @param {string} label
 * @param {string} face
 * @param {readonly Node[]} entries
 * @param {string} kind
 */
export function menuOf(label, face, entries, kind) {
  const list = node("div", { class: "ps-menu" }, ...entries);
  const summary = node("summary", { "aria-label": label, title: label }, face);
  const menu = node("details", { class: kind }, summary, list);
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    summary.focus();
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget instanceof Node && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  return menu;
}

/**
 * Buttons of which one is pressed.
 * @template {string} T
 * @param {string} label
 * @param {readonly (readonly [T, string])[]} choices
 * @param {(name: T) => void} onChoose
 */
export function segmented(label, choices, onChoose) {
  const group = node("div", { class: "ps-seg", role: "group", "aria-label": label });
  for (const [name, text] of choices) group.append(button(text, { "data-choice": name, "aria-pressed": "false" }, () => onChoose(name)));
  return group;
}

/**
 * @param {HTMLElement} group
 * @param {string} name
 */
export const press = (group, name) =>
  group.querySelectorAll("button").forEach((choice) => choice.setAttribute("aria-pressed", String(choice.dataset.choice === name)));

/**
 * A figure that is not broken at the end of a line.
 * @param {string} text
 */
export const figure = (text) => node("span", { class: "ps-figure" }, text);

/**
 * A place of its own that scrolls, for long tables in dialogs.
 * @param {string} label
 * @param {Node} content
 */
export const scrolling = (label, content, kind = "") =>
  node("div", { class: `ps-scroll${kind}`, tabindex: "0", role: "region", "aria-label": label }, content);

/**
 * Options of a select.
 * @param {readonly { readonly name: string, readonly title: string }[]} choices
 */
export const options = (choices) => choices.map(({ name, title }) => node("option", { value: name }, title));
