// The landscape of one mode over (b, ac): Figure 2 of the paper, with a start to drag.
import { betaB, betaS, criticalPoints, energy, flow, geometric, path, reducedEnergy, stableManifold, timeTo, velocity } from "./physics.js";
import { LOG, axes, button, choice, cross, curve, draggable, figure, g, h, number, readout, slider, star, symbols, update } from "./ui.js";

const B = [-1.6, 1.5], U = [-0.35, 1.3], PIXELS = 200, COARSE = 80, LATEST = 1e6;
const RATES = { constant: 0.7, expanding: 0.7, contracting: 0.9 };
// Scale and ratio of each family as a geometric task, whose optimum is ac = scale, b = ratio.
const SHAPES = {
  constant: (rate) => [rate, 1],
  expanding: (rate) => [1, rate],
  contracting: (rate, T) => [rate ** T, 1 / rate],
};
const STOPS = ["#313695", "#4575b4", "#74add1", "#abd9e9", "#e0f3f8", "#ffffbf", "#fee090", "#fdae61", "#f46d43", "#d73027", "#a50026"];

const COLOURS = Uint32Array.from({ length: 256 }, (_, n) => {
  const at = (n / 255) * 10, k = Math.min(9, Math.floor(at)), mix = at - k;
  const channel = (from) => {
    const [low, high] = [k, k + 1].map((j) => parseInt(STOPS[j].slice(from, from + 2), 16));
    return Math.round(low + mix * (high - low));
  };
  return (255 << 24) | (channel(5) << 16) | (channel(3) << 8) | channel(1);
});

// E = E_r + 1/2 beta_b (u - beta_s/beta_b)^2: one sum for each column, three operations for each pixel.
function paint(canvas, s, side) {
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d"), image = context.createImageData(side, side), pixels = new Uint32Array(image.data.buffer);
  const rest = 4 * energy(0, 0, 0, s);
  for (let i = 0; i < side; i++) {
    const b = B[0] + ((i + 0.5) / side) * (B[1] - B[0]);
    const gain = betaB(b, s.length), best = betaS(b, s) / gain, least = reducedEnergy(b, s);
    for (let j = 0; j < side; j++) {
      const u = U[1] - ((j + 0.5) / side) * (U[1] - U[0]);
      const share = (least + (gain / 2) * (u - best) ** 2) / rest;
      pixels[j * side + i] = COLOURS[Math.min(255, 255 * Math.sqrt(share)) | 0];
    }
  }
  context.putImageData(image, 0, 0);
}

const balanced = (u) => [Math.sqrt(Math.abs(u)), Math.sign(u) * Math.sqrt(Math.abs(u))];

function arrows(s, printed, X, Y) {
  let d = "";
  for (let i = 0; i < 15; i++)
    for (let j = 0; j < 11; j++) {
      const b = B[0] + ((i + 0.5) / 15) * (B[1] - B[0]), u = U[0] + ((j + 0.5) / 11) * (U[1] - U[0]);
      const [a, c] = balanced(u), [da, flowing, dc] = velocity(a, b, c, s);
      const db = printed ? (u / b) * (betaS(b, s) - u * betaB(b, s.length)) : flowing;
      const [x, y] = [db * (X(1) - X(0)), (c * da + a * dc) * (Y(1) - Y(0))], size = Math.hypot(x, y) / 7;
      if (!(size > 0 && size < Infinity)) continue;
      const [p, q] = [x / size, y / size], [ex, ey] = [X(b) + p, Y(u) + q];
      const wing = (turn) => `M${ex.toFixed(1)},${ey.toFixed(1)}l${(-0.6 * p + turn * q).toFixed(1)},${(-0.6 * q - turn * p).toFixed(1)}`;
      d += `M${(X(b) - p).toFixed(1)},${(Y(u) - q).toFixed(1)}L${ex.toFixed(1)},${ey.toFixed(1)}${wing(0.45)}${wing(-0.45)}`;
    }
  return g("path", { class: "lrnn-arrows", d });
}

// All that depends on the task alone.
function survey(family, rate, T, coarse) {
  const [scale, ratio] = SHAPES[family](rate, T), s = geometric(scale, ratio, T);
  const points = criticalPoints(s, -3, 2, coarse ? 500 : 1500), saddles = points.filter((point) => point.kind === "saddle");
  return { s, best: { b: ratio, u: scale }, saddles, parts: saddles.flatMap((saddle) => stableManifold(s, saddle, 2.5, coarse ? 80 : 250)) };
}

function fate(s, u0, end, diverged, best, printed, learned) {
  if (!u0) return "On the line *ac* = 0 nothing moves.";
  if (diverged) return printed ? "The solution runs into the pole at *b* = 0." : "The solution cannot be followed so far.";
  const [b, u] = [end.b, end.a * end.c];
  if (Math.abs(b - best.b) < 1e-3 && Math.abs(u - best.u) < 1e-3 * Math.max(best.u, 1e-9)) {
    const time = learned > 0 ? `1\u00a0% of the error is left at *t*\u00a0=\u00a0${number(learned)}\u00a0*τ*.` : "It was almost there already.";
    return `It reaches the star: ${time}`;
  }
  if (printed && Math.abs(u) > 1e-6) return `It comes to rest at *b* = ${number(b)}, *ac* = ${number(u)}.`;
  if (printed || u * betaS(b, s) <= 0) return "It never arrives: it fades to *ac* = 0.";
  return b < 2 * B[0] ? "It never arrives: it runs away, *b* → −∞, ever more slowly." : "It is still under way.";
}

function render({ model, el }) {
  const canvas = h("canvas"), svg = g("svg", { "aria-hidden": "true" }), moving = g("g");
  const plane = h("div", {
    class: "lrnn-plane", tabindex: 0, role: "application",
    "aria-label": "Map of networks over b and ac. The arrow keys move the start, with Shift by larger steps.",
  }, canvas, svg);
  const output = readout(), name = `inside-${Math.random().toString(36).slice(2)}`;
  let known = {}, map = null;

  const start = (b, u) => {
    const clip = (value, [low, high]) => Math.min(high, Math.max(low, +value.toFixed(3)));
    update(model, { b0: clip(b, B), u0: clip(u, U) });
  };
  draggable(plane, {
    at: () => [[map.X(model.get("b0")), map.Y(model.get("u0"))]],
    move: (x, y) => start(map.X.back(x), map.Y.back(y)),
    nudge: (right, up) => start(model.get("b0") + 0.02 * right, model.get("u0") + 0.02 * up),
  });

  const where = h("div"), first = [model.get("b0"), model.get("u0")];
  const bar = h("span", { class: "lrnn-scale", style: `background: linear-gradient(to right, ${STOPS})` });
  const controls = [
    choice(model, "family", {
      label: "Task: which clicks count", lines: true, change: (family) => ({ rate: RATES[family] }),
      options: {
        constant: "constant: all alike", expanding: "expanding: late ones more", contracting: "contracting: early ones more",
      },
    }),
    {
      element: h("div", {}, where, "Drag the white dot, or use the arrow keys on the map."),
      redraw: () => where.replaceChildren(symbols(`Start: *b* = ${number(model.get("b0"))}, *ac* = ${number(model.get("u0"))}`)),
    },
    h("div", { class: "lrnn-key" }, "Error: low", bar, "high"),
  ];
  const more = [
    slider(model, "rate", { label: "value or rate", min: 0.4, max: 1, step: 0.01, ticks: () => [[RATES[model.get("family")], "paper"]] }),
    slider(model, "T", { label: "length *T*", min: 2, max: 50, step: 1, ticks: () => [[10, "10"], [50, "50"]] }),
    slider(model, "b0", { label: "start *b*(0)", min: B[0], max: B[1], step: 0.01, ticks: () => [[known.best?.b ?? 1, "optimum"], [0, "0"]] }),
    slider(model, "u0", { label: "start *ac*(0)", min: U[0], max: U[1], step: 0.01, ticks: () => [[known.best?.u ?? 1, "optimum"], [0, "0"]] }),
    slider(model, "time", { label: "time *t*/*τ*", min: 0.01, max: LATEST, scale: LOG, ticks: () => [[known.learned, "1 %"]] }),
    choice(model, "equation", { label: "db/dt", options: { corrected: "corrected", printed: "as printed" } }),
  ];
  const play = button("Play", () => run());
  let playing = 0;
  function run() {
    cancelAnimationFrame(playing);
    const long = Number.isFinite(known.learned) ? 3 * known.learned : 300;
    const end = +Math.min(LATEST, Math.max(1, long)).toPrecision(4);
    let shown = model.get("time");
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return update(model, { time: end });
    const from = performance.now(), frame = (now) => {
      if (model.get("time") !== shown) return; // somebody else has set it
      const share = Math.min(1, Math.max(0, (now - from) / 4000));
      update(model, { time: (shown = +(0.01 * (end / 0.01) ** share).toPrecision(4)) });
      if (share < 1) playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
  }

  // What stays while the start moves.
  function lay(width, height, printed) {
    const { s, saddles, parts } = known;
    map = axes(width, height, { x: B, y: U, xlabel: "*b*: how long it remembers", ylabel: "*ac*: how loudly it answers", frame: true });
    const { X, Y, box } = map, place = ([b, u]) => [X(b), Y(u)], edge = { width: box.right - box.left, height: box.bottom - box.top };
    const floor = Array.from({ length: 161 }, (_, n) => B[0] + (n / 160) * (B[1] - B[0])).map((b) => [b, betaS(b, s) / betaB(b, s.length)]);
    canvas.style.cssText = `left:${box.left}px;top:${box.top}px;width:${edge.width}px;height:${edge.height}px`;
    svg.setAttribute("width", width);
    svg.setAttribute("height", height);
    svg.replaceChildren(
      g("clipPath", { id: name }, g("rect", { x: box.left, y: box.top, ...edge })), map.layer,
      g("g", { "clip-path": `url(#${name})` },
        arrows(s, printed, X, Y),
        g("g", { class: "lrnn-later" },
          curve(floor.map(place), "under"), curve(floor.map(place), "floor"),
          printed ? [] : parts.map((part) => curve(part.map(place), "part")),
          saddles.map(({ b, u }) => cross(X(b), Y(u)))),
        moving),
    );
  }

  const stop = figure({
    model, el, picture: plane, controls, more, output, note: play,
    label: "Live figure: energy of one mode over b and ac",
    names: ["family", "rate", "T", "equation", "b0", "u0", "time"],
    draw(width, coarse) {
      const [family, rate, T, equation, b0, u0, time] = ["family", "rate", "T", "equation", "b0", "u0", "time"].map((name) => model.get(name));
      const printed = equation === "printed", height = Math.round(Math.min(440, 0.86 * width)), task = `${family} ${rate} ${T}`;
      // A map that is fine stays so while the start is dragged.
      if (known.task !== task || (known.coarse && !coarse)) {
        known = { ...survey(family, rate, T, coarse), task, coarse };
        paint(canvas, known.s, coarse ? COARSE : PIXELS);
      }
      const { s, best } = known, ground = `${task} ${known.coarse} ${printed} ${width}`;
      if (known.ground !== ground) {
        known.ground = ground;
        lay(width, height, printed);
      }
      const { X, Y, box } = map, place = ([b, u]) => [X(b), Y(u)];
      // Words over or under a point, and inside of the frame.
      const word = (text, x, y) => g("text", {
        class: "lrnn-word", x: Math.min(box.right - 30, Math.max(box.left + 30, x)), y: Math.max(box.top + 12, y), "text-anchor": "middle",
      }, text);

      const [a0, c0] = balanced(u0), pole = printed && b0 === 0, options = coarse ? { printed, rtol: 1e-4 } : { printed };
      const inside = (b, u) => b > 2 * B[0] && b < 2 * B[1] && Math.abs(u) < 4;
      const track = pole ? { t: [0], a: [a0], b: [b0], c: [c0], diverged: true } : path(a0, b0, c0, s, LATEST, { ...options, reach: 0.03, inside });
      const rest = energy(0, 0, 0, s);
      known.learned = pole ? NaN : timeTo(0.01 * rest, track, s, options);
      const at = pole ? { a: [NaN], b: [NaN], c: [NaN] } : flow(a0, b0, c0, s, [time, LATEST], options);
      const now = { a: at.a[0], b: at.b[0], c: at.c[0] }, end = { a: at.a[1], b: at.b[1], c: at.c[1] };

      const way = track.b.map((b, n) => [b, track.a[n] * track.c[n]]);
      moving.replaceChildren(
        curve(way.map(place), "halo"), curve(way.map(place), "path"),
        star(X(best.b), Y(best.u)), word("best", X(best.b), Y(best.u) + 24),
        Number.isFinite(now.b) ? g("circle", { class: "lrnn-dot lrnn-later", cx: X(now.b), cy: Y(now.a * now.c), r: 5 }) : "",
        g("circle", { class: "lrnn-handle", cx: X(b0), cy: Y(u0), r: 8 }),
        b0 === first[0] && u0 === first[1] ? word("drag me", X(b0), Y(u0) - 12) : "",
      );
      const E = Number.isFinite(now.b) ? energy(now.a, now.b, now.c, s) : NaN;
      output.write([
        [pole ? "The printed equation has no value at *b* = 0." : fate(s, u0, end, at.diverged, best, printed, known.learned)],
        ["*t*/*τ*", time], ["*b*(*t*)", now.b], ["*ac*(*t*)", now.a * now.c], ["*E*(*t*)", E],
        ["*t*_{1 %}/*τ*", known.learned],
      ]);
    },
  });
  return () => (cancelAnimationFrame(playing), stop());
}
export default { render };
