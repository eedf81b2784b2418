"""A stiff integrator for many small autonomous systems at once, each with its own step size.

Rodas4 of Hairer and Wanner (*Solving Ordinary Differential Equations II*, section IV.7): a
Rosenbrock method of order 4 with an embedded estimate of order 3, L-stable, six stages, one
Jacobian a step and no Newton iteration.
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
_MOST_STEPS = 200_000


def _inverse(M):
    """Inverses of matrices (N, 2, 2) or (N, 3, 3); a singular one gives inf or NaN, not an error."""
    if M.shape[1] == 2:
        (a, b), (c, d) = M.transpose(1, 2, 0)
        adjugate = np.array([[d, -b], [-c, a]])
        determinant = a * d - b * c
    else:
        (a, b, c), (d, e, f), (g, h, i) = M.transpose(1, 2, 0)
        adjugate = np.array(
            [
                [e * i - f * h, c * h - b * i, b * f - c * e],
                [f * g - d * i, a * i - c * g, c * d - a * f],
                [d * h - e * g, b * g - a * h, a * e - b * d],
            ]
        )
        determinant = a * adjugate[0, 0] + b * adjugate[1, 0] + c * adjugate[2, 0]
    return (adjugate / determinant).transpose(2, 0, 1)


def _combine(weights, stages):
    return sum(w * k for w, k in zip(weights, stages))


def _step(derivative, jacobian, y, h, which):
    """One step from y (N, n) with steps h (N,): the new state and the error estimate."""
    f = derivative(y, which)
    system = -jacobian(y, which)
    diagonal = np.arange(y.shape[1])
    system[:, diagonal, diagonal] += 1 / (h[:, None] * _GAMMA)
    inverse = _inverse(system)

    def solve(right):
        return np.einsum("nij,nj->ni", inverse, right)

    stages = [solve(f)]
    for a, c in zip(_A, _C):
        argument = y + _combine(a, stages)
        stages.append(solve(derivative(argument, which) + _combine(c, stages) / h[:, None]))
    # The fifth stage and the error are corrections added to the last argument (stiffly accurate).
    argument = argument + stages[-1]
    error = solve(derivative(argument, which) + _combine(_C[4], stages) / h[:, None])
    return argument + error, error


def integrate(derivative, jacobian, y0, t, rtol, atol):
    """Integrate N systems of n equations from time 0 to each of the times t.

    `derivative(y, which)` maps states (M, n) of the systems numbered `which` (M,) to (M, n), and
    `jacobian` to (M, n, n). Steps end on the requested times, so that nothing is interpolated.

    Returns the states, shape (K, N, n), NaN from where a system could not be continued, and a
    boolean array (N,) that marks those systems.
    """
    N, n = y0.shape
    states = np.full((len(t), N, n), np.nan)
    failed = np.zeros(N, dtype=bool)
    which = np.arange(N)
    y, now, target = y0.copy(), np.zeros(N), np.zeros(N, dtype=int)
    with np.errstate(all="ignore"):
        speed = np.abs(derivative(y, which) / (atol + rtol * np.abs(y))).max(axis=1)
        h = np.minimum(t[-1] or 1.0, 0.1 / np.maximum(speed * rtol**0.75, 1e-300))
        h = np.where(np.isfinite(h), h, 1.0)
        for _ in range(_MOST_STEPS):
            reached = now >= t[np.minimum(target, len(t) - 1)]
            states[target[reached], which[reached]] = y[reached]
            target = target + reached
            lost = ~np.isfinite(y).all(axis=1) | (h < 1e-15 * np.maximum(now, 1e-30))
            failed[which[lost]] = True
            going = ~lost & (target < len(t))
            if not going.all():
                which, y, now, target, h = (v[going] for v in (which, y, now, target, h))
            if not len(which):
                return states, failed
            left = t[target] - now
            step = np.minimum(h, left)
            new, error = _step(derivative, jacobian, y, step, which)
            scale = atol + rtol * np.maximum(np.abs(y), np.abs(new))
            size = np.sqrt(np.mean((error / scale) ** 2, axis=1))
            size = np.where(np.isfinite(size) & np.isfinite(new).all(axis=1), size, np.inf)
            accepted = size <= 1
            proposal = step * np.clip(0.9 * np.maximum(size, 1e-12) ** -0.25, 0.1, 6.0)
            # A step cut short to end on a requested time says nothing against a longer one.
            h = np.where(accepted & (step < h), np.maximum(proposal, h), proposal)
            y = np.where(accepted[:, None], new, y)
            now = np.where(accepted, np.where(step >= left, t[target], now + step), now)
    failed[which] = True
    return states, failed
