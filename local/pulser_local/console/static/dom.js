// Building the page. Text from outside only ever becomes a text node: there is no way to pass markup here.

/**
 * Create an element. `properties` are attributes, except: `class`, `dataset` (object), `on` (object of listeners).
 * A null or false attribute is left out, true is an empty one. Children are nodes, strings, numbers or nested arrays.
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  append(element, children);
  return element;
}

/** Append nodes, strings, numbers and nested arrays of them; null and false are left out. */
export function append(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return parent;
}

/** Replace what is in the element. */
export function fill(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/** A symbol of a sprite. Without a label it is decoration. */
export function sprite(file, name, { className = "icon", label = null } = {}) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", className);
  if (label) {
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
  } else svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `/console/static/${file}.svg#${name}`);
  svg.append(use);
  return svg;
}

export const icon = (name, label = null) => sprite("icons", name, { label });

/** Only these may become a link; everything else (javascript:, data:, …) is shown as text. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return ["http:", "https:", "mailto:", "tel:", "slack:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link to the outside; text when the address is not one to follow. */
export function outsideLink(address, ...children) {
  const href = safeUrl(address);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer" }, children) : h("span", {}, children);
}

/** A command with a button that copies it. */
export function command(text) {
  const button = h("button", { class: "copy", type: "button", "aria-label": `Copy “${text}”` }, icon("copy"));
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.replaceChildren(icon("ok"));
    } catch {
      getSelection().selectAllChildren(button.previousElementSibling); // refused: leave it selected, to copy by hand
    }
  });
  return h("span", { class: "command" }, h("code", {}, text), button);
}
