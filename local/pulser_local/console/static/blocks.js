// Block Kit to nodes, as Slack shows it. What is not known is shown as readable JSON, never dropped.
import { h, icon, outsideLink } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { button, otherElement } from "./actions.js";
import { isMenu, menu } from "./block_menu.js";
import { inputBlock } from "./view_inputs.js";

/** A text object ({type, text}) or a plain string. */
export function textObject(object, context) {
  if (object === null || object === undefined) return [];
  if (typeof object === "string") return mrkdwn(object, context);
  const text = String(object.text ?? "");
  return object.type === "mrkdwn" ? mrkdwn(text, context) : withEmoji(text, { shortcodes: object.emoji !== false });
}

const list = (value) => (Array.isArray(value) ? value : []);

const RENDERERS = {
  header: (block, context) => h("h3", { class: "block-header" }, textObject(block.text, context)),
  divider: () => h("hr", { class: "block-divider" }),
  section: (block, context) => h(
    "div", { class: "block-section" },
    h(
      "div", { class: "section-main" },
      block.text && h("div", { class: "mrkdwn" }, textObject(block.text, context)),
      list(block.fields).length > 0 && h("div", { class: "fields" }, list(block.fields).map((field) => h("div", { class: "mrkdwn" }, textObject(field, context)))),
    ),
    block.accessory && h("div", { class: "accessory" }, element(block.accessory, context, block.block_id)),
  ),
  context: (block, context) => h("div", { class: "block-context" }, list(block.elements).map((item) => (
    item.type === "image" ? image(item, "context-image") : h("span", { class: "mrkdwn" }, textObject(item, context))
  ))),
  actions: (block, context) => h("div", { class: "block-actions" }, list(block.elements).map((item) => element(item, context, block.block_id))),
  image: (block, context) => h("figure", { class: "block-image" }, block.title && h("figcaption", {}, textObject(block.title, context)), image(block, "image-placeholder")),
  input: (block, context) => (context.formId ? inputBlock(block, context) : unknown(block)), // modals alone have a form
  rich_text: (block, context) => h("div", { class: "mrkdwn" }, list(block.elements).map((item) => richText(item, context))),
};

/** The nodes of a message's blocks. */
export function blocks(all, context) {
  return list(all).map((block) => {
    const renderer = block && Object.hasOwn(RENDERERS, block.type) ? RENDERERS[block.type] : unknown;
    return renderer(block, context);
  });
}

function element(item, context, blockId) {
  if (item.type === "button") return button(item, context, blockId);
  if (isMenu(item)) return menu(item, context, blockId);
  return item.type === "image" ? image(item, "accessory-image") : otherElement(item);
}

/** No picture is ever fetched from outside: the place of it says what it shows, and links to it. */
function image(item, className) {
  const label = item.alt_text || "image";
  return h("span", { class: className, role: "img", "aria-label": label, title: label }, icon("image"), className === "image-placeholder" && outsideLink(item.image_url ?? "", label));
}

function unknown(block) {
  return h(
    "details", { class: "block-unknown" },
    h("summary", {}, `A block this page does not draw: ${String(block?.type ?? typeof block)}`),
    h("pre", {}, JSON.stringify(block, null, 2)),
  );
}

/** The parts of rich_text that people's clients write: sections, lists, quotes and code. */
function richText(part, context) {
  const inside = () => list(part.elements).map((item) => richText(item, context));
  if (part.type === "rich_text_section") return h("p", { class: "rich" }, inside());
  if (part.type === "rich_text_quote") return h("blockquote", {}, inside());
  if (part.type === "rich_text_preformatted") return h("pre", {}, inside());
  if (part.type === "rich_text_list") return h(part.style === "ordered" ? "ol" : "ul", {}, list(part.elements).map((item) => h("li", {}, richText(item, context))));
  if (part.type === "text") return styled(String(part.text ?? ""), part.style ?? {});
  if (part.type === "link") return outsideLink(part.url, part.text ?? part.url);
  if (part.type === "emoji") return withEmoji(`:${part.name}:`);
  if (part.type === "user") return mrkdwn(`<@${part.user_id}>`, context);
  if (part.type === "channel") return mrkdwn(`<#${part.channel_id}>`, context);
  if (part.type === "broadcast") return mrkdwn(`<!${part.range}>`, context);
  return h("code", {}, JSON.stringify(part));
}

function styled(text, style) {
  let node = document.createTextNode(text);
  for (const [name, tag] of [["code", "code"], ["bold", "strong"], ["italic", "em"], ["strike", "s"]]) if (style[name]) node = h(tag, {}, node);
  return node;
}

const BAR_COLOURS = { good: "#2eb67d", warning: "#ecb22e", danger: "#e01e5a" };

/** An attachment: a colour bar with the old fields (title, text, fields, footer) and blocks inside. */
export function attachment(item, context) {
  const node = h(
    "div", { class: "attachment" },
    item.pretext && h("div", { class: "mrkdwn attachment-pretext" }, mrkdwn(String(item.pretext), context)),
    h(
      "div", { class: "attachment-body" },
      item.author_name && h("div", { class: "attachment-author" }, String(item.author_name)),
      item.title && h("div", { class: "attachment-title" }, item.title_link ? outsideLink(item.title_link, String(item.title)) : String(item.title)),
      list(item.blocks).length === 0 && (item.text ?? item.fallback) && h("div", { class: "mrkdwn" }, mrkdwn(String(item.text ?? item.fallback), context)),
      list(item.fields).length > 0 && h("div", { class: "fields" }, list(item.fields).map((field) => h("div", { class: "mrkdwn" }, h("strong", {}, String(field.title ?? "")), "\n", mrkdwn(String(field.value ?? ""), context)))),
      blocks(item.blocks, context),
      item.footer && h("div", { class: "block-context" }, String(item.footer)),
    ),
  );
  const colour = BAR_COLOURS[item.color] ?? (/^#?[0-9a-f]{6}$/i.test(item.color ?? "") ? `#${item.color.replace("#", "")}` : null);
  if (colour) node.style.setProperty("--bar", colour);
  return node;
}

/** The body of a message: its blocks, else its text; then the attachments. */
export function body(message, context) {
  const drawn = list(message.blocks).length > 0 ? blocks(message.blocks, context) : [message.text ? h("div", { class: "mrkdwn" }, mrkdwn(String(message.text), context)) : null];
  return h("div", { class: "message-body" }, drawn, list(message.attachments).map((item) => attachment(item, context)));
}
