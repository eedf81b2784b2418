// A complex mode with b frozen: from a start in the plane straight to the target.
import { acExact } from "./physics.js";
import { axes, button, curve, draggable, figure, g, h, number, readout, slider, star, symbols, update } from "./ui.js";

// The task d_k = z^k at the lags k = 0 to 8, and how long it is watched.
const TASK = { size: 0.9, angle: 60, T: 9 }, LATEST = 6, TICK = 0.1, REACH = 1.5;

const times = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
const conjugate = ([a, b]) => [a, -b];
const scaled = ([a, b], by) => [by * a, by * b];
const plus = ([a, b], [c, d]) => [a + c, b + d];
const minus = ([a, b], [c, d]) => [a - c, b - d];
const sizeOf = ([a, b]) => Math.hypot(a, b);

// beta_s and beta_b at b, given by its size and its angle in degrees. Where only rounding is left of beta_s it is zero.
export function drives(size, angle) {
  const far = TASK.size * size, turned = ((TASK.angle - angle) * Math.PI) / 180;
  const step = [far * Math.cos(turned), far * Math.sin(turned)];
  let S = [0, 0], B = 0;
  for (let k = 0; k < TASK.T; k++) {
    S = plus(times(S, step), [1, 0]);
    B = B * size * size + 1;
  }
  return { S: sizeOf(S) < 1e-9 ? [0, 0] : S, B };
}

// u(t), the twin of lrnn.exact.ac_exact for complex modes. Of the start it knows no more than u0 = ac and
// kappa = |a|^2 - |c|^2.
export function complexAc(t, u0, kappa, S, B) {
  const size = sizeOf(u0), drive = sizeOf(S);
  const turn = drive ? scaled(S, 1 / drive) : size ? scaled(u0, 1 / size) : [1, 0];
  const [along, across] = drive ? times(u0, conjugate(turn)) : [size, 0];
  // On the line through 0 and the target, or nearer to it than rounding can tell, the real solution holds.
  if (Math.abs(across) <= 1e-13 * size) {
    const sum = Math.hypot(kappa, 2 * size), a = Math.sqrt((sum + Math.abs(kappa)) / 2), c = kappa ? size / a : a;
    return scaled(turn, acExact(t, a, along < 0 ? -c : c, drive, B));
  }
  const end = scaled(S, 1 / B), way = minus(u0, end), area = (across * drive) / B;
  // A + slope + C is the same at u0 as A is at the target.
  const A = kappa ** 2 + 4 * sizeOf(end) ** 2, slope = 8 * times(conjugate(end), way)[0];
  const root = 2 * Math.sqrt(A * (kappa ** 2 + 4 * size ** 2)), part = 2 * A + slope;
  // Opposite to the target Y is a small difference: there it is a sum of squares over its conjugate.
  const squares = 16 * kappa ** 2 * sizeOf(way) ** 2 + 64 * area ** 2;
  const Y = part >= 0 ? root + part : squares / (root - part);
  const pace = Math.sqrt(A) * B * t, E = Math.exp(-pace);
  const x = (4 * A * E) / (-Y * Math.expm1(-2 * pace) + 2 * slope * E * Math.expm1(-pace) + 4 * A * E ** 2);
  return plus(end, scaled(way, x));
}

// The way of a start: where it ends, where and how far from the origin its line passes, and what is left of it.
function wayOf(u0, kappa, S, B) {
  const end = scaled(S, 1 / B), way = minus(u0, end), size = sizeOf(u0), drive = sizeOf(S);
  const length = sizeOf(way) < 1e-12 ? 0 : sizeOf(way);
  const [along, across] = drive ? scaled(times(u0, conjugate(S)), 1 / drive) : [size, 0];
  const balanced = !kappa, rests = balanced && !size;
  const fades = balanced && size > 0 && along < 0 && Math.abs(across) <= 1e-13 * size;
  const at = (t) => complexAc(t, u0, kappa, S, B), left = (t) => (length ? sizeOf(minus(at(t), end)) / length : 0);
  const nearest = -times(conjugate(way), end)[0] / length ** 2, miss = (Math.abs(across) * drive) / B / length;
  return { end, drive, length, balanced, rests, fades, nearest, miss, at, left };
}

// When a tenth of the way is left.
function nearlyThere({ length, rests, fades, left }) {
  if (!length) return 0;
  if (rests || fades) return Infinity;
  let low = 0, high = 1;
  while (left(high) > 0.1) high *= 2;
  for (let n = 0; n < 50; n++) {
    const middle = (low + high) / 2;
    if (left(middle) > 0.1) low = middle;
    else high = middle;
  }
  return high;
}

function says({ drive, length, balanced, rests, fades, nearest, miss }) {
  if (rests) return "At *a* = *c* = 0 nothing moves.";
  if (!drive) return `No drive: the target is 0. ${balanced ? "A balanced mode fades to it as 1/*t*." : "An unequal start goes there exponentially."}`;
  if (fades) return "Balanced and exactly opposite to the target: it fades to 0.";
  if (!length) return "It starts at the target.";
  if (!(nearest > 0 && nearest < 1)) return `Straight to the target${nearest > 0 ? ", and away from 0" : ""}.`;
  const past = `Straight to the target, past 0 at ${number(miss, 2)}`;
  return balanced ? `${past}: the nearer, the longer a balanced mode waits.` : `${past}; the imbalance keeps it moving there.`;
}

// The ray of the starts that fade, with its name written along it.
function fading(from, to) {
  const [dx, dy] = minus(to, from), side = dx < 0 ? 1 : -1, [x, y] = plus(from, scaled([dx, dy], 0.92));
  const along = `translate(${x} ${y}) rotate(${(Math.atan2(side * -dy, side * -dx) * 180) / Math.PI})`;
  return [
    curve([from, to], "c3"),
    g("text", { transform: along, y: 14, "text-anchor": side > 0 ? "start" : "end" }, "starts that fade"),
  ];
}

function render({ model, el }) {
  const names = ["b_size", "b_angle", "re", "im", "kappa", "time"], svg = g("svg", { "aria-hidden": "true" }), output = readout();
  const plane = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "The complex plane, and what is left of the way over time. The arrow keys move the start.",
  }, svg);
  let map = null, known = {}, targets = {};
  const round = (x) => +x.toFixed(3);
  const start = () => [model.get("re"), model.get("im")];
  const startAt = (...parts) => {
    const [re, im] = parts.map((x) => Math.min(REACH, Math.max(-REACH, x)));
    update(model, { re, im });
  };
  draggable(plane, {
    at: () => [[map.X(model.get("re")), map.Y(model.get("im"))]],
    move(x, y, first) {
      if (first && y > map.box.bottom) return false;
      startAt(round(map.X.back(x)), round(map.Y.back(y)));
    },
    nudge: (right, up) => startAt(round(model.get("re") + 0.02 * right), round(model.get("im") + 0.02 * up)),
  });
  // What the settings say; computed once for all that asks within a frame.
  function current() {
    const values = names.map((name) => model.get(name)), key = values.slice(0, 5).join();
    if (known.key !== key) {
      const [size, angle, re, im, kappa] = values, { S, B } = drives(size, angle), way = wayOf([re, im], kappa, S, B);
      known = { key, B, ...way, soon: nearlyThere(way) };
    }
    return known;
  }
  const opposite = () => {
    const { end, drive } = current(), size = Math.min(sizeOf(start()), REACH) || 0.5;
    if (drive) startAt(...scaled(end, -size / sizeOf(end)));
  };
  const turn = (angle) => startAt(...times(start(), [Math.cos(angle), Math.sin(angle)]));
  const part = (name, label) => slider(model, name, { label, min: -REACH, max: REACH, step: 0.01, ticks: () => [[0, "0"]] });
  const critical = () => (Math.abs(model.get("b_size") * TASK.size - 1) < 1e-9 ? [-3, -2, -1, 1, 2, 3] : []);
  const controls = [
    slider(model, "b_size", { label: "size of *b*", min: 0.3, max: 1.15, step: 0.01, ticks: () => [[TASK.size, "|*z*|"], [1 / TASK.size, "1/|*z*|"]] }),
    slider(model, "b_angle", {
      label: "angle of *b*", min: -60, max: 180, step: 1, show: (x) => `${number(x)}°`,
      ticks: () => [[TASK.angle, "*z*"], ...critical().map((n) => [TASK.angle + (n * 360) / TASK.T, "0"])],
    }),
    part("re", "start, Re *u*_0"), part("im", "start, Im *u*_0"),
    h("div", { class: "lrnn-row" },
      button(symbols("Opposite to *u*∗"), opposite), button("Turn 0.001", () => turn(1e-3))),
    slider(model, "kappa", { label: "imbalance *κ*", min: 0, max: 1, step: 0.01 }),
    slider(model, "time", { label: "time *t*/*τ*", min: 0, max: LATEST, step: 0.01, ticks: () => [[current().soon, "90 %"]] }),
  ];
  return figure({
    model, el, picture: plane, controls, output, names, label: "Live figure: a complex mode goes straight",
    draw(width) {
      const way = current(), { B, end, drive, at, left, nearest } = way, u0 = start(), time = model.get("time");
      const tall = Math.round(Math.min(360, width)), low = Math.round(Math.min(170, 0.45 * width));
      const wide = (1.6 * (width - 58)) / (tall - 52);
      map = axes(width, tall, { x: [-wide, wide], y: [-1.6, 1.6], xlabel: "Re *u*", ylabel: "Im *u*" });
      const { X, Y, box } = map, place = ([x, y]) => [X(x), Y(y)];
      if (targets.size !== model.get("b_size")) {
        const turns = Array.from({ length: 241 }, (_, n) => drives(model.get("b_size"), 1.5 * n));
        targets = { size: model.get("b_size"), all: turns.map(({ S, B }) => scaled(S, 1 / B)) };
      }
      const clock = Array.from({ length: 241 }, (_, n) => (n / 240) * LATEST), course = clock.map(at);
      const steps = Array.from({ length: Math.round(LATEST / TICK) }, (_, n) => (n + 1) * TICK).filter((t) => left(t) > 0.01);
      const dots = (where) => g("path", { class: "lrnn-fit", d: steps.map(where).map(([x, y]) => `M${x - 2.6},${y}a2.6,2.6 0 1 0 5.2,0a2.6,2.6 0 1 0 -5.2,0`).join("") });
      const beyond = Math.min(...[wide, 1.6].map((reach, n) => reach / Math.abs(end[n])));
      const below = axes(width, low, { x: [0, LATEST], y: [0, 1.05], xlabel: "time *t*/*τ*", ylabel: "*x*, still to go" });
      const [x, y] = place(end), [sx, sy] = place(u0), [tx, ty] = place(at(time));
      svg.setAttribute("width", width);
      svg.setAttribute("height", tall + low);
      svg.replaceChildren(
        map.layer,
        curve([[box.left, Y(0)], [box.right, Y(0)]], "ghost"), curve([[X(0), box.top], [X(0), box.bottom]], "ghost"),
        curve(targets.all.map(place), "ghost"),
        ...(way.balanced && drive ? fading([X(0), Y(0)], place(scaled(end, -beyond))) : []),
        curve(course.map(place), "c0"),
        dots((t) => place(at(t))),
        star(x, y),
        g("text", { x: x + 13, y: y - 6 }, g("tspan", { class: "lrnn-i" }, "u"), "∗"),
        g("circle", { class: "lrnn-dot", cx: tx, cy: ty, r: 5 }),
        g("circle", { class: "lrnn-handle", cx: sx, cy: sy, r: 8 }),
        g("g", { transform: `translate(0 ${tall})` },
          below.layer,
          nearest > 0 && nearest < 1 ? [
            curve([[below.X(0), below.Y(nearest)], [below.X(LATEST), below.Y(nearest)]], "rule"),
            g("text", { x: below.box.right - 3, y: below.Y(nearest) - 7, "text-anchor": "end" }, "nearest to 0"),
          ] : [],
          curve(clock.map((t) => [below.X(t), below.Y(left(t))]), "c0"),
          dots((t) => [below.X(t), below.Y(left(t))]),
          g("circle", { class: "lrnn-dot", cx: below.X(time), cy: below.Y(left(time)), r: 5 })),
      );
      const now = at(time);
      output.write([
        ["|*β*_s|", drive], ["*β*_b", B], ["Re *u*∗", end[0]], ["Im *u*∗", end[1]],
        ["Re *u*(*t*)", now[0]], ["Im *u*(*t*)", now[1]], ["*x*(*t*)", left(time)], ["*t*_{90}/*τ*", way.soon], [says(way)],
      ]);
    },
  });
}
export default { render };
