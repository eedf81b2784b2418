// Without this the pages work; with it a little better.
(() => {
  const SIDES = { "primary-sidebar-modal": "Chapters", "secondary-sidebar-modal": "On this page", "search-dialog": "Search" };
  addEventListener("DOMContentLoaded", () => {
    // A notebook is to be saved, not shown as text, whatever type the server gives it.
    for (const link of document.querySelectorAll('a[href$=".ipynb"]')) link.download = "";
    // A toggle is called by what it opens. The script that makes them came earlier.
    for (const toggle of document.querySelectorAll("button.toggle-button"))
      toggle.setAttribute("aria-label", toggle.parentElement.textContent.trim());
    // What opens over a page has a name; what stood at its sides gives the focus back when it closes.
    for (const [part, name] of Object.entries(SIDES)) {
      const dialog = document.getElementById(`pst-${part}`);
      const toggle = document.querySelector(`.${part.split("-")[0]}-toggle`);
      dialog?.setAttribute("aria-label", name);
      dialog?.addEventListener("close", () => setTimeout(() => toggle?.focus({ preventScroll: true })));
    }
  });
  // Keys reach a formula that scrolls, as the theme has it for code.
  const reach = () => {
    const formulas = [...document.querySelectorAll('mjx-container[display="true"]')];
    const wide = formulas.map((formula) => formula.scrollWidth > formula.clientWidth);
    formulas.forEach((formula, n) => (wide[n] ? (formula.tabIndex = 0) : formula.removeAttribute("tabindex")));
  };
  addEventListener("load", () => window.MathJax?.startup?.promise?.then(reach));
  addEventListener("resize", reach);
  // On pages read from disk no other page can be fetched, so that a search can show no excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  // Paper is white: what is printed has the light theme.
  const page = document.documentElement.dataset;
  let theme;
  addEventListener("beforeprint", () => { theme = page.theme; page.theme = "light"; });
  addEventListener("afterprint", () => { page.theme = theme; });
})();
