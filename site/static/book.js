// Without this the pages work; with it a little better.
(() => {
  // A notebook is to be saved, not shown as text, whatever type the server gives it.
  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll('a[href$=".ipynb"]')) link.download = "";
  });
  // On pages read from disk no other page can be fetched, so that a search can show no excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  // Paper is white: what is printed has the light theme.
  const page = document.documentElement.dataset;
  let theme;
  addEventListener("beforeprint", () => { theme = page.theme; page.theme = "light"; });
  addEventListener("afterprint", () => { page.theme = theme; });
})();
