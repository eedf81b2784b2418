// Gradient descent on one mode, beside the largest stable learning rate 2 / sharpness.
import { descend, energy, geometric, sharpness } from "./physics.js";
import { axes, choice, curve, draggable, figure, g, h, readout, slider, update } from "./ui.js";

const STEPS = 600, MOST = 5;
const OPTIMA = { constant: () => [0.7, 1], expanding: () => [1, 0.7], contracting: (T) => [0.9 ** T, 1 / 0.9] };

// No minimum is less sharp than the balanced one: beyond factor 1 nothing can come to rest.
function verdict(E, rest, factor) {
  if (E.length <= STEPS) return `It diverges: after ${E.length} steps *E* leaves the range of numbers.`;
  if (factor < 1 && E.at(-1) < 1e-9 * rest) return `It converges: after ${STEPS} steps less than a billionth of *E*_0 is left.`;
  const tail = E.slice(-120);
  if (factor > 1 && tail.some((value, n) => n && value > tail[n - 1])) return "It oscillates: beyond 2/*λ* no minimum holds it.";
  return `After ${STEPS} steps *E* still falls.`;
}

function render({ model, el }) {
  const names = ["family", "T", "factor", "start"], svg = g("svg", { "aria-hidden": "true" }), output = readout();
  const plane = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "Growth of an error in one step over the learning rate. The arrow keys left and right move the rate.",
  }, svg);
  let map = null;
  const rate = (factor) => update(model, { factor: Math.min(MOST, Math.max(0.02, +factor.toFixed(3))) });
  draggable(plane, {
    at: () => [[map.X(model.get("factor")), map.Y(Math.abs(1 - 2 * model.get("factor")))]],
    move: (x) => rate(map.X.back(x)),
    nudge: (right, up) => rate(model.get("factor") + 0.01 * (right + up)),
  });
  const controls = [
    choice(model, "family", { label: "Task", options: { constant: "constant", expanding: "expanding", contracting: "contracting" } }),
    slider(model, "T", { label: "length *T*", min: 2, max: 50, step: 1, ticks: () => [[10, "10"], [50, "50"]] }),
    slider(model, "factor", { label: "learning rate *η* in units of 2/*λ*", min: 0.02, max: MOST, step: 0.01, ticks: () => [[0.5, "1/*λ*"], [1, "2/*λ*"]] }),
    choice(model, "start", { label: "Start", options: { beside: "beside the optimum", small: "*a* = *b* = *c* = 0.1" } }),
  ];
  return figure({
    model, el, picture: plane, controls, output, names, label: "Live figure: gradient descent and its step",
    draw(width) {
      const [family, T, factor, start] = names.map((name) => model.get(name)), tall = Math.round(Math.min(210, 0.5 * width));
      const [u, b] = OPTIMA[family](T), s = geometric(u, b, T), root = Math.sqrt(u);
      const steepest = sharpness(root, b, root, s), eta = (factor * 2) / steepest;
      const run = start === "beside" ? descend(root, b + 1e-3, root, s, eta, STEPS) : descend(0.1, 0.1, 0.1, s, eta, STEPS);
      const E = run.map(([a, b, c]) => energy(a, b, c, s)), most = Math.max(...E), floor = 1e-14 * E[0];
      map = axes(width, tall, { x: [0, MOST], y: [0, 2 * MOST - 1], xlabel: "learning rate *η* / (2/*λ*)", ylabel: "|1 − *ηλ*|" });
      const up = Math.min(Math.max(most, E[0]) * 10, E[0] * 1e8);
      const below = axes(width, tall, { x: [0, STEPS], y: [floor, up], ylog: true, xlabel: "steps of gradient descent", ylabel: "*E*" });
      const { X, Y, box } = map, grows = Array.from({ length: 101 }, (_, n) => (n / 100) * MOST);
      svg.setAttribute("width", width);
      svg.setAttribute("height", 2 * tall);
      svg.replaceChildren(
        map.layer, curve([[box.left, Y(1)], [box.right, Y(1)]], "rule"), curve([[X(1), box.top], [X(1), box.bottom]], "rule"),
        curve(grows.map((x) => [X(x), Y(Math.abs(1 - 2 * x))]), "c4"),
        g("circle", { class: "lrnn-handle", cx: X(factor), cy: Y(Math.abs(1 - 2 * factor)), r: 8 }),
        g("g", { transform: `translate(0 ${tall})` }, below.layer,
          curve(E.map((value, n) => [below.X(n), value < floor ? NaN : Math.max(below.box.top, below.Y(value))]), factor > 1 ? "c3" : "c0")),
      );
      output.write([
        ["*λ*", steepest], ["2/*λ*", 2 / steepest], ["*η*", eta], ["*E* at the end", E.at(-1)], ["steps", run.length - 1],
        [verdict(E, energy(0, 0, 0, s), factor)],
      ]);
    },
  });
}
export default { render };
