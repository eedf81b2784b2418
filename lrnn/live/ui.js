// What the live figures share: controls that are bound to a model, axes, curves, a readout.

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child != null));
  // JupyterLab would take the keys of a control for its own.
  if (node.matches("input, button, summary, [tabindex]")) node.dataset.lmSuppressShortcuts = "true";
  return node;
}
export const h = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
export const g = (tag, attributes = {}, ...children) =>
  build(document.createElementNS(SVG, tag), attributes, children);

// "*b*(0)" becomes an italic b and an upright (0); "_" lowers what follows it.
export function symbols(text, node = h("span")) {
  const tag = node.namespaceURI === SVG ? (text, kind) => g("tspan", { class: kind }, text) : (text, kind) =>
    h(kind === "lrnn-sub" ? "sub" : "i", {}, text);
  for (const [, italic, sub, plain] of text.matchAll(/\*([^*]+)\*|_(\w+|\{[^}]+\})|([^*_]+)/g))
    node.append(italic ? tag(italic, "lrnn-i") : sub ? tag(sub.replace(/[{}]/g, ""), "lrnn-sub") : plain);
  return node;
}

export function number(x, digits = 3) {
  if (x === Infinity) return "∞";
  if (!Number.isFinite(x)) return "–";
  const size = Math.abs(x);
  if (size && (size < 1e-3 || size >= 1e5)) return x.toExponential(1).replace("e+", "e").replace("-", "−");
  return `${+x.toPrecision(digits)}`.replace("-", "−");
}

const IDENTITY = { to: (x) => x, from: (x) => x };
export const LOG = { to: Math.log10, from: (x) => 10 ** x };

// Sets values and tells Python; equal values are no change.
export function update(model, values) {
  for (const [name, value] of Object.entries(values)) model.set(name, value);
  model.save_changes();
}

// A labelled range input. `ticks()` gives [value, text] pairs: buttons under the track, the first before others
// that would cover it.
export function slider(model, name, { label, min, max, step, scale = IDENTITY, show = number, ticks }) {
  const shown = h("span", { class: "lrnn-value", "aria-hidden": "true" }); // the input says its value itself
  const low = scale.to(min), high = scale.to(max);
  const input = h("input", {
    type: "range", min: low, max: high, step: step ?? (high - low) / 200, "data-name": name,
    oninput: () => update(model, { [name]: +(+scale.from(+input.value)).toPrecision(12) }),
  });
  const caption = symbols(label), marks = h("div", { class: "lrnn-ticks" });
  const element = h("div", { class: "lrnn-slider" }, h("label", {}, h("span", {}, caption, shown), input), marks);
  const redraw = () => {
    const value = model.get(name);
    input.value = scale.to(value);
    shown.textContent = ` = ${show(value)}`;
    input.setAttribute("aria-valuetext", show(value));
    const share = (value) => (scale.to(value) - low) / (high - low);
    const wanted = (ticks?.() ?? [])
      .filter(([at]) => at >= min && at <= max)
      .filter(([at], n, all) => all.slice(0, n).every(([other]) => Math.abs(share(at) - share(other)) > 0.16));
    const key = JSON.stringify(wanted);
    if (marks.dataset.key === key) return;
    marks.dataset.key = key;
    marks.replaceChildren(
      ...wanted.map(([at, text]) => {
        const press = { type: "button", onclick: () => update(model, { [name]: at }), "data-tick": name };
        const place = `--share: ${share(at)}`;
        const words = symbols(text);
        return h("button", { ...press, style: place, "aria-label": `${caption.textContent} = ${words.textContent}` }, words);
      }),
    );
  };
  return { element, redraw };
}

export function choice(model, name, { label, options, change, lines }) {
  const group = `${name}-${Math.random().toString(36).slice(2)}`, inputs = {};
  for (const value of Object.keys(options))
    inputs[value] = h("input", {
      type: "radio", name: group, value, "data-name": name,
      onchange: () => update(model, { [name]: value, ...change?.(value) }),
    });
  const element = h(
    "fieldset", { class: lines && "lrnn-lines" }, h("legend", {}, label),
    Object.entries(options).map(([value, text]) => h("label", {}, inputs[value], symbols(text))),
  );
  return { element, redraw: () => (inputs[model.get(name)].checked = true) };
}

export const button = (text, onclick, attributes = {}) => h("button", { type: "button", onclick, ...attributes }, text);

// Axes in a box of the given size; returns a layer to draw in and the maps from values to pixels.
export function axes(width, height, { x, y, xlabel, ylabel, xlog, ylog, whole, left = ylog ? 58 : 46, frame }) {
  const box = { left, right: width - 12, top: 12, bottom: height - 40 };
  const map = ([low, high], log, from, to) => {
    const f = log ? Math.log10 : (v) => v, a = f(low), b = f(high);
    const there = (v) => from + ((f(v) - a) / (b - a)) * (to - from);
    there.back = (p) => (log ? (v) => 10 ** v : (v) => v)(a + ((p - from) / (to - from)) * (b - a));
    return there;
  };
  const X = map(x, xlog, box.left, box.right), Y = map(y, ylog, box.bottom, box.top);
  const marks = ([low, high], log, room, whole) => {
    if (log) {
      const from = Math.ceil(Math.log10(low) - 1e-9), to = Math.floor(Math.log10(high) + 1e-9);
      const every = Math.max(1, Math.ceil((to - from) / room));
      return Array.from({ length: Math.floor((to - from) / every) + 1 }, (_, n) => 10 ** (from + n * every));
    }
    const raw = (high - low) / room, power = 10 ** Math.floor(Math.log10(raw));
    const step = Math.max(whole ? 1 : 0, [1, 2, 5, 10].map((n) => n * power).find((n) => n >= raw));
    const first = Math.ceil(low / step - 1e-9), last = Math.floor(high / step + 1e-9);
    return Array.from({ length: last - first + 1 }, (_, n) => +((first + n) * step).toPrecision(6));
  };
  const text = (value, log, at) => {
    const power = Math.round(Math.log10(value));
    if (!log || (power > -2 && power < 3)) return g("text", at, number(value));
    return g("text", at, "10", g("tspan", { class: "lrnn-sup" }, number(power)));
  };
  const layer = g("g", { class: frame ? "lrnn-axes lrnn-frame" : "lrnn-axes" });
  for (const value of marks(x, xlog, Math.max(3, (box.right - box.left) / 70), whole)) {
    const at = X(value);
    layer.append(g("path", { d: `M${at},${box.top}V${box.bottom}` }));
    layer.append(text(value, xlog, { x: at, y: box.bottom + 16, "text-anchor": "middle" }));
  }
  for (const value of marks(y, ylog, Math.max(3, (box.bottom - box.top) / 45))) {
    const at = Y(value);
    layer.append(g("path", { d: `M${box.left},${at}H${box.right}` }));
    layer.append(text(value, ylog, { x: box.left - 6, y: at + 4, "text-anchor": "end" }));
  }
  const across = { x: (box.left + box.right) / 2, y: height - 6, "text-anchor": "middle" };
  layer.append(symbols(xlabel, g("text", across)));
  const up = `translate(12 ${(box.top + box.bottom) / 2}) rotate(-90)`;
  layer.append(symbols(ylabel, g("text", { transform: up, "text-anchor": "middle" })));
  return { layer, X, Y, box };
}

export const trace = (points) => {
  let d = "", pen = "M";
  for (const [x, y] of points) {
    if (Number.isFinite(x) && Number.isFinite(y)) {
      d += `${pen}${x.toFixed(1)},${Math.max(-4000, Math.min(4000, y)).toFixed(1)}`;
      pen = "L";
    } else pen = "M";
  }
  return d;
};

export const curve = (points, kind, attributes = {}) => g("path", { d: trace(points), class: `lrnn-${kind}`, ...attributes });

export const star = (x, y, size = 11) =>
  g("path", {
    class: "lrnn-star",
    d: `M${Array.from({ length: 10 }, (_, n) => {
      const r = n % 2 ? size * 0.42 : size, angle = (n * Math.PI) / 5;
      return `${(x + r * Math.sin(angle)).toFixed(1)},${(y - r * Math.cos(angle)).toFixed(1)}`;
    }).join("L")}Z`,
  });

export const cross = (x, y) =>
  g("path", { class: "lrnn-cross", d: `M${x - 5},${y - 5}l10,10m0,-10l-10,10` });

// Entries [symbol, value, text]: "*b*", 0.7, "0.7".
export function readout() {
  const element = h("output", { class: "lrnn-readout", "aria-live": "polite" });
  const write = (entries) =>
    element.replaceChildren(
      ...entries.map(([symbol, value, text = number(value, 4)]) => {
        if (value === undefined) return h("span", { class: "lrnn-says" }, symbols(symbol));
        const attributes = { "data-name": symbol.replace(/[*_{}]/g, ""), "data-value": value };
        return h("span", attributes, symbols(symbol), ` = ${text}`);
      }),
    );
  return { element, write };
}

// Pointer and arrow keys on a picture. `at` says where the handles are, `move` takes a place in pixels and
// whether it is the first (and may refuse it), `nudge`
// the arrow's direction; a finger has to start at a handle, so that elsewhere it scrolls the page.
export function draggable(picture, { at, move, nudge }) {
  const place = (event) => {
    const edge = picture.getBoundingClientRect();
    return [event.clientX - edge.left, event.clientY - edge.top];
  };
  const near = ([x, y]) => at().some(([p, q]) => Math.hypot(x - p, y - q) < 32);
  let held = false;
  picture.addEventListener("pointerdown", (event) => {
    if (event.button || (event.pointerType === "touch" && !near(place(event)))) return;
    if (move(...place(event), true) === false) return;
    held = true;
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => held && move(...place(event), false));
  for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, () => (held = false));
  picture.addEventListener("touchstart", (event) => {
    if (near(place(event.touches[0]))) event.preventDefault();
  }, { passive: false });
  picture.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    nudge(...way.map((step) => step * (event.shiftKey ? 5 : 1)));
  });
}

// Puts a figure together. `draw(width, coarse)` is called once for any number of changes between two frames; it may
// be coarse while a pointer is held down, and is called once more when that is let go. Controls in `more` stand
// behind a button of that name; until it is pressed, so do the marks of class lrnn-later and the numbers of the
// readout. A screen reader is told the readout once nothing has changed for a while.
export function figure({ model, el, label, picture, controls, more = [], output, note, names, draw }) {
  const start = Object.fromEntries(names.map((name) => [name, model.get(name)]));
  const row = h("div", { class: "lrnn-row" }, note, button("Reset", () => update(model, start)));
  const parts = (list) => list.map((one) => one.element ?? one);
  el.replaceChildren(
    h("div", { class: "lrnn", role: "group", "aria-label": label },
      h("div", { class: "lrnn-body" },
        h("div", { class: "lrnn-picture" }, picture),
        h("div", { class: "lrnn-controls" }, parts(controls), more.length ? [] : row)),
      output.element,
      more.length
        ? h("details", { class: "lrnn-more" }, h("summary", {}, "More"), h("div", { class: "lrnn-grid" }, parts(more)), row)
        : []),
  );
  const holder = el.querySelector(".lrnn-picture");
  let waiting = 0, held = false, coarse = false;
  const redraw = () => {
    waiting = 0;
    if (!holder.clientWidth) return;
    coarse = held;
    draw(holder.clientWidth, coarse);
    for (const control of [...controls, ...more]) control.redraw?.();
    el.firstChild.dataset.state = JSON.stringify(Object.fromEntries(names.map((name) => [name, model.get(name)])));
  };
  const ask = () => (waiting ||= requestAnimationFrame(redraw));
  let quiet = 0;
  const tell = () => {
    output.element.setAttribute("aria-busy", "false");
    output.element.replaceChildren(...[...output.element.children].map((entry) => entry.cloneNode(true)));
  };
  const changed = () => {
    output.element.setAttribute("aria-busy", "true");
    clearTimeout(quiet);
    quiet = setTimeout(tell, 500);
    ask();
  };
  for (const name of names) model.on(`change:${name}`, changed);
  const size = new ResizeObserver(ask);
  size.observe(holder);
  const hold = () => (held = true);
  const release = () => {
    held = false;
    if (coarse) ask();
  };
  el.addEventListener("pointerdown", hold);
  for (const over of ["pointerup", "pointercancel"]) addEventListener(over, release);
  redraw();
  return () => {
    el.removeEventListener("pointerdown", hold);
    for (const over of ["pointerup", "pointercancel"]) removeEventListener(over, release);
    size.disconnect();
    cancelAnimationFrame(waiting);
    clearTimeout(quiet);
    for (const name of names) model.off(`change:${name}`, changed);
  };
}
