"""The book's statements derived by SymPy.

Matrices are noncommutative symbols; a transpose is a symbol of its own, paired by :func:`transpose`.
"""

import operator
from functools import reduce

import sympy as sp

a, b, c = sp.symbols("a b c", real=True)
u, beta_s, beta_b = sp.symbols("u beta_s beta_b", real=True)
t = sp.Symbol("t", nonnegative=True)
tau, u_0 = sp.symbols("tau u_0", positive=True)
W_x, W_h, W_y = sp.symbols("W_x W_h W_y", commutative=False)
_TRANSPOSES = {W: sp.Symbol(f"{W.name}^T", commutative=False) for W in (W_x, W_h, W_y)}
_TRANSPOSES |= {T: W for W, T in _TRANSPOSES.items()}


def singular_values(T):
    """The symbols s_1, ..., s_T.

    Parameters
    ----------
    T : int
        Trajectory length in time steps.

    Returns
    -------
    tuple of sympy.Symbol
    """
    return sp.symbols(f"s_1:{T + 1}", real=True)


def residuals(T):
    r"""Noncommutative symbols Delta_1, ..., Delta_T for :math:`\Delta_i = \Sigma^{YX_i} - W_y W_h^{T-i} W_x`.

    Parameters
    ----------
    T : int
        Trajectory length in time steps.

    Returns
    -------
    tuple of sympy.Symbol
    """
    return sp.symbols(f"Delta_1:{T + 1}", commutative=False)


def transpose(symbol):
    """The symbol of a weight matrix's transpose.

    Parameters
    ----------
    symbol : sympy.Symbol
        W_x, W_h, W_y or the transpose of one.

    Returns
    -------
    sympy.Symbol
    """
    return _TRANSPOSES[symbol]


def unrolled_state(steps):
    r"""Run :math:`h_{t+1} = W_h h_t + W_x x_t` from :math:`h_1 = 0` and expand.

    Parameters
    ----------
    steps : int
        How many inputs x_1, x_2, ... are fed in.

    Returns
    -------
    sympy.Expr
        :math:`h_{\mathrm{steps}+1}`, a polynomial in the noncommuting W_h, W_x and x_i.

    Notes
    -----
    Claim C01.
    """
    h = sp.Integer(0)
    for x in sp.symbols(f"x_1:{steps + 1}", commutative=False):
        h = sp.expand(W_h * h + W_x * x)
    return h


def _factors(term):
    """The noncommuting factors of a product, powers written out."""
    return [base for f in term.args_cnc()[1] for base in [f.as_base_exp()[0]] * int(f.as_base_exp()[1])]


def matrix_gradients(T):
    r"""Minus the gradient of :math:`L = \tfrac12 \sum_i \|\Delta_i\|^2` in each weight matrix.

    Each matrix W is varied to W + eps dW. A term A dW B of the response's first variation changes
    L by :math:`-\mathrm{tr}(\Delta_i^\top A\,dW\,B)`, so it adds :math:`A^\top \Delta_i B^\top` to the
    descent direction.

    Parameters
    ----------
    T : int
        Trajectory length in time steps.

    Returns
    -------
    dict of sympy.Symbol to sympy.Expr
        For W_x, W_h and W_y, tau dW/dt in terms of the weights, their transposes and Delta_1..Delta_T.
        The response to step i has T - i factors W_h, hence T - i terms with Delta_i under W_h.
    """
    eps, dW = sp.Symbol("eps"), sp.Symbol("dW", commutative=False)
    descent = {}
    for W in (W_x, W_h, W_y):
        terms = []
        for i, Delta in enumerate(residuals(T), start=1):
            varied = sp.expand((W_y * W_h ** (T - i) * W_x).subs(W, W + eps * dW))
            for term in sp.Add.make_args(varied.coeff(eps, 1)):
                factors = _factors(term)
                if dW in factors:
                    at = factors.index(dW)
                    before, after = factors[:at], factors[at + 1 :]
                    terms.append(
                        sp.Mul(*map(transpose, reversed(before)), Delta, *map(transpose, reversed(after)))
                    )
        descent[W] = sp.Add(*terms)
    return descent


def decouple(expression, T):
    """One mode of a matrix expression: its diagonal entry when all matrices share diagonal bases.

    Diagonal matrices commute, so terms that differ only in the order of factors merge.

    Parameters
    ----------
    expression : sympy.Expr
        In the symbols of :func:`matrix_gradients`.
    T : int
        Trajectory length in time steps.

    Returns
    -------
    sympy.Expr
        In a, b, c and s_1..s_T.
    """
    modes = {W_x: a, W_h: b, W_y: c}
    values = modes | {transpose(W): mode for W, mode in modes.items()}
    for i, (R, s_i) in enumerate(zip(residuals(T), singular_values(T)), start=1):
        values[R] = s_i - c * b ** (T - i) * a
    return sp.Add(
        *(sp.Mul(*(values[f] for f in _factors(term))) for term in sp.Add.make_args(expression) if term != 0)
    )


def mode_equations(T):
    """Right-hand sides of tau da/dt, tau db/dt, tau dc/dt, decoupled from the matrix gradients.

    Parameters
    ----------
    T : int
        Trajectory length in time steps.

    Returns
    -------
    dict of sympy.Symbol to sympy.Expr
    """
    return {mode: decouple(descent, T) for mode, descent in zip((a, b, c), matrix_gradients(T).values())}


def energy(T):
    r"""The energy of one mode, :math:`\tfrac12 \sum_i (s_i - c\,b^{T-i} a)^2`.

    Parameters
    ----------
    T : int
        Trajectory length in time steps.

    Returns
    -------
    sympy.Expr
        In a, b, c and s_1..s_T.
    """
    return sp.Add(*((s - c * b ** (T - i) * a) ** 2 for i, s in enumerate(singular_values(T), 1))) / 2


def regulariser(T=None):
    r"""The part of the energy that is quadratic in u, :math:`\tfrac12 u^2 \sum_{k=0}^{T-1} b^{2k}`, summed.

    Parameters
    ----------
    T : sympy.Symbol or int, optional
        Trajectory length; a positive integer symbol T when left out.

    Returns
    -------
    sympy.Expr
        Piecewise in b: T u**2 / 2 at b**2 = 1.
    """
    k = sp.Symbol("k", integer=True)
    T = sp.Symbol("T", integer=True, positive=True) if T is None else sp.sympify(T)
    # Summed in x = b**2, for SymPy does not see that b**(2 k) is a geometric series.
    x = sp.Symbol("x", nonnegative=True)
    return sp.simplify(u**2 / 2 * sp.summation(x**k, (k, 0, T - 1))).subs(x, b**2)


def regulariser_limit():
    r"""The regulariser as T tends to infinity, for :math:`|b| < 1`.

    Returns
    -------
    sympy.Expr
        Even in b, like every regulariser of finite T, so that deriving it for 0 < b < 1 is enough.
    """
    T, decay = sp.Symbol("T", integer=True, positive=True), sp.Symbol("decay", positive=True)
    # b = exp(-decay) with decay > 0 lets SymPy see that b**(2 T) vanishes.
    finite = regulariser(T).args[-1].expr.subs(b, sp.exp(-decay))
    return sp.simplify(sp.limit(finite, T, sp.oo).subs(decay, -sp.log(b)))


def u_equation():
    r"""The equation of u = ac with a = c: product rule, then c = a, then :math:`a^2 = u`.

    Returns
    -------
    sympy.Eq
        In the function u(t), with beta_s and beta_b constant (b frozen).
    """
    force = beta_s - a * c * beta_b
    da, dc = c * force / tau, a * force / tau
    right = sp.expand((c * da + a * dc).subs(c, a)).subs(a**4, u**2).subs(a**2, u)
    U = sp.Function("u")(t)
    return sp.Eq(U.diff(t), sp.factor(right).subs(u, U))


def u_solution():
    r"""Solve :func:`u_equation` from u(0) = u_0: the substitution z = 1/u makes it linear.

    Returns
    -------
    sympy.Expr
        u(t) in t, tau, u_0, beta_s and beta_b.
    """
    equation = u_equation()
    U = equation.lhs.args[0]
    z = sp.Function("z")(t)
    linear = sp.expand(sp.solve(equation.subs(U, 1 / z).doit(), z.diff(t))[0])
    solution = sp.dsolve(sp.Eq(z.diff(t), linear), z, ics={z.subs(t, 0): 1 / u_0}).rhs
    return sp.simplify(1 / solution)


def evaluate(expression, values):
    """Put numerical matrices in place of the noncommuting symbols.

    Parameters
    ----------
    expression : sympy.Expr
        A polynomial in noncommuting symbols.
    values : dict of sympy.Symbol to ndarray
        The matrix for each symbol.

    Returns
    -------
    ndarray
    """
    total = 0
    for term in sp.Add.make_args(expression):
        matrices = [values[factor] for factor in _factors(term)]
        total = total + float(sp.Mul(*term.args_cnc()[0])) * reduce(operator.matmul, matrices)
    return total
