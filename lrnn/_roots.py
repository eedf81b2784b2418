"""Real roots of a polynomial with float coefficients, isolated without rounding.

A float is a fraction, so the polynomial is an integer one, and Descartes' rule of signs on halved
intervals (Collins and Akritas) counts its roots exactly. The eigenvalues of a companion matrix do
not: near a double root they cannot tell two real roots from a complex pair.

Polynomials are lists of integers, lowest power first.
"""

import itertools
import math
from fractions import Fraction

# Roots that lie within 2**-_DEPTH of the unit interval of each other are reported as one.
_DEPTH = 70


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

    The zero polynomial has no isolated root and must not be given.
    """
    p = list(p)
    while p[-1] == 0:
        p.pop()
    found = []
    zeros = next(k for k, c in enumerate(p) if c)
    if zeros:
        found.append((0.0, zeros % 2 == 1))
        p = p[zeros:]
    for side in (1, -1):
        q = [c * side**k for k, c in enumerate(p)]
        at_one, at_one_odd = q, False
        while sum(at_one) == 0:
            at_one, at_one_odd = _divide_by_x_minus_1(at_one), not at_one_odd
        if len(at_one) < len(q):
            found.append((float(side), at_one_odd))
        found += [(side * x, odd) for x, odd in _in_unit_interval(at_one)]
        found += [(side / x, odd) for x, odd in _in_unit_interval(at_one[::-1])]
    return sorted(found)


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


def _in_unit_interval(p):
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
        if depth == _DEPTH:
            found.append(((2 * start + 1) / 2 ** (depth + 1), changes % 2 == 1))
            continue
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
