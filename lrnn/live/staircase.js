// Plateaus of a task told beforehand, and three units that go down them.
import { geometric } from "./physics.js";
import { axes, button, curve, draggable, figure, g, h, number, readout, slider, update } from "./ui.js";
import { plateaus, polynomial, smallStart, unitsFlow } from "./units.js";

const VALUES = [-1.2, 1.2], START = 1e-3, LONGEST = 600, SOLVED = 1e-12;
const COUNT = ["No unit yet", "One unit", "Two units"];
const round = (value) => Math.min(VALUES[1], Math.max(VALUES[0], +value.toFixed(3)));
const swing = (T) => Array.from({ length: T }, (_, n) => 0.9 ** (T - 1 - n) * Math.cos(0.6 * (T - 1 - n)));

// The plateaus of a task, and the course of a small network; coarser while a pointer is held down, and without the
// network where training it takes too long for a frame.
let slow = false;
function computed(s, coarse) {
  const { chain, away } = plateaus(s, 2, coarse ? { rtol: 1e-3, most: 150 } : {});
  const waits = chain.map(({ rate }) => (rate ? -Math.log(START) / rate : 0));
  const end = Math.min(LONGEST, 1.4 * waits.reduce((sum, wait) => sum + wait, 0) + 20);
  if (coarse && slow) return { chain, away, end, run: null };
  const begin = performance.now(), run = unitsFlow(smallStart(START), s, end, coarse ? { rtol: 1e-2, most: 150 } : { rtol: 3e-4 });
  slow = coarse && performance.now() - begin > 5; // tried anew in each drag
  return { chain, away, end, run };
}

// From when to when the loss is within 2 % of that of a plateau, if for longer than a passage takes.
function restAt({ energy, rate }, run) {
  const below = (level) => run.energy.findIndex((value) => value < level);
  const [first, last] = [below(1.02 * energy), below(0.98 * energy)];
  if (first < 0) return null;
  const [from, to] = [run.t[first], last < 0 ? Infinity : run.t[Math.max(first, last - 1)]];
  return to - from > 1 / rate ? [from, to] : null;
}

function aboutZeros({ units, energy, poles }, rest) {
  if (energy < SOLVED * rest) return `${COUNT[units]}: *E* = 0, nothing is left.`;
  if (!units) return `${COUNT[0]}: *R* is the task itself.`;
  if (poles[0][1])
    return `${COUNT[2]}: *R* has its double zeros at a complex pair of poles, ${number(poles[0][0])} ± ${number(poles[0][1])} i, off this axis.`;
  const outside = poles.some(([b]) => Math.abs(b) > VALUES[1]) ? ", not all of them in this picture" : "";
  const where = poles.map(([b]) => number(b)).join(" and ");
  return `${COUNT[units]}: *R* has a double zero at ${units > 1 ? "each pole" : "its pole"}, ${where}${outside}.`;
}

function aboutRest(plateau, run, start) {
  if (!run) return "Let go, and a network is trained.";
  const ends = `It ends at *E*/*E*_0 = ${number(run.energy.at(-1) / start, 2)}.`;
  if (plateau.energy < SOLVED * start) return `Trained from a small start: ${ends}`;
  if (!plateau.rate) return `The last click lacks nothing here: no exponential escape. Trained from a small start: ${ends}`;
  const rest = restAt(plateau, run);
  if (!rest) return `The trained network does not rest here. ${ends}`;
  const until = rest[1] < Infinity ? ` to ${number(rest[1])}` : " on";
  return `The trained network rests here from *t*/*τ* = ${number(rest[0])}${until}. ${ends}`;
}

function render({ model, el }) {
  const svg = g("svg", { "aria-hidden": "true" }), output = readout(), clip = `inside-${Math.random().toString(36).slice(2)}`;
  const bars = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "The task. Left and right choose a time step, up and down change its singular value.",
  }, svg);
  let map = null, known = {};
  const size = () => model.get("s").length, chosen = () => Math.min(model.get("step"), size());
  const choose = (i) => update(model, { step: Math.min(size(), Math.max(1, i)) });
  const replace = (i, value) => update(model, { s: model.get("s").map((old, n) => (n === i - 1 ? round(value) : old)) });
  draggable(bars, {
    at: () => model.get("s").map((value, n) => [map.X(n + 1), map.Y(value)]),
    move(x, y, first) {
      if (first && y > map.box.bottom) return false;
      const i = Math.min(size(), Math.max(1, Math.round(map.X.back(x))));
      model.set("step", i);
      replace(i, map.Y.back(y));
    },
    nudge(right, up) {
      if (right) choose(chosen() + right);
      if (up) replace(chosen(), model.get("s")[chosen() - 1] + 0.02 * up);
    },
  });
  // Sliders of what is no setting of its own.
  const which = { get: chosen, set: (_, i) => choose(i), save_changes() {} };
  const one = { get: () => model.get("s")[chosen() - 1], set: (_, value) => replace(chosen(), value), save_changes() {} };
  const count = {
    get: size, save_changes() {},
    set: (_, T) => update(model, { s: Array.from({ length: T }, (_, n) => model.get("s").at(n - T) ?? 0) }),
  };
  const preset = (text, make) => button(text, () => update(model, { s: make(size()) }));
  const controls = [
    slider(model, "n", { label: "plateau with *n* units", min: 0, max: 2, step: 1, ticks: () => [[0, "0"], [1, "1"], [2, "2"]] }),
    slider(which, "step", { label: "time step *i*", min: 1, max: 10, step: 1 }),
    slider(one, "s_i", { label: "its *s*_i", min: VALUES[0], max: VALUES[1], step: 0.01, ticks: () => [[0, "0"]] }),
    slider(count, "T", { label: "length *T*", min: 8, max: 10, step: 1 }),
    h("div", { class: "lrnn-row" },
      preset("Last four", (T) => Array.from({ length: T }, (_, n) => (n < T - 4 ? 0 : 1))),
      preset("Constant", (T) => geometric(0.7, 1, T)),
      preset("Swing", swing),
      preset("Two memories", (T) => geometric(1.2, 0.5, T).map((value, n) => value - geometric(0.48, -0.6, T)[n]))),
  ];

  function draw(width, coarse) {
    const s = model.get("s"), T = s.length, key = `${coarse} ${s}`, tall = Math.round(Math.min(190, 0.45 * width));
    if (known.key !== key) known = { key, ...(s.some((value) => value) ? computed(s, coarse) : {}) };
    map = axes(width, tall, { x: [0.4, T + 0.6], y: VALUES, xlabel: "time step *i*", ylabel: "*s*_i", whole: true });
    const { X, Y } = map, wide = (0.62 * (X(2) - X(1))) | 0, panels = [map.layer];
    s.forEach((value, n) => panels.push(g("rect", {
      class: n + 1 === chosen() ? "lrnn-bar lrnn-chosen" : "lrnn-bar", x: X(n + 1) - wide / 2, width: wide,
      y: Math.min(Y(value), Y(0)), height: Math.max(1, Math.abs(Y(value) - Y(0))),
    })));
    svg.setAttribute("width", width);
    svg.setAttribute("height", 3 * tall);
    const { chain, away, run, end } = known, picked = [["*i*", chosen()], ["*s*_i", s[chosen() - 1]]];
    if (!chain) {
      svg.replaceChildren(...panels);
      return output.write([...picked, ["A task of zeros has nothing to learn."]]);
    }
    const plateau = chain[Math.min(model.get("n"), chain.length - 1)], start = chain[0].energy;

    const zs = Array.from({ length: 161 }, (_, n) => -1.2 + (n / 160) * 2.4), R = zs.map((z) => polynomial(plateau.e, z));
    const most = 1.15 * Math.max(...R.filter((_, n) => Math.abs(zs[n]) <= 1).map(Math.abs), 0.01);
    const left = axes(width, tall, { x: [-1.2, 1.2], y: [-most, most], xlabel: "*z*", ylabel: "*R*(*z*)" });
    const inside = { x: left.box.left, y: left.box.top, width: left.box.right - left.box.left, height: left.box.bottom - left.box.top };
    const zeros = plateau.poles.filter(([b, imaginary]) => !imaginary && Math.abs(b) <= 1.2 && plateau.energy > SOLVED * start);
    panels.push(g("g", { transform: `translate(0 ${tall})` },
      g("clipPath", { id: clip }, g("rect", inside)), left.layer,
      curve([[left.box.left, left.Y(0)], [left.box.right, left.Y(0)]], "ghost"),
      curve([[left.X(0), left.box.top], [left.X(0), left.box.bottom]], "rule"),
      g("g", { "clip-path": `url(#${clip})` }, curve(zs.map((z, n) => [left.X(z), left.Y(R[n])]), "c4")),
      zeros.map(([b]) => g("circle", { class: "lrnn-fit", cx: left.X(b), cy: left.Y(0), r: 6 }))));

    const last = run ? run.energy.at(-1) : chain.at(-1).energy;
    const low = Math.min(0.3, Math.max(1e-3, (0.5 * last) / start));
    const loss = axes(width, tall, { x: [0, end], y: [low, 1.5], ylog: true, xlabel: "time *t*/*τ*", ylabel: "*E*/*E*_0" });
    const level = (value) => loss.Y(Math.max(low, value / start));
    const crowded = (one) => one.units && level(one.energy) - level(chain[one.units - 1].energy) < 12;
    panels.push(g("g", { transform: `translate(0 ${2 * tall})` }, loss.layer,
      chain.filter(({ energy }) => energy > low * start).flatMap((one) => [
        curve([[loss.box.left, level(one.energy)], [loss.box.right, level(one.energy)]], one === plateau ? "c1" : "rule"),
        g("text", { x: loss.box.right - (crowded(one) ? 14 : 3), y: level(one.energy) - 4, "text-anchor": "end" }, `${one.units}`),
      ]),
      run ? curve(run.t.map((t, n) => [loss.X(t), level(run.energy[n])]), "c0") : []));
    svg.replaceChildren(...panels);

    const solved = plateau.energy < SOLVED * start, fewer = model.get("n") > plateau.units;
    output.write([
      ...picked, ["*E*/*E*_0", solved ? 0 : plateau.energy / start], ["*R*(0)", solved ? 0 : plateau.e[0]], ["*λ*", plateau.rate],
      [(fewer && away ? `With ${COUNT[chain.length].toLowerCase()} the flow finds no rest. ` : "") + aboutZeros(plateau, start)],
      [aboutRest(plateau, run, start)],
    ]);
  }
  return figure({ model, el, picture: bars, controls, output, names: ["s", "n", "step"], label: "Live figure: a staircase of plateaus", draw });
}
export default { render };
