"""Real roots of a polynomial with float coefficients, isolated without rounding.

A float is a fraction, so the polynomial is an integer one, and Descartes' rule of signs on halved
intervals (Collins and Akritas) counts its roots exactly. The eigenvalues of a companion matrix do
not: near a double root they cannot tell two real roots from a complex pair.

Polynomials are lists of integers, lowest power first.
"""

import itertools
import math
from fractions import Fraction

# Intervals this narrow that still seem to hold several roots hint at a repeated one, on which
# halving would never end: the polynomial is then split into parts with simple roots.
_DEPTH = 70


class _Repeated(Exception):
    pass


def integer_polynomial(coefficients):
    """The polynomial, scaled by a positive number, in integers."""
    exact = [Fraction(c) for c in coefficients]
    scale = math.lcm(*(c.denominator for c in exact))
    return [int(c * scale) for c in exact]


def multiply(p, q):
    """Product of two polynomials."""
    result = [0] * (len(p) + len(q) - 1)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            result[i + j] += a * b
    return result


def differentiate(p):
    """Derivative of a polynomial."""
    return [k * c for k, c in enumerate(p)][1:] or [0]


def real_roots(p):
    """All real roots in ascending order, each with whether the polynomial changes sign there.

    The zero polynomial has no isolated root and must not be given. A root beyond the range of
    floats raises OverflowError.
    """
    p = list(p)
    while p[-1] == 0:
        p.pop()
    try:
        return sorted(_roots(p, _DEPTH))
    except _Repeated:
        parts = enumerate(_square_free_parts(p), start=1)
        return sorted((x, m % 2 == 1) for m, part in parts for x, _ in _roots(part, math.inf))


def _roots(p, depth):
    found = []
    zeros = next(k for k, c in enumerate(p) if c)
    if zeros:
        found.append((0.0, zeros % 2 == 1))
        p = p[zeros:]
    for side in (1, -1):
        q = [c * side**k for k, c in enumerate(p)]
        rest, odd = q, False
        while sum(rest) == 0:
            rest, odd = _divide_by_x_minus_1(rest), not odd
        if len(rest) < len(q):
            found.append((float(side), odd))
        found += [(side * x, odd) for x, odd in _in_unit_interval(rest, depth)]
        for x, odd in _in_unit_interval(rest[::-1], depth):
            if x == 0 or math.isinf(1 / x):
                raise OverflowError("a root exceeds the range of floats")
            found.append((side / x, odd))
    return found


def _primitive(p):
    p = list(p)
    while p and p[-1] == 0:
        p.pop()
    content = math.gcd(*p)
    return [c // content for c in p]


def _divide(p, d):
    """Quotient of p by d, which must divide it."""
    p, quotient = list(p), []
    while len(p) >= len(d):
        quotient.append(p[-1] // d[-1])
        for k in range(len(d)):
            p[len(p) - len(d) + k] -= quotient[-1] * d[k]
        p.pop()
    return quotient[::-1]


def _common_divisor(p, q):
    """Greatest common divisor of two polynomials, by Euclid's algorithm on integers."""
    p, q = _primitive(p), _primitive(q)
    while q:
        while len(p) >= len(q):
            lead, shift = p[-1], len(p) - len(q)
            p = [c * q[-1] for c in p]
            for k in range(len(q)):
                p[shift + k] -= lead * q[k]
            p.pop()
            p = _primitive(p) if any(p) else []
        p, q = q, p
    return p


def _square_free_parts(p):
    """Polynomials w_1, w_2, ... of simple roots, w_m holding the roots of multiplicity m (Yun)."""
    p = _primitive(p)
    slope = differentiate(p)
    common = _common_divisor(p, slope)
    w, y, parts = _divide(p, common), _divide(slope, common), []
    while len(w) > 1:
        z = [a - b for a, b in zip(y, differentiate(w) + [0] * len(y))]
        part = _common_divisor(w, z) if any(z) else w
        parts.append(part)
        w, y = _divide(w, part), _divide(z, part) if any(z) else [0]
    return parts


def _divide_by_x_minus_1(p):
    quotient, carry = [], 0
    for c in reversed(p[1:]):
        carry += c
        quotient.append(carry)
    return quotient[::-1]


def _shift(p):
    """The polynomial p(x + 1)."""
    p = list(p)
    for i in range(len(p) - 1):
        for j in range(len(p) - 2, i - 1, -1):
            p[j] += p[j + 1]
    return p


def _sign_changes(p):
    signs = [c > 0 for c in p if c]
    return sum(x != y for x, y in itertools.pairwise(signs))


def _in_unit_interval(p, most):
    """Roots of p strictly between 0 and 1, with whether p changes sign there; p(0) and p(1) are not 0."""
    found = []
    # Each entry: p on the interval (start, start + 1) / 2**depth, mapped to (0, 1).
    stack = [(p, 0, 0)]
    while stack:
        q, start, depth = stack.pop()
        changes = _sign_changes(_shift(q[::-1]))  # the number of roots, plus an even number
        if changes == 0:
            continue
        if changes == 1:
            found.append((_bisect(q, start, depth), True))
            continue
        if depth >= most:
            raise _Repeated
        degree = len(q) - 1
        left = [c << (degree - k) for k, c in enumerate(q)]
        right = _shift(left)
        zeros = next(k for k, c in enumerate(right) if c)
        if zeros:
            found.append(((2 * start + 1) / 2 ** (depth + 1), zeros % 2 == 1))
        stack.append((left, 2 * start, depth + 1))
        stack.append((right[zeros:], 2 * start + 1, depth + 1))
    return found


def _bisect(q, start, depth):
    """The one root of q in (0, 1), mapped back to (start, start + 1) / 2**depth, as a float."""
    low, bits = 0, 0  # the root lies in (low, low + 1) / 2**bits
    sign_at_low = q[0] > 0
    while bits < 1100:
        ends = [((start << bits) + low + k) / 2 ** (depth + bits) for k in (0, 1)]
        if ends[0] == ends[1]:
            break
        low, bits = 2 * low, bits + 1
        value = 0  # q at (low + 1) / 2**bits, times a positive number
        for k, c in enumerate(reversed(q)):
            value = value * (low + 1) + (c << (k * bits))
        if value == 0:
            return ((start << bits) + low + 1) / 2 ** (depth + bits)
        if (value > 0) == sign_at_low:
            low += 1
    return ((start << bits) + low) / 2 ** (depth + bits)
