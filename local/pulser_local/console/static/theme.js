// The theme: what the system says, unless the reader chose. Runs before the first paint (see index.html),
// so it is a plain script; main.js uses it through window.consoleTheme.
"use strict";

window.consoleTheme = (() => {
  const KEY = "pulser.theme";
  const ORDER = ["auto", "light", "dark"];

  function stored() {
    try {
      const value = localStorage.getItem(KEY);
      return ORDER.includes(value) ? value : "auto";
    } catch {
      return "auto"; // storage can be forbidden; the system's theme still works
    }
  }

  function apply(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  function next() {
    const theme = ORDER[(ORDER.indexOf(stored()) + 1) % ORDER.length];
    try {
      localStorage.setItem(KEY, theme);
    } catch {
      // not kept, but applied
    }
    apply(theme);
    return theme;
  }

  apply(stored());
  return { current: stored, next };
})();
