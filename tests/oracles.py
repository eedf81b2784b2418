"""Evidence that shares no code with the package: the defining sums written out term by term.

The sums take any Python number. A Fraction makes them exact, a complex number gives derivatives by the
complex step, which has no cancellation.
"""

from fractions import Fraction

import numpy as np
from hypothesis import strategies as st
from mpmath import mp, mpf
from scipy.integrate import solve_ivp

TINY = 1e-40

# Modes and singular values, with the special values that random floats miss.
modes = st.sampled_from([0.0, 1.0, -1.0, 0.5]) | st.floats(-2, 2, allow_subnormal=False)
sequences = st.lists(modes, min_size=1, max_size=12)


def responses(a, b, c, T):
    return [c * b ** (T - i) * a for i in range(1, T + 1)]


def beta_s(b, s):
    T = len(s)
    return sum(b ** (T - i) * s[i - 1] for i in range(1, T + 1))


def beta_b(b, T):
    return sum(b ** (2 * (T - i)) for i in range(1, T + 1))


def energy(a, b, c, s):
    return sum((s_i - m) ** 2 for s_i, m in zip(s, responses(a, b, c, len(s)))) / 2


def descent(a, b, c, s):
    """Minus the gradient, differentiated by hand; checked against the complex step in test_modes."""
    T = len(s)
    terms = [(T - i, s[i - 1], s[i - 1] - c * b ** (T - i) * a) for i in range(1, T + 1)]
    return (
        sum(c * b**k * r for k, _, r in terms),
        sum(k * c * b ** (k - 1) * a * r for k, _, r in terms if k),
        sum(a * b**k * r for k, _, r in terms),
    )


def slopes(f, *point):
    """All partial derivatives of an analytic function by the complex step."""
    result = []
    for k in range(len(point)):
        moved = [complex(x, TINY * (j == k)) for j, x in enumerate(point)]
        value = f(*moved)
        result.append(np.imag(value) / TINY)
    return np.array(result)


def magnitude(a, b, c, s):
    """Sums of the absolute values of the terms in the gradient: what rounding errors scale with."""
    return np.abs(descent(abs(a), abs(b), abs(c), [-abs(x) for x in s]))


def exact(values):
    return [Fraction(float(x)) for x in np.ravel(values)]


def scipy_flow(a0, b0, c0, s, t, *, method="Radau", freeze_b=False, rtol=1e-10, atol=1e-13):
    """States (3, K) of the mode equations, by SciPy."""
    s = np.asarray(s, dtype=float)
    k = np.arange(len(s) - 1.0, -1.0, -1.0)

    def velocity(_, y):
        a, b, c = y
        residual = s - c * b**k * a
        lowered = k * b ** np.maximum(k - 1, 0)
        db = 0.0 if freeze_b else np.sum(lowered * c * a * residual)
        return np.array([np.sum(c * b**k * residual), db, np.sum(a * b**k * residual)])

    def jacobian(_, y):
        return slopes(lambda *mode: velocity(0, mode), *y).T

    solution = solve_ivp(
        velocity, (0, t[-1]), [a0, b0, c0], method=method, t_eval=t, rtol=rtol, atol=atol, jac=jacobian
    )
    assert solution.success, solution.message
    return solution.y


def ac_high_precision(t, a0, c0, beta_s, beta_b, tau=1.0):
    """u(t) with b frozen, to 100 digits: half the difference of v+ = (a+c)^2/2 and v- = (a-c)^2/2.

    v+ and v- obey tau v' = +-2 beta_s v - beta_b v^2 + beta_b d^2 / 4. With v = p / q the pair (p, q)
    obeys a linear equation, whose solution is a 2 x 2 matrix exponential.
    """
    with mp.workdps(100):
        t, a0, c0, beta_s, beta_b, tau = (mpf(float(x)) for x in (t, a0, c0, beta_s, beta_b, tau))
        d = a0**2 - c0**2
        rate = mp.sqrt(beta_s**2 + beta_b**2 * d**2 / 4)
        grow, fade = mp.exp(rate * t / tau) / 2, mp.exp(-rate * t / tau) / 2
        halves = []
        for signal in (beta_s, -beta_s):
            v = (a0 + c0) ** 2 / 2 if signal is beta_s else (a0 - c0) ** 2 / 2
            slope_p, slope_q = signal * v + beta_b * d**2 / 4, beta_b * v - signal
            if rate:
                p = grow * (v + slope_p / rate) + fade * (v - slope_p / rate)
                q = grow * (1 + slope_q / rate) + fade * (1 - slope_q / rate)
            else:
                p, q = v + slope_p * t / tau, 1 + slope_q * t / tau
            halves.append(p / q)
        return (halves[0] - halves[1]) / 2


def network_output(W_x, W_h, W_y, x):
    """The recursion on raw trajectories (P, T, N_x), one at a time."""
    outputs = []
    for trajectory in x:
        h = np.zeros(len(W_h))
        for x_t in trajectory:
            h = W_h @ h + W_x @ x_t
        outputs.append(W_y @ h)
    return np.array(outputs)


def squared_error(W_x, W_h, W_y, x, y):
    """Half the squared error; no conjugate, so that the complex step may pass through."""
    return np.sum((y - network_output(W_x, W_h, W_y, x)) ** 2) / 2


def network_slopes(matrices, x, y):
    """Gradient of `squared_error` in every entry of every matrix."""
    gradients = []
    for which, W in enumerate(matrices):
        gradient = np.zeros(W.shape)
        for entry in np.ndindex(W.shape):
            moved = [M.astype(complex) for M in matrices]
            moved[which][entry] += 1j * TINY
            gradient[entry] = np.imag(squared_error(*moved, x, y)) / TINY
        gradients.append(gradient)
    return gradients


def orthonormal(rows, columns, rng):
    return np.linalg.qr(rng.standard_normal((rows, columns)))[0]
