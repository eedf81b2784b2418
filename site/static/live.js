// Runs the live figures of a page, with no kernel and no network: gives each widget a small model made from
// the state that the page carries, and lets it draw itself in place of its still picture. What the figures share
// is in live-core.js, which the build writes from the package.
(() => {
  const JUPYTER = 'script[type="application/vnd.jupyter.widget-';

  function modelOf(state) {
    const values = { ...state }, listeners = new Map();
    return {
      get: (name) => values[name],
      set(name, value) {
        const old = values[name];
        values[name] = value;
        if (old !== value) for (const listener of listeners.get(`change:${name}`) ?? []) listener();
      },
      on: (event, listener) => listeners.set(event, [...(listeners.get(event) ?? []), listener]),
      off: (event, listener) => listeners.set(event, (listeners.get(event) ?? []).filter((one) => one !== listener)),
      save_changes() {},
    };
  }

  // Called as a function the figure is there at once; an import would come after the scripts that the page defers.
  const widgetOf = (module) =>
    new Function(window.lrnnLive.core + module.replace(/^export default /m, "return "))();

  async function show(view, state) {
    const widget = widgetOf(state._esm);
    const place = document.createElement("div"), model = modelOf(state);
    place.className = "live";
    view.before(place);
    const shown = view.closest("figure") ?? view.parentElement;
    shown.classList.add("has-live");
    try {
      await widget.initialize?.({ model });
      await widget.render({ model, el: place });
    } catch (error) {
      place.remove();
      shown.classList.remove("has-live");
      throw error;
    }
  }

  function start() {
    const states = {};
    for (const script of document.querySelectorAll(`${JUPYTER}state+json"]`))
      Object.assign(states, JSON.parse(script.textContent).state);
    document.head.append(Object.assign(document.createElement("style"), { textContent: window.lrnnLive.style }));
    for (const view of document.querySelectorAll(`${JUPYTER}view+json"]`)) {
      const state = states[JSON.parse(view.textContent).model_id]?.state;
      if (state) show(view, state);
    }
  }

  // Once the page is read and before the scripts that it defers, MathJax the longest of them.
  if (document.readyState === "loading") document.addEventListener("readystatechange", start, { once: true });
  else start();
  // Mathematics waits until the figures are painted. A page in the background paints nothing: it waits no longer.
  const painted = new Promise((done) => {
    requestAnimationFrame(() => setTimeout(done));
    setTimeout(done, 500);
  });
  if (window.MathJax)
    window.MathJax.startup = { pageReady: () => painted.then(() => window.MathJax.startup.defaultPageReady()) };
})();
