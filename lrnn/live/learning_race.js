// Three modes in one network: which is learned first?
import { betaS, energy, flow, geometric, path, timeTo } from "./physics.js";
import { LOG, axes, choice, curve, draggable, figure, g, h, number, readout, slider, update } from "./ui.js";

const T = 10, RATIO = [0.5, 1.6], NORM = [0.2, 3], LATEST = 100;
const COLOURS = ["c0", "c1", "c2"];

// s_i in proportion to ratio^(T-i), with the given norm.
function task(norm, ratio) {
  const s = geometric(1, ratio, T), size = Math.hypot(...s);
  return s.map((value) => (norm * value) / size);
}

// "mode 1, then 2 with 3": modes in an order, those that tie joined.
function ranks(order, values) {
  const same = (m, n) => values[m] === values[n] || Math.abs(values[m] - values[n]) < 1e-9;
  return order.map((n, k) => `${k ? (same(order[k - 1], n) ? " with " : ", then ") : "mode "}${n + 1}`).join("");
}

function render({ model, el }) {
  const names = ["norms", "ratios", "mode", "b0", "u0"], svg = g("svg", { "aria-hidden": "true" }), output = readout();
  const plane = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "Three tasks by ratio and norm. The arrow keys move the chosen one.",
  }, svg);
  let map = null;
  const chosen = () => +model.get("mode") - 1;
  const entry = (name, range) => ({
    get: () => model.get(name)[chosen()],
    set: (_, value) => update(model, { [name]: model.get(name).map((old, n) => (n === chosen() ? Math.min(range[1], Math.max(range[0], +value.toFixed(3))) : old)) }),
    save_changes() {},
  });
  const norm = entry("norms", NORM), ratio = entry("ratios", RATIO);
  const place = (n) => [map.X(model.get("ratios")[n]), map.Y(model.get("norms")[n])];
  let moving = false;
  draggable(plane, {
    at: () => [0, 1, 2].map(place),
    move(x, y) {
      if (!moving) {
        const distance = (n) => Math.hypot(place(n)[0] - x, place(n)[1] - y);
        const nearest = [0, 1, 2].sort((m, n) => distance(m) - distance(n))[0];
        if (distance(nearest) > 40) return;
        moving = true;
        model.set("mode", `${nearest + 1}`);
      }
      ratio.set("", map.X.back(x));
      norm.set("", map.Y.back(y));
    },
    nudge(right, up) {
      if (right) ratio.set("", ratio.get() + 0.01 * right);
      if (up) norm.set("", norm.get() + 0.02 * up);
    },
  });
  for (const end of ["pointerup", "pointercancel"]) plane.addEventListener(end, () => (moving = false));
  const controls = [
    choice(model, "mode", { label: "Mode", options: { 1: "1", 2: "2", 3: "3" } }),
    slider(norm, "norm", { label: "its norm", min: NORM[0], max: NORM[1], step: 0.01 }),
    slider(ratio, "ratio", { label: "its ratio *ρ* (below 1: late)", min: RATIO[0], max: RATIO[1], step: 0.01, ticks: () => [[1, "1"]] }),
    slider(model, "b0", { label: "start *b*(0), of all", min: 0, max: 1.3, step: 0.01, ticks: () => [[0, "0"], [1, "1"]] }),
    slider(model, "u0", { label: "start *ac*(0), of all", min: 1e-8, max: 0.1, scale: LOG }),
  ];
  return figure({
    model, el, picture: plane, controls, output, names, label: "Live figure: a race of three modes",
    draw(width, coarse) {
      const [norms, ratios, , b0, u0] = names.map((name) => model.get(name)), tall = Math.round(Math.min(190, 0.45 * width));
      const modes = norms.map((norm, n) => task(norm, ratios[n])), root = Math.sqrt(u0);
      const runs = modes.map((s) => path(root, b0, root, s, LATEST, coarse ? { rtol: 1e-4 } : {}));
      const rest = modes.map((s) => energy(0, 0, 0, s));
      const halves = runs.map((run, n) => timeTo(rest[n] / 2, run, modes[n], coarse ? { rtol: 1e-4 } : {}));
      const end = Math.min(LATEST, 1.35 * Math.max(1, ...halves.filter(Number.isFinite)));
      const points = coarse ? 80 : 400, even = Array.from({ length: points }, (_, n) => (n / (points - 1)) * end);
      const left = modes.map((s) => {
        const { a, b, c } = flow(root, b0, root, s, even, { rtol: coarse ? 1e-4 : 1e-6 });
        return even.map((_, k) => energy(a[k], b[k], c[k], s));
      });
      const shares = axes(width, tall, { x: [0, end], y: [0, 1.05], xlabel: "time *t*/*τ*", ylabel: "share learned" });
      const total = even.map((_, k) => left[0][k] + left[1][k] + left[2][k]);
      const loss = axes(width, tall, { x: [0, end], y: [0, total[0] * 1.05], xlabel: "time *t*/*τ*", ylabel: "loss" });
      map = axes(width, tall, { x: RATIO, y: [0, NORM[1] * 1.05], xlabel: "ratio *ρ*   (late ← 1 → early)", ylabel: "norm" });
      const part = ({ X, Y }, values) => even.map((t, k) => [X(t), Y(values(k))]);
      svg.setAttribute("width", width);
      svg.setAttribute("height", 3 * tall);
      svg.replaceChildren(
        map.layer,
        ...modes.map((_, n) => {
          const [x, y] = place(n);
          return g("g", {},
            g("circle", { class: n === chosen() ? "lrnn-racer lrnn-chosen" : "lrnn-racer", cx: x, cy: y, r: 11, style: `--own: var(--${COLOURS[n]})` }),
            g("text", { class: "lrnn-mark", x, y: y + 4, "text-anchor": "middle" }, `${n + 1}`));
        }),
        g("g", { transform: `translate(0 ${tall})` }, shares.layer,
          modes.map((_, n) => curve(part(shares, (k) => 1 - left[n][k] / rest[n]), COLOURS[n])),
          halves.map((t, n) => (t < end ? g("text", { x: shares.X(t) + 5, y: shares.Y(0.5) + 4 + 14 * (n - 1) }, `${n + 1}`) : []))),
        g("g", { transform: `translate(0 ${2 * tall})` }, loss.layer,
          halves.map((t) => (t < end ? curve([[loss.X(t), loss.box.top], [loss.X(t), loss.box.bottom]], "rule") : [])),
          curve(part(loss, (k) => total[k]), "c4")),
      );
      const order = [0, 1, 2].sort((m, n) => halves[m] - halves[n]), drives = modes.map((s) => betaS(b0, s));
      const predicted = [0, 1, 2].sort((m, n) => drives[n] - drives[m]);
      const [early, late] = [true, false].map((yes) => order.filter((n) => halves[n] < Infinity === yes));
      const missing = late.length ? `; not by *t* = ${LATEST} *τ*: ${late.map((n) => n + 1).join(" and ")}` : "";
      const first = early.length ? `Half learned first: ${ranks(early, halves)}${missing}.` : `None is half learned by *t* = ${LATEST} *τ*.`;
      output.write([
        ...drives.flatMap((drive, n) => [
          [`*β*_s of ${n + 1}`, drive], [`half of ${n + 1}`, halves[n], halves[n] < Infinity ? number(halves[n], 4) : `> ${LATEST}`],
        ]),
        [`${first} Largest drive first: ${ranks(predicted, drives)}.`],
      ]);
    },
  });
}
export default { render };
