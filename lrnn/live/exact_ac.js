// The closed form of ac(t) with b frozen: the seed of Figure 1 of the paper.
import { acExact } from "./physics.js";
import { axes, curve, draggable, figure, g, h, number, readout, slider, update } from "./ui.js";

const LATEST = 8;

// a and c with a given product and a given a^2 - c^2.
function modesAt(u, kappa) {
  const far = Math.abs(u) + Math.hypot(u, kappa / 2), near = far ? kappa ** 2 / (4 * far) : 0;
  const [plus, minus] = (u >= 0 ? [far, near] : [near, far]).map((square) => Math.sqrt(square / 2));
  return kappa >= 0 ? [plus + minus, plus - minus] : [plus - minus, plus + minus];
}

// When ac has reached half of its end value; it moves one way only.
function halfTime(a0, c0, S, B) {
  const half = S / B / 2, sign = Math.sign(S), before = (t) => sign * (acExact(t, a0, c0, S, B) - half) < 0;
  if (!S || !before(0) || before(1e6)) return NaN;
  let low = 0, high = 1e6;
  for (let n = 0; n < 80; n++) {
    const middle = (low + high) / 2;
    if (before(middle)) low = middle;
    else high = middle;
  }
  return high;
}

function says(a0, c0, S, end, half) {
  if (!a0 && !c0) return "At *a* = *c* = 0 nothing moves.";
  const u0 = a0 * c0;
  if (Math.abs(end - u0) < 1e-9) return `*ac* rests at ${number(end)}.`;
  const way = `*ac* ${end > u0 ? "rises" : "falls"} from ${number(u0)} towards ${number(end)}`;
  if (!S) return `${way}: without drive it fades, as 1/*t* or faster.`;
  if (!end) return `${way}: it starts on the stable line of the saddle.`;
  const when = half >= 0 ? `, half of which it reaches at *t* = ${number(half)} *τ*` : "";
  return `${way}${when}. ${a0 === c0 ? "Balanced: the paper's formula." : a0 === -c0 ? "Balanced: the paper's formula, with *c* and *β*_s turned over." : "Unequal: beyond the paper's formula."}`;
}

function render({ model, el }) {
  const names = ["beta_s", "beta_b", "a0", "c0", "time"], svg = g("svg", { "aria-hidden": "true" }), output = readout();
  const plane = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "ac over time. The arrow keys up and down move the start, left and right the time.",
  }, svg);
  let map = null;
  const startAt = (u) => {
    const [a, c] = [model.get("a0"), model.get("c0")];
    const [a0, c0] = modesAt(u, a * a - c * c).map((x) => Math.min(1.5, Math.max(-1.5, +x.toPrecision(6))));
    update(model, { a0, c0 });
  };
  const product = () => model.get("a0") * model.get("c0");
  draggable(plane, {
    at: () => [[map.X(0), map.Y(product())]],
    move: (x, y) => startAt(Math.min(2, Math.max(-2, map.Y.back(y)))),
    nudge(right, up) {
      if (up) startAt(product() + 0.02 * up);
      if (right) update(model, { time: Math.min(LATEST, Math.max(0, +(model.get("time") + 0.1 * right).toFixed(2))) });
    },
  });
  const controls = [
    slider(model, "beta_s", { label: "drive *β*_s", min: -2, max: 2, step: 0.01, ticks: () => [[0, "0"]] }),
    slider(model, "beta_b", { label: "gain *β*_b", min: 1, max: 10, step: 0.05, ticks: () => [[1, "*b* = 0"]] }),
    slider(model, "a0", { label: "start *a*(0)", min: -1.5, max: 1.5, step: 0.005, ticks: () => [[model.get("c0"), "*c*"]] }),
    slider(model, "c0", { label: "start *c*(0)", min: -1.5, max: 1.5, step: 0.005, ticks: () => [[-model.get("a0"), "−*a*"]] }),
    slider(model, "time", { label: "time *t*/*τ*", min: 0, max: LATEST, step: 0.01, ticks: () => [[halfTime(...["a0", "c0", "beta_s", "beta_b"].map((n) => model.get(n))), "half"]] }),
  ];
  return figure({
    model, el, picture: plane, controls, output, names, label: "Live figure: the closed form of ac over time",
    draw(width) {
      const [S, B, a0, c0, time] = names.map((name) => model.get(name)), height = Math.round(Math.min(380, 0.75 * width));
      const ends = [0.5, 1, 2].map((k) => (k * S) / B), u0 = a0 * c0;
      const low = Math.min(-0.1, u0, ...ends) * 1.08, high = Math.max(0.4, u0, ...ends) * 1.08;
      map = axes(width, height, { x: [0, LATEST], y: [low, high], xlabel: "time *t*/*τ*", ylabel: "*u* = *ac*" });
      const { X, Y, box } = map, end = S / B, half = halfTime(a0, c0, S, B), now = acExact(time, a0, c0, S, B);
      const course = (drive) =>
        Array.from({ length: 241 }, (_, n) => (n / 240) * LATEST).map((t) => [X(t), Y(acExact(t, a0, c0, drive, B))]);
      svg.setAttribute("width", width);
      svg.setAttribute("height", height);
      svg.replaceChildren(
        map.layer,
        curve([[box.left, Y(end)], [box.right, Y(end)]], "rule"),
        half < LATEST ? curve([[X(half), Y(low)], [X(half), Y(end / 2)], [X(0), Y(end / 2)]], "rule") : "",
        curve(course(S / 2), "ghost"), curve(course(2 * S), "ghost"), curve(course(S), "c0"),
        g("circle", { class: "lrnn-dot", cx: X(time), cy: Y(now), r: 5 }),
        g("circle", { class: "lrnn-handle", cx: X(0), cy: Y(u0), r: 8 }),
      );
      const kappa = a0 * a0 - c0 * c0, last = S && (S > 0 ? a0 + c0 : a0 - c0) ? end : 0;
      output.write([
        ["*ac*(0)", u0], ["*ac*(*t*)", now], ["*ac*(∞)", last],
        ["*t*_{½}/*τ*", half], ["rate·*τ*", Math.sqrt(4 * S * S + (B * kappa) ** 2)], [says(a0, c0, S, last, half)],
      ]);
    },
  });
}
export default { render };
