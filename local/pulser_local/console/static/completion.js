// What a slash command could go on with. Pure.

const COMMANDS = [
  { name: "status", usage: "[service]", hint: "Each service: its last deploy, open alerts, last CI" },
  { name: "deploy", usage: "<service> [version]", more: true, hint: "Ask for a deploy in a form" },
  { name: "health", hint: "Whether pulser itself is well" },
  { name: "help", hint: "What pulser can do" },
];

/**
 * The options for what is typed: [{text, label, hint, isOptional}], `text` being the whole new line, `isOptional`
 * saying that the line is whole without it. `services` are {service, can_deploy}. Empty when there is nothing to offer.
 */
export function complete(typed, services) {
  if (/^\/\S*$/.test(typed)) return starting(["/pulser"], typed).map(() => ({ text: "/pulser ", label: "/pulser", hint: "Ask pulser for something" }));
  const word = /^\/pulser\s+(\S*)$/.exec(typed);
  if (word) {
    return COMMANDS.filter(({ name }) => name.startsWith(word[1].toLowerCase())).map(({ name, usage, more, hint }) => (
      { text: `/pulser ${name}${more ? " " : ""}`, label: `${name}${usage ? ` ${usage}` : ""}`, hint }
    ));
  }
  const [, command, part] = /^\/pulser\s+(deploy|status)\s+(\S*)$/.exec(typed) ?? [];
  if (!command) return [];
  const deploys = command === "deploy";
  const names = services.filter((each) => !deploys || each.can_deploy !== false).map((each) => each.service);
  const isOptional = !deploys && part === "";
  return starting(names, part).map((name) => ({ text: `/pulser ${command} ${name}${deploys ? " " : ""}`, label: name, hint: "service", isOptional }));
}

/** Those that begin with it, then those that have it elsewhere. */
function starting(names, part) {
  const wanted = part.toLowerCase();
  const begins = names.filter((name) => name.toLowerCase().startsWith(wanted));
  const has = names.filter((name) => !begins.includes(name) && wanted && name.toLowerCase().includes(wanted));
  return [...begins, ...has].slice(0, 8);
}
