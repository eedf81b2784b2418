// Networks of several units, with one input and one output, in the browser: the twin of functions of
// lrnn.staircase. A network is one row of weights: W_x, then W_h row by row, then W_y. tau is 1.
import { A, C, GAMMA } from "./physics.js";

const unitsOf = (w) => Math.round(Math.sqrt(w.length + 1)) - 1;

// What is left at each lag, and minus the gradient of the energy in every weight. Called a thousand times for
// one frame: the states lie in one place that is used again.
let states = new Float64Array(0), adjoint = new Float64Array(0), earlier = new Float64Array(0);
function downhill(w, s, e = new Float64Array(s.length)) {
  const n = unitsOf(w), T = s.length, y = n + n * n, slope = new Float64Array(w.length);
  if (states.length < T * n) states = new Float64Array(T * n);
  if (adjoint.length < n) [adjoint, earlier] = [new Float64Array(n), new Float64Array(n)];
  for (let i = 0; i < n; i++) states[i] = w[i];
  for (let k = 0, now = 0; k < T; k++, now += n) {
    let left = s[T - 1 - k];
    for (let i = 0; i < n; i++) left -= w[y + i] * states[now + i];
    e[k] = left;
    if (k + 1 === T) break;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++) sum += w[n + i * n + j] * states[now + j];
      states[now + n + i] = sum;
    }
  }
  adjoint.fill(0);
  for (let k = T - 1, now = k * n; k >= 0; k--, now -= n) {
    for (let j = 0; j < n; j++) earlier[j] = e[k] * w[y + j];
    for (let i = 0; i < n; i++) {
      slope[y + i] += e[k] * states[now + i];
      for (let j = 0; j < n; j++) {
        slope[n + i * n + j] += adjoint[i] * states[now + j];
        earlier[j] += w[n + i * n + j] * adjoint[i];
      }
    }
    [adjoint, earlier] = [earlier, adjoint];
  }
  for (let i = 0; i < n; i++) slope[i] = adjoint[i];
  return { e, slope };
}

export const residualPolynomial = (w, s) => [...downhill(w, s).e];
export const unitsVelocity = (w, s) => [...downhill(w, s).slope];
const half = (e) => e.reduce((sum, x) => sum + x * x, 0) / 2;
export const unitsEnergy = (w, s) => half(downhill(w, s).e);
export const polynomial = (e, z) => e.reduceRight((value, x) => value * z + x, 0);

// Triangular factors of a matrix of m rows in one array, in its place, and what solves with them.
function factored(M, m) {
  const order = new Int32Array(m).map((_, i) => i);
  for (let k = 0; k < m; k++) {
    let best = k;
    for (let i = k + 1; i < m; i++) if (Math.abs(M[i * m + k]) > Math.abs(M[best * m + k])) best = i;
    if (best !== k) {
      for (let j = 0; j < m; j++) [M[k * m + j], M[best * m + j]] = [M[best * m + j], M[k * m + j]];
      [order[k], order[best]] = [order[best], order[k]];
    }
    for (let i = k + 1; i < m; i++) {
      const share = (M[i * m + k] /= M[k * m + k]);
      for (let j = k + 1; j < m; j++) M[i * m + j] -= share * M[k * m + j];
    }
  }
  return (x) => {
    const y = new Float64Array(m);
    for (let i = 0; i < m; i++) {
      y[i] = x[order[i]];
      for (let j = 0; j < i; j++) y[i] -= M[i * m + j] * y[j];
    }
    for (let i = m - 1; i >= 0; i--) {
      for (let j = i + 1; j < m; j++) y[i] -= M[i * m + j] * y[j];
      y[i] /= M[i * m + i];
    }
    return y;
  };
}

// The second derivatives of the energy, from differences.
function curvature(w, s, slope) {
  const m = w.length, H = new Float64Array(m * m), moved = w.slice();
  for (let j = 0; j < m; j++) {
    const by = 1e-7 * Math.max(1, Math.abs(w[j]));
    moved[j] += by;
    const there = downhill(moved, s).slope;
    for (let i = 0; i < m; i++) H[i * m + j] = (slope[i] - there[i]) / by;
    moved[j] = w[j];
  }
  return H;
}

// One step of Rodas4, as in physics.js.
function unitsStep(w, h, s, slope, H) {
  const m = w.length, M = H.slice();
  for (let j = 0; j < m; j++) M[j * m + j] += 1 / (h * GAMMA);
  const solve = factored(M, m), stages = [solve(slope)];
  const combined = (weights, start, scale) => {
    const x = start.slice();
    for (let k = 0; k < weights.length; k++) for (let i = 0; i < m; i++) x[i] += scale * weights[k] * stages[k][i];
    return x;
  };
  let at;
  for (let n = 0; n < 4; n++) {
    at = combined(A[n], w, 1);
    stages.push(solve(combined(C[n], downhill(at, s).slope, 1 / h)));
  }
  at = combined([0, 0, 0, 0, 1], at, 1);
  const error = solve(combined(C[4], downhill(at, s).slope, 1 / h));
  return [at.map((x, i) => x + error[i]), error];
}

// Gradient flow from w up to the time `end`, or to where no weight moves faster than `still`: every accepted
// step, the last weights, and whether it came to rest.
export function unitsFlow(w, s, end, { rtol = 1e-6, still = 0, most = 1500 } = {}) {
  w = Float64Array.from(w);
  let now = 0, h = 0.01 / Math.max(...s.map(Math.abs)), { e, slope } = downhill(w, s), H = null;
  const run = { t: [0], energy: [half(e)], rested: false, diverged: false };
  for (let count = 0; now < end; count++) {
    if (count > most || !(h > 1e-12 * Math.max(now, 1e-6)) || Math.max(...w.map(Math.abs)) > 1e6) {
      run.diverged = true;
      break;
    }
    H ??= curvature(w, s, slope); // of w, however often a step from there is refused
    const used = Math.min(h, end - now), [next, error] = unitsStep(w, used, s, slope, H);
    let size = 0;
    for (let i = 0; i < w.length; i++)
      size += (error[i] / (rtol * (1e-3 + Math.max(Math.abs(w[i]), Math.abs(next[i]))))) ** 2 / w.length;
    size = Math.sqrt(size);
    if (!Number.isFinite(size)) size = 1e9;
    h = used * Math.min(3, Math.max(0.1, 0.8 * Math.max(size, 1e-12) ** -0.25));
    if (size > 1) continue;
    now += used;
    [w, H] = [next, null];
    ({ e, slope } = downhill(w, s));
    run.t.push(now);
    run.energy.push(half(e));
    if (Math.max(...slope.map(Math.abs)) < still) break;
  }
  // With poles far outside of the circle the slope keeps some rounding noise.
  run.rested = Math.max(...slope.map(Math.abs)) < 1e4 * still;
  return { ...run, w: [...w] };
}

// What a new unit without own weight gets from input and units, (1, -W_h^-1 W_x), and what it gives to them.
function coupling(w) {
  const n = unitsOf(w), W_h = Float64Array.from(w.slice(n, n + n * n), (x) => -x);
  const turned = W_h.map((_, i) => W_h[(i % n) * n + Math.floor(i / n)]);
  const reached = factored(W_h, n)(w.slice(0, n)), seen = factored(turned, n)(w.slice(n + n * n));
  return [[1, ...reached], [1, ...seen]];
}

export function escapeRate(w, s) {
  const [p, q] = coupling(w);
  return Math.abs(downhill(w, s).e[0]) * Math.hypot(...p) * Math.hypot(...q);
}

// One unit more, its weights along the unstable direction.
function withUnit(w, s, size = 1e-3) {
  const n = unitsOf(w), [p, q] = n ? coupling(w) : [[1], [1]], first = n ? downhill(w, s).e[0] : s.at(-1);
  const x = p.map((value) => (size * value) / Math.hypot(...p));
  const y = q.map((value) => (Math.sign(first) * size * value) / Math.hypot(...q));
  const rows = Array.from({ length: n }, (_, i) => [...w.slice(n + i * n, n + i * n + n), y[i + 1]]);
  return [...w.slice(0, n), x[0], ...rows.flat(), ...x.slice(1), 0, ...w.slice(n + n * n), y[0]];
}

// Eigenvalues of W_h for at most two units, as [real, imaginary].
function polesOf(w) {
  if (unitsOf(w) < 2) return [[w[1], 0]];
  const mean = (w[2] + w[5]) / 2, D = ((w[2] - w[5]) / 2) ** 2 + w[3] * w[4], root = Math.sqrt(Math.abs(D));
  return D < 0 ? [[mean, root], [mean, -root]] : [[mean + root, 0], [mean - root, 0]];
}

// The plateaus with 0, 1 and 2 units; fewer where E = 0 is reached before, where nothing leaves a plateau at
// an exponential rate, or where a flow does not come to rest (`away`).
export function plateaus(s, most, options = {}) {
  const size = Math.max(...s.map(Math.abs)), start = half(s);
  const chain = [{ units: 0, energy: start, poles: [], rate: Math.abs(s.at(-1)), w: [], e: [...s].reverse() }];
  let away = false;
  for (let last = chain[0]; chain.length <= most && last.energy > 1e-12 * start && last.rate > 0; last = chain.at(-1)) {
    const { w, rested } = unitsFlow(withUnit(last.w, s), s, 3e4 / size, { still: 1e-11 * size * Math.max(1, size), ...options });
    if (!rested) {
      away = true;
      break;
    }
    const e = residualPolynomial(w, s), energy = half(e), rate = energy > 1e-12 * start ? escapeRate(w, s) : 0;
    chain.push({ units: chain.length, energy, poles: polesOf(w), rate: rate > 1e-9 * size ? rate : 0, w, e });
  }
  return { chain, away };
}

// Three units, at random but always the same: a start of the given size.
const DRAWN = [0.36, -1.12, 0.74, 0.91, -0.43, 1.21, -0.68, 0.27, -1.35, 0.55, 1.08, -0.19, 1.17, 0.48, -0.83];
export const smallStart = (size) => DRAWN.map((x) => size * x);
