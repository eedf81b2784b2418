// Without these three the pages work, with them a little better.
(() => {
  // A notebook is to be saved, not shown as text, whatever type the server gives it.
  addEventListener("DOMContentLoaded", () => {
    for (const link of document.querySelectorAll('a[href$=".ipynb"]')) link.download = "";
  });
  // On pages read from disk no other page can be fetched, so that a search can show no excerpts.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
})();
