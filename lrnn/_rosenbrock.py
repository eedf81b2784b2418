"""A stiff integrator for many small autonomous systems at once, each with its own step size.

Rodas4 of Hairer and Wanner (*Solving Ordinary Differential Equations II*, section IV.7): a
Rosenbrock method of order 4 with an embedded estimate of order 3, L-stable, six stages, one
Jacobian a step and no Newton iteration. The axis of the systems comes last, so that all of the
arithmetic runs along contiguous memory.
"""

import numpy as np

_GAMMA = 0.25
# Row i: the weights of k_1..k_i in the argument of stage i + 1, and, over h, in its right-hand side.
_A = (
    (1.544,),
    (0.9466785280815826, 0.2557011698983284),
    (3.314825187068521, 2.896124015972201, 0.9986419139977817),
    (1.221224509226641, 6.019134481288629, 12.53708332932087, -0.6878860361058950),
)
_C = (
    (-5.6688,),
    (-2.430093356833875, -0.2063599157091915),
    (-0.1073529058151375, -9.594562251023355, -20.47028614809616),
    (7.496443313967647, -10.24680431464352, -33.99990352819905, 11.70890893206160),
    (8.083246795921522, -7.981132988064893, -31.52159432874371, 16.31930543123136, -6.058818238834054),
)
# Dense output: the two rows of weights of k_1..k_5 beyond linear interpolation.
_D = (
    (10.12623508344586, -7.487995877610167, -34.80091861555747, -7.992771707568823, 1.025137723295662),
    (-0.6762803392801253, 6.087714651680015, 16.43084320892478, 24.76722511418386, -6.594389125716872),
)
_A, _C = ([np.array(row) for row in rows] for rows in (_A, _C))
_D = np.array(_D)
_MOST_STEPS = 50_000
_ROUNDS_BETWEEN = 4  # looking whether a system needs to go on costs about as much as a step
# Systems worked on at a time: few enough for their arrays to stay in cache, enough to hide what a call costs.
TOGETHER = 1024


def _inverse(M):
    """Inverses of matrices (2, 2, N) or (3, 3, N); a singular one gives inf or NaN, not an error."""
    if len(M) == 2:
        (a, b), (c, d) = M
        adjugate = np.array([[d, -b], [-c, a]])
        determinant = a * d - b * c
    else:
        (a, b, c), (d, e, f), (g, h, i) = M
        adjugate = np.array(
            [
                [e * i - f * h, c * h - b * i, b * f - c * e],
                [f * g - d * i, a * i - c * g, c * d - a * f],
                [d * h - e * g, b * g - a * h, a * e - b * d],
            ]
        )
        determinant = a * adjugate[0, 0] + b * adjugate[1, 0] + c * adjugate[2, 0]
    return adjugate / determinant


def _step(derivative, jacobian, y, h, which):
    """One step from y (n, N) with steps h (N,): the new state, the estimated error, the stages."""
    n = len(y)
    system = -jacobian(y, which)
    diagonal = np.arange(n)
    system[diagonal, diagonal] += 1 / (h * _GAMMA)
    columns = _inverse(system).transpose(1, 0, 2)
    stages = np.empty((5, *y.shape))

    def solve(right):
        return sum(column * row for column, row in zip(columns, right))

    def combine(weights):
        return np.tensordot(weights, stages[: len(weights)], axes=1)

    stages[0] = solve(derivative(y, which))
    for k, (a, c) in enumerate(zip(_A, _C), 1):
        argument = y + combine(a)
        stages[k] = solve(derivative(argument, which) + combine(c) / h)
    # The fifth stage and the error are corrections added to the last argument (stiffly accurate).
    argument = argument + stages[4]
    error = solve(derivative(argument, which) + combine(_C[4]) / h)
    return argument + error, error, stages


def _first_step(derivative, y, which, end, rtol, atol):
    speed = np.abs(derivative(y, which) / (atol + rtol * np.abs(y))).max(axis=0)
    h = np.minimum(end or 1.0, 0.1 / np.maximum(speed * rtol**0.75, 1e-300))
    return np.where(np.isfinite(h), h, 1.0)


def integrate(derivative, jacobian, y0, t, rtol, atol, enough=None):
    """Integrate N systems of n equations from time 0 to each of the times t.

    `derivative(y, which)` maps states (n, M) of the systems numbered `which` (M,) to (n, M), and
    `jacobian` to (n, n, M); `which` stays the same object for as long as the systems do. Steps stop
    at the last requested time only: what lies between is the method's own dense output, of order 3.
    A system that is done makes room for one that waits. `enough(y, which)`, when given, is asked every
    few steps which systems need not be followed to the end; their later states stay NaN.

    Returns the states, shape (K, n, N), NaN from where a system could not be continued, and a
    boolean array (N,) that marks those systems.
    """
    n, N = y0.shape
    atol = np.broadcast_to(atol, y0.shape)
    end, states = t[-1], np.full((len(t), n, N), np.nan)
    states[t == 0] = y0
    failed, rounds = np.zeros(N, dtype=bool), 0
    waiting, which, y, (now, h, count) = 0, np.arange(0), np.empty((n, 0)), np.empty((3, 0))
    with np.errstate(all="ignore"):
        while end > 0:
            unfinished = now < end
            stuck = ~np.isfinite(y).all(axis=0) | (now + h == now) | (count > _MOST_STEPS)
            going, lost = unfinished & ~stuck, unfinished & stuck
            rounds += 1
            if enough is not None and (rounds % _ROUNDS_BETWEEN == 0 or not going.all()):
                going &= ~enough(y, which)
            if not going.all():
                failed[which[lost]] = True
                y = y[:, going]
                which, now, h, count = (v[going] for v in (which, now, h, count))
            if waiting < N and len(which) <= 3 * TOGETHER // 4:
                new = np.arange(waiting, min(N, waiting + TOGETHER - len(which)))
                waiting = new[-1] + 1
                which, y = np.r_[which, new], np.concatenate([y, y0[:, new]], axis=1)
                h = np.r_[h, _first_step(derivative, y0[:, new], new, end, rtol, atol[:, new])]
                now, count = (np.r_[v, np.zeros(len(new))] for v in (now, count))
            if not len(which):
                break
            left = end - now
            step = np.minimum(h, left)
            new, error, stages = _step(derivative, jacobian, y, step, which)
            scale = atol[:, which] + rtol * np.maximum(np.abs(y), np.abs(new))
            size = np.sqrt(np.mean((error / scale) ** 2, axis=0))
            size = np.where(np.isfinite(size) & np.isfinite(new).all(axis=0), size, np.inf)
            accepted = size <= 1
            later = np.where(accepted, np.where(step >= left, end, now + step), now)
            first, last = np.searchsorted(t, (now, later), side="right")
            if (last > first).any():
                _report(states, t, first, last, now, step, y, new, stages, which)
            h = step * np.clip(0.9 * np.maximum(size, 1e-12) ** -0.25, 0.1, 6.0)
            y, now, count = np.where(accepted, new, y), later, count + 1
    return states, failed


def _report(states, t, first, last, now, step, y, new, stages, which):
    """Write the states at those of the times t, numbered first to last - 1, that each step passed."""
    many = last - first
    system = np.repeat(np.arange(len(many)), many)
    k = np.arange(len(system)) - np.repeat(np.cumsum(many) - many, many) + first[system]
    x = np.where(k == len(t) - 1, 1.0, (t[k] - now[system]) / step[system])
    old, change = y[:, system], (new - y)[:, system]
    bend, twist = np.tensordot(_D, stages[:, :, system], axes=1)
    states[k, :, which[system]] = (old + x * (change + (1 - x) * (bend + x * twist))).T
