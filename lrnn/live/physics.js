// One mode (a, b, c) of a linear recurrent network, in the browser: the twin of functions of lrnn.modes,
// lrnn.exact, lrnn.landscape and lrnn.paper, under their names and in their symbols. tau is 1.
// The tests hold both to the same numbers.

export const geometric = (scale, ratio, T) =>
  Array.from({ length: T }, (_, n) => scale * ratio ** (T - 1 - n));

// beta_s with its first two derivatives in b, by Horner's rule.
function sumS(b, s) {
  let value = 0, first = 0, second = 0;
  for (let n = 0; n < s.length; n++) {
    second = second * b + 2 * first;
    first = first * b + value;
    value = value * b + s[n];
  }
  return [value, first, second];
}

// beta_b likewise; in x = b^2 all of its terms are positive.
function sumB(b, T) {
  const x = b * b;
  let value = 0, first = 0, second = 0;
  for (let n = 0; n < T; n++) {
    second = second * x + 2 * first;
    first = first * x + value;
    value = value * x + 1;
  }
  return [value, 2 * b * first, 2 * first + 4 * x * second];
}

export const betaS = (b, s) => sumS(b, s)[0];
export const betaB = (b, T) => sumB(b, T)[0];

export function energy(a, b, c, s) {
  let response = a * c, total = 0;
  for (let n = s.length - 1; n >= 0; n--) {
    total += (s[n] - response) ** 2;
    response *= b;
  }
  return total / 2;
}

export function velocity(a, b, c, s) {
  const u = a * c, [S, S1] = sumS(b, s), [B, B1] = sumB(b, s.length), drive = S - u * B;
  return [c * drive, u * S1 - (u * u * B1) / 2, a * drive];
}

// As the paper prints it: the equation for b lacks the factor T - i.
export function printedVelocity(a, b, c, s) {
  const u = a * c, drive = betaS(b, s) - u * betaB(b, s.length);
  return [c * drive, (u / b) * drive, a * drive];
}

export function reducedEnergy(b, s) {
  // Reversed in time a task has the same floor at 1/b, which keeps powers small.
  if (Math.abs(b) > 1) return reducedEnergy(1 / b, [...s].reverse());
  return energy(betaS(b, s) / betaB(b, s.length), b, 1, s);
}

export function hessian(a, b, c, s) {
  const u = a * c, [S, S1, S2] = sumS(b, s), [B, B1, B2] = sumB(b, s.length);
  const inU = u * B - S, inUb = u * B1 - S1;
  return [
    [c * c * B, c * inUb, inU + u * B],
    [c * inUb, u * ((u * B2) / 2 - S2), a * inUb],
    [inU + u * B, a * inUb, a * a * B],
  ];
}

// Largest eigenvalue of the Hessian: of a symmetric 3 x 3 matrix, in closed form.
export function sharpness(a, b, c, s) {
  const H = hessian(a, b, c, s), mean = (H[0][0] + H[1][1] + H[2][2]) / 3;
  let size = 0;
  const M = H.map((row, i) => row.map((x, j) => (i === j ? x - mean : x)));
  for (const row of M) for (const x of row) size += x * x;
  const scale = Math.sqrt(size / 6);
  if (scale === 0) return mean;
  const [[p, q, r], [, t, v], [, , w]] = M.map((row) => row.map((x) => x / scale));
  const half = (p * (t * w - v * v) - q * (q * w - v * r) + r * (q * v - t * r)) / 2;
  return mean + 2 * scale * Math.cos(Math.acos(Math.min(1, Math.max(-1, half))) / 3);
}

// ac(t) with b frozen. The arrangement is that of lrnn.exact.ac_exact: no terms of opposite sign meet.
export function acExact(t, a0, c0, S, B) {
  const sign = S < 0 ? -1 : 1;
  c0 *= sign;
  S *= sign;
  const u0 = a0 * c0, plus = (a0 + c0) ** 2, minus = (a0 - c0) ** 2;
  const offset = (B * Math.abs(a0 - c0) * Math.abs(a0 + c0)) / 2, D = Math.hypot(S, offset);
  const E = Math.exp(-2 * D * t), X = D > 0 ? -Math.expm1(-2 * D * t) / (2 * D) : t;
  const ratio = D > 0 ? S / D : 0, rest = D > 0 ? (offset / D) * (offset / (D + S)) : 1;
  const C = (1 + E) / 2, cPlus = (1 + ratio + E * rest) / 2, cMinus = (rest + E * (1 + ratio)) / 2;
  const bracket =
    (u0 >= 0 ? 2 * X * S * u0 + (C * (plus + minus)) / 2 : C * plus + 2 * Math.abs(u0) * cMinus) +
    (2 * X * offset ** 2) / B;
  const first = cPlus + (X * B * minus) / 2, second = cMinus + (X * B * plus) / 2;
  if (plus === 0) return (sign * u0 * E) / first;
  return (sign * (u0 * E + X * S * bracket)) / second / first;
}

// Rodas4 of Hairer and Wanner, Solving Ordinary Differential Equations II, IV.7: L-stable, order 4(3).
export const GAMMA = 0.25;
export const A = [
  [1.544],
  [0.9466785280815826, 0.2557011698983284],
  [3.314825187068521, 2.896124015972201, 0.9986419139977817],
  [1.221224509226641, 6.019134481288629, 12.53708332932087, -0.687886036105895],
];
export const C = [
  [-5.6688],
  [-2.430093356833875, -0.2063599157091915],
  [-0.1073529058151375, -9.594562251023355, -20.47028614809616],
  [7.496443313967647, -10.24680431464352, -33.99990352819905, 11.7089089320616],
  [8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054],
];

// States are (a + c, b, a - c): the outer two multiply their own velocities, so that a = c stays a = c.
function rates([p, b, m], s, printed) {
  const u = (p * p - m * m) / 4, [S, S1] = sumS(b, s), [B, B1] = sumB(b, s.length), drive = S - u * B;
  return [p * drive, printed ? (u / b) * drive : u * S1 - (u * u * B1) / 2, -m * drive];
}

function jacobian([p, b, m], s, printed) {
  const u = (p * p - m * m) / 4, [S, S1, S2] = sumS(b, s), [B, B1, B2] = sumB(b, s.length);
  const drive = S - u * B, slope = S1 - u * B1, byP = (-B * p) / 2, byM = (B * m) / 2;
  const row = printed
    ? [
        ((p / 2) * drive + u * byP) / b,
        (u * slope - (u * drive) / b) / b,
        ((-m / 2) * drive + u * byM) / b,
      ]
    : [(slope * p) / 2, u * S2 - (u * u * B2) / 2, (-slope * m) / 2];
  return [[drive + p * byP, p * slope, p * byM], row, [-m * byP, -m * slope, -drive - m * byM]];
}

function inverse([[a, b, c], [d, e, f], [g, h, i]]) {
  const M = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  const determinant = a * M[0][0] + b * M[1][0] + c * M[2][0];
  return M.map((row) => row.map((x) => x / determinant));
}

const times3 = (M, x) => M.map((r) => r[0] * x[0] + r[1] * x[1] + r[2] * x[2]);

function combine(weights, stages, start, scale) {
  return start.map((x, n) => x + scale * weights.reduce((sum, w, k) => sum + w * stages[k][n], 0));
}

function step(y, h, s, printed) {
  const system = jacobian(y, s, printed).map((row, i) =>
    row.map((x, j) => (i === j ? 1 / (h * GAMMA) : 0) - x),
  );
  const M = inverse(system), stages = [times3(M, rates(y, s, printed))];
  let argument;
  for (let n = 0; n < 4; n++) {
    argument = combine(A[n], stages, y, 1);
    stages.push(times3(M, combine(C[n], stages, rates(argument, s, printed), 1 / h)));
  }
  argument = argument.map((x, n) => x + stages[4][n]);
  const error = times3(M, combine(C[4], stages, rates(argument, s, printed), 1 / h));
  return [argument.map((x, n) => x + error[n]), error];
}

// From y at time 0 through every time of `times`; visit(t, y, k) after each accepted step, with k the
// number of times passed, which may return true to stop. `reach` bounds what b and ac may change in one step.
// Returns whether it got through.
function integrate(y, s, times, { rtol = 1e-8, printed = false, reach = Infinity }, visit) {
  const atol = 1e-3 * rtol, end = times[times.length - 1];
  const speed = Math.max(...rates(y, s, printed).map((f, n) => Math.abs(f) / (atol + rtol * Math.abs(y[n]))));
  let now = 0, k = 0, h = Math.min(end || 1, 0.1 / Math.max(speed * rtol ** 0.75, 1e-300));
  while (k < times.length && now >= times[k]) visit(now, y, ++k);
  for (let count = 0; k < times.length; count++) {
    if (count > 200000 || !(h > 1e-15 * Math.max(now, 1e-30)) || !y.every(Number.isFinite)) return false;
    const left = times[k] - now, used = Math.min(h, left), [next, error] = step(y, used, s, printed);
    let size = 0;
    for (let n = 0; n < 3; n++)
      size += (error[n] / (atol + rtol * Math.max(Math.abs(y[n]), Math.abs(next[n])))) ** 2 / 3;
    size = Math.sqrt(size);
    if (!(Number.isFinite(size) && next.every(Number.isFinite))) size = Infinity;
    const moved = Math.max(
      Math.abs(next[1] - y[1]),
      Math.abs(next[0] ** 2 - next[2] ** 2 - y[0] ** 2 + y[2] ** 2) / 4,
    );
    if (moved > reach) size = Math.max(size, (1.1 * moved) / reach);
    const proposal = used * Math.min(6, Math.max(0.1, 0.9 * Math.max(size, 1e-12) ** -0.25));
    if (size <= 1) {
      // A step cut short to end on a requested time says nothing against a longer one.
      h = used < h ? Math.max(proposal, h) : proposal;
      now = used >= left ? times[k] : now + used;
      y = next;
      while (now >= times[k]) k++;
      if (visit(now, y, k)) return true;
    } else h = proposal;
  }
  return true;
}

const sums = (a, b, c) => [a + c, b, a - c];
const modesOf = ([p, b, m]) => [(p + m) / 2, b, (p - m) / 2];

// The modes at the requested times; NaN from where the solution could not be continued.
export function flow(a0, b0, c0, s, times, options = {}) {
  const rows = times.map(() => [NaN, NaN, NaN]);
  let filled = 0;
  const through = integrate(sums(a0, b0, c0), s, times, options, (_, y, k) => {
    while (filled < k) rows[filled++] = modesOf(y);
  });
  const [a, b, c] = [0, 1, 2].map((n) => rows.map((row) => row[n]));
  return { t: times, a, b, c, diverged: !through };
}

export const printedFlow = (a0, b0, c0, s, times, options = {}) =>
  flow(a0, b0, c0, s, times, { ...options, printed: true });

// Every accepted step up to the time `end`, or until inside(b, u) says no.
export function path(a0, b0, c0, s, end, options = {}) {
  const result = { t: [0], a: [a0], b: [b0], c: [c0] };
  const record = (t, y) => {
    const [a, b, c] = modesOf(y);
    result.t.push(t), result.a.push(a), result.b.push(b), result.c.push(c);
    return options.inside && !options.inside(b, a * c);
  };
  result.diverged = !integrate(sums(a0, b0, c0), s, [end], { rtol: 1e-6, ...options }, record);
  return result;
}

// The time at which the energy of a path falls below a level: from the step before, by bisection.
export function timeTo(level, track, s, options = {}) {
  const below = track.t.findIndex((_, n) => energy(track.a[n], track.b[n], track.c[n], s) < level);
  if (below < 1) return below ? Infinity : 0;
  const n = below - 1, mode = [track.a[n], track.b[n], track.c[n]];
  let low = 0, high = track.t[below] - track.t[n];
  for (let count = 0; count < 40; count++) {
    const middle = (low + high) / 2, { a, b, c } = flow(...mode, s, [middle], options);
    if (energy(a[0], b[0], c[0], s) < level) high = middle;
    else low = middle;
  }
  return track.t[n] + high;
}

// Gradient descent with a fixed learning rate: the modes after every step, up to where they overflow.
export function descend(a, b, c, s, rate, steps) {
  const run = [[a, b, c]];
  for (let n = 0; n < steps; n++) {
    const d = velocity(a, b, c, s);
    [a, b, c] = [a + rate * d[0], b + rate * d[1], c + rate * d[2]];
    if (!Number.isFinite(energy(a, b, c, s))) break;
    run.push([a, b, c]);
  }
  return run;
}

// Critical points with b between `low` and `high`, from sign changes on a grid that is even in arctan b.
// A scan: two roots in one of its cells are missed. lrnn.landscape.critical_points misses none.
export function criticalPoints(s, low = -20, high = 20, cells = 4000) {
  const floor = (b) => {
    const [S, S1] = sumS(b, s), [B, B1] = sumB(b, s.length);
    return 2 * S1 * B - S * B1;
  };
  const roots = (f) => {
    const found = [], from = Math.atan(low), width = (Math.atan(high) - from) / cells;
    for (let n = 0, right = f(low), b = low; n < cells; n++) {
      let x = b, y = Math.tan(from + (n + 1) * width);
      const left = right;
      b = y;
      right = f(y);
      if (right === 0) found.push(y);
      if (!(left * right < 0)) continue;
      for (let k = 0; k < 60; k++) {
        const middle = (x + y) / 2;
        if (f(middle) * left > 0) x = middle;
        else y = middle;
      }
      found.push((x + y) / 2);
    }
    return found;
  };
  const onFloor = roots(floor).map((b) => {
    const u = betaS(b, s) / betaB(b, s.length), H = hessian(u, b, 1, s);
    const kind = H[0][0] * H[1][1] > H[0][1] ** 2 ? "minimum" : "saddle";
    return { b, u, energy: reducedEnergy(b, s), kind };
  });
  const onLine = roots((b) => betaS(b, s)).map((b) => ({ b, u: 0, energy: energy(0, b, 1, s), kind: "saddle" }));
  return [...onFloor, ...onLine].sort((p, q) => p.b - q.b);
}

// The starts of balanced modes that the flow takes to a saddle, found backwards in time, as two branches.
// A common factor |u| is divided out, which changes speeds but no path.
export function stableManifold(s, { b, u }, length = 2, steps = 300) {
  const h = length / steps;
  const direction = (side, [b, u]) => {
    const [S, S1] = sumS(b, s), [B, B1] = sumB(b, s.length);
    const db = side * (S1 - (u * B1) / 2), du = 2 * (S - u * B), size = Math.hypot(db, du);
    return [-db / size, -du / size];
  };
  const move = ([b, u], [db, du], h) => [b + h * db, u + h * du];
  const branch = (x, side) => {
    const points = [x];
    for (let n = 0; n < steps; n++) {
      const k1 = direction(side, x), k2 = direction(side, move(x, k1, h / 2));
      const k3 = direction(side, move(x, k2, h / 2)), k4 = direction(side, move(x, k3, h));
      x = move(x, [0, 1].map((i) => k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]), h / 6);
      if (!x.every(Number.isFinite) || side * x[1] < 0) break;
      points.push(x);
    }
    return points;
  };
  if (u === 0) return [branch([b, 0], -1).reverse(), branch([b, 0], 1)];
  const H = hessian(u, b, 1, s), speed = 2 * Math.abs(u);
  const [[p, q], [r, t]] = [[-H[1][1], -H[0][1]], [-speed * H[0][1], -speed * H[0][0]]];
  const rate = (p + t) / 2 - Math.sqrt(((p - t) / 2) ** 2 + q * r);
  const vector = Math.abs(q) > Math.abs(r) ? [q, rate - p] : [rate - t, r], size = Math.hypot(...vector);
  const start = (sign) => [b, u].map((x, n) => x + (sign * Math.min(1e-4, h) * vector[n]) / size);
  return [branch(start(-1), Math.sign(u)).reverse(), branch(start(1), Math.sign(u))];
}
