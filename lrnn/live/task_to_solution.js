// Draw a task; see what one mode makes of it.
import { criticalPoints, energy, geometric, reducedEnergy } from "./physics.js";
import { axes, button, curve, draggable, figure, g, h, number, readout, slider, star, update } from "./ui.js";

const SPAN = [-1.2, 1.2];
// b as a place on a circle: reversal in time is a reflection about 1.
const onCircle = (b) => (4 / Math.PI) * Math.atan(b);

function render({ model, el }) {
  const svg = g("svg", { "aria-hidden": "true" }), output = readout();
  const bars = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "The task. Left and right choose a time step, up and down change its singular value.",
  }, svg);
  let map = null, solved = {};
  const round = (value) => Math.min(SPAN[1], Math.max(SPAN[0], +value.toFixed(3)));
  const replace = (i, value) => update(model, { s: model.get("s").map((old, n) => (n === i - 1 ? round(value) : old)) });
  const chosen = () => Math.min(model.get("step"), model.get("s").length);
  draggable(bars, {
    at: () => model.get("s").map((value, n) => [map.X(n + 1), map.Y(value)]),
    move(x, y, first) {
      if (first && y > map.box.bottom) return false;
      const i = Math.min(model.get("s").length, Math.max(1, Math.round(map.X.back(x))));
      model.set("step", i);
      replace(i, map.Y.back(y));
    },
    nudge(right, up) {
      if (right) update(model, { step: Math.min(model.get("s").length, Math.max(1, chosen() + right)) });
      if (up) replace(chosen(), model.get("s")[chosen() - 1] + 0.02 * up);
    },
  });
  const which = {
    get: chosen, save_changes() {},
    set: (_, i) => update(model, { step: Math.min(i, model.get("s").length) }),
  };
  // The slider of one value stands for an entry of s.
  const one = {
    get: () => model.get("s")[chosen() - 1], set: (_, value) => replace(chosen(), value), save_changes() {},
  };
  const count = {
    get: () => model.get("s").length, save_changes() {},
    set: (_, T) => update(model, { s: Array.from({ length: T }, (_, n) => model.get("s").at(n - T) ?? 0) }),
  };
  const preset = (text, make) => button(text, () => update(model, { s: make(model.get("s").length).map(round) }));
  const controls = [
    slider(count, "T", { label: "length *T*", min: 2, max: 16, step: 1 }),
    slider(which, "step", { label: "time step *i*", min: 1, max: 16, step: 1 }),
    slider(one, "s_i", { label: "its *s*_i", min: SPAN[0], max: SPAN[1], step: 0.01, ticks: () => [[0, "0"]] }),
    h("div", { class: "lrnn-row" },
      preset("Constant", (T) => geometric(0.7, 1, T)), preset("Expanding", (T) => geometric(1, 0.7, T)),
      preset("Contracting", (T) => geometric(0.9 ** T, 1 / 0.9, T)), preset("Reverse", () => [...model.get("s")].reverse()),
      preset("Alternate", () => model.get("s").map((value, n, s) => value * (-1) ** (s.length - 1 - n)))),
  ];
  return figure({
    model, el, picture: bars, controls, output, names: ["s", "step"], label: "Live figure: from a task to its best mode",
    draw(width) {
      const s = model.get("s"), T = s.length, key = s.join(), tall = Math.round(Math.min(210, 0.5 * width));
      if (solved.key !== key) {
        const points = s.some((value) => value) ? criticalPoints(s, -1e4, 1e4, 3000) : [];
        const minima = points.filter((point) => point.kind === "minimum").sort((p, q) => p.energy - q.energy);
        solved = { key, points, minima, best: minima[0] };
      }
      const { points, minima, best } = solved, rest = energy(0, 0, 0, s);
      map = axes(width, tall, { x: [0.4, T + 0.6], y: SPAN, xlabel: "time step *i*", ylabel: "*s*_i", whole: true });
      const { X, Y } = map, wide = (0.62 * (X(2) - X(1))) | 0;
      const bar = (value, n) => g("rect", {
        class: n + 1 === chosen() ? "lrnn-bar lrnn-chosen" : "lrnn-bar", x: X(n + 1) - wide / 2, width: wide,
        y: Math.min(Y(value), Y(0)), height: Math.max(1, Math.abs(Y(value) - Y(0))),
      });
      const answers = best ? s.map((_, n) => best.u * best.b ** (T - 1 - n)) : [];
      const below = axes(width, tall, { x: [-2, 2], y: [0, 1.05], xlabel: "4/π · arctan *b*   (±1: *b* = ±1, ±2: *b* = ±∞)", ylabel: "*E*_r/*E*_0" });
      const floor = Array.from({ length: 401 }, (_, n) => -1.9999 + (n / 400) * 3.9998)
        .map((x) => [below.X(x), below.Y(reducedEnergy(Math.tan((Math.PI * x) / 4), s) / rest)]);
      const lower = g("g", { transform: `translate(0 ${tall})` },
        g("rect", { x: below.X(-1), width: below.X(1) - below.X(-1), y: below.box.top, height: below.box.bottom - below.box.top, class: "lrnn-inner" }),
        below.layer, rest ? curve(floor, "c4") : [],
        points.filter((p) => p.kind === "minimum" && p !== best).map((p) => g("circle", { class: "lrnn-fit", cx: below.X(onCircle(p.b)), cy: below.Y(p.energy / rest), r: 5 })),
        best ? star(below.X(onCircle(best.b)), below.Y(best.energy / rest)) : []);
      svg.setAttribute("width", width);
      svg.setAttribute("height", 2 * tall);
      svg.replaceChildren(map.layer, ...s.map(bar), ...answers.map((y, n) => g("circle", { class: "lrnn-fit", cx: X(n + 1), cy: Y(y), r: 4.5 })), lower);
      // Far out one answer is left, the first, and the rest of the task remains.
      const beyond = rest - s[0] ** 2 / 2, none = "No mode is best: *E* falls on and on as |*b*| → ∞.";
      const picked = [["*i*", chosen()], ["*s*_i", s[chosen() - 1]]];
      const left = best && best.energy > 1e-9 * rest ? `${number((100 * best.energy) / rest, 2)}\u00a0%` : "nothing";
      const most = best && Math.abs(best.b) <= 1 + 1e-9 ? "|*b*| ≤ 1" : "|*b*| > 1, so that it answers early inputs most,";
      output.write(best ? [
        ...picked, ["*b*", best.b], ["*ac*", best.u], ["*E*/*E*_0", best.energy / rest], ["minima", minima.length],
        [s[0] && beyond < best.energy * (1 - 1e-9) ? none : `The best mode has ${most} and leaves ${left} of the error.`],
      ] : [...picked, [rest ? none : "A task of zeros has nothing to learn."]]);
    },
  });
}
export default { render };
