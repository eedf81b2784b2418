"""Compare the package with what a reader would use instead: PyTorch, JAX, SciPy, diffrax, pydiffsol, plain NumPy.

    make bench        installs the peers (the extra `bench`) into an environment of their own

Each comparison runs ours and the peer in alternation in one process, on one core, and prints the median
of the ratios peer / ours with the smallest and largest, and how accurate both are. The peers get the
formulation that a reader would write; where they are given our moments as well, the row says so.
Writes book/appendix/speed.json, which the book's page on speed shows.
"""

import json
import os
import platform
import subprocess
import sys
import time
import tracemalloc
from importlib import metadata
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
if hasattr(os, "sched_setaffinity"):  # one core for everybody, whatever threads they start
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import pydiffsol
import scipy
import torch
from scipy.integrate import solve_ivp

from lrnn import landscape, modes, network, tasks

RESULTS = Path(__file__).parents[1] / "book" / "appendix" / "speed.json"

jax.config.update("jax_enable_x64", True)
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
REPEATS = 7
rows, growing, numbers = [], {}, {}


def seconds(call, least=0.02):
    """Time of one call, repeated until it fills `least` seconds."""
    count = 1
    while True:
        start = time.perf_counter()
        for _ in range(count):
            call()
        spent = time.perf_counter() - start
        if spent > least or count > 10_000:
            return spent / count
        count = max(count + 1, int(count * 1.2 * least / max(spent, 1e-6)))


def compare(group, name, peer_name, ours, peer, accuracy, *, per=(1, 1), repeats=REPEATS, timer=seconds):
    """Time ours and the peer in turn; `per` is how many results each gives in a call."""
    ours(), peer()
    pairs = [(timer(ours) / per[0], timer(peer) / per[1]) for _ in range(repeats)]
    own, other = np.median(pairs, axis=0)
    ratios = np.array([theirs / mine for mine, theirs in pairs])
    row = {
        "group": group, "case": name, "peer": peer_name, "ours": own, "theirs": other, "ratio": float(np.median(ratios)),
        "low": float(ratios.min()), "high": float(ratios.max()), "accuracy": accuracy,
    }  # fmt: skip
    rows.append(row)
    print(f"{group:10s} {name:38s} {peer_name:24s} ours {1e6 * own:9.1f} µs   ratio {row['ratio']:7.2f} "
          f"({row['low']:.2f} to {row['high']:.2f})   {accuracy}", flush=True)  # fmt: skip


def once(call):
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


# The gradient of a full network


def a_network(size, rng, white=False):
    N_x, N_h, N_y, T, P = size
    weights = [rng.normal(size=n) / np.sqrt(n[1]) for n in ((N_h, N_x), (N_h, N_h), (N_y, N_h))]
    weights[1] *= 0.9
    x, y = rng.normal(size=(P, T, N_x)), rng.normal(size=(P, N_y))
    if white:  # the second moments of the inputs are exactly the identity
        x = np.linalg.qr(x.reshape(P, T * N_x))[0].reshape(P, T, N_x)
    return network.LinearRNN(*weights), x, y


def white_moments(x, y):
    seen = tasks.moments(x, y)
    return tasks.Moments(seen.yx, None, seen.yy)


def by_torch(net, x, y):
    weights = [torch.tensor(w, requires_grad=True) for w in (net.W_x, net.W_h, net.W_y)]
    x, y = torch.tensor(x), torch.tensor(y)

    def step():
        for w in weights:
            w.grad = None
        h = torch.zeros(len(x), len(weights[1]))
        for t in range(x.shape[1]):
            h = h @ weights[1].T + x[:, t] @ weights[0].T
        (0.5 * ((y - h @ weights[2].T) ** 2).sum()).backward()
        return [w.grad.numpy() for w in weights]

    return step


def by_jax(loss, net, *data):
    weights = tuple(jnp.asarray(w) for w in (net.W_x, net.W_h, net.W_y))
    data = tuple(jnp.asarray(value) for value in data)
    compiled = jax.jit(jax.grad(loss))
    return lambda: [np.asarray(part) for part in jax.block_until_ready(compiled(weights, *data))]


def raw_loss(weights, x, y):
    W_x, W_h, W_y = weights

    def step(h, x_t):
        return h @ W_h.T + x_t @ W_x.T, None

    h, _ = jax.lax.scan(step, jnp.zeros((x.shape[0], W_h.shape[0])), x.transpose(1, 0, 2))
    return 0.5 * jnp.sum((y - h @ W_y.T) ** 2)


def responses(weights, T):
    W_x, W_h, W_y = weights
    _, K = jax.lax.scan(lambda K, _: (W_h @ K, K), W_x, None, length=T)
    return jnp.einsum("yh,thx->tyx", W_y, K)


def white_loss(weights, yx):
    return 0.5 * jnp.sum((yx - responses(weights, len(yx))) ** 2)


def correlated_loss(weights, yx, xx):
    M = responses(weights, len(yx))
    T, N_y, N_x = yx.shape
    flat = M.transpose(1, 0, 2).reshape(N_y, T * N_x)
    return 0.5 * jnp.sum((flat @ xx) * flat) - jnp.sum(yx * M)


def apart(ours, theirs):
    parts = ours.W_x, ours.W_h, ours.W_y
    return f"{max(np.abs(a - b).max() / np.abs(b).max() for a, b in zip(parts, theirs)):.0e} apart"


def gradients():
    rng = np.random.default_rng(0)
    for size in ((4, 8, 4, 10, 1000), (16, 32, 16, 50, 1000), (32, 64, 32, 50, 2000)):
        for white in (True, False):
            net, x, y = a_network(size, rng, white)
            seen = white_moments(x, y) if white else tasks.moments(x, y)
            T, _, N_x = seen.yx.shape
            # A step inside training: what the loop pays, once the data's moments are formed.
            inside, weights = network._descent(seen, net.W_h.shape), (net.W_x, net.W_h, net.W_y)
            in_order_of_lags = [seen.yx[::-1]]
            if not white:
                in_order_of_lags.append(seen.xx[::-1, :, ::-1].reshape(T * N_x, T * N_x))
            peers = {
                "PyTorch, raw data": by_torch(net, x, y),
                "JAX, raw data": by_jax(raw_loss, net, x, y),
                "JAX, our moments": by_jax(white_loss if white else correlated_loss, net, *in_order_of_lags),
            }
            exact = network.gradient(net, seen)
            for name, peer in peers.items():
                compare("gradient", f"{size[:4]} {'white' if white else 'correlated'}", name, lambda: inside(*weights), peer, apart(exact, peer()))


def growth():
    """Time of a gradient step against P, T and N_h, and of PyTorch's on raw data."""
    rng = np.random.default_rng(1)
    for what, sizes in (
        ("P", [(8, 16, 8, 20, P) for P in (200, 800, 3200)]),
        ("T", [(8, 16, 8, T, 800) for T in (10, 20, 40, 80)]),
        ("N_h", [(8, N, 8, 20, 400) for N in (8, 32, 128)]),
    ):
        points = []
        for size in sizes:
            net, x, y = a_network(size, rng, white=True)
            inside, weights = network._descent(white_moments(x, y), net.W_h.shape), (net.W_x, net.W_h, net.W_y)
            ours = min(seconds(lambda: inside(*weights)) for _ in range(3))
            theirs = min(seconds(by_torch(net, x, y)) for _ in range(2))
            points.append((dict(zip(("N_x", "N_h", "N_y", "T", "P"), size))[what], ours, theirs))
        growing[what] = points
        times = ", ".join(f"{value}: {1e6 * a:.0f} / {1e6 * b:.0f} µs" for value, a, b in points)
        print(f"growth with {what}, ours / PyTorch: {times}")


def dgemm():
    """Share of the machine's matrix product that a large gradient step reaches."""
    A = np.random.default_rng(2).normal(size=(1500, 1500))
    peak = 2 * 1500**3 / min(seconds(lambda: A @ A) for _ in range(5))
    N_x, N_h, N_y, T, _ = size = 64, 128, 64, 100, 10
    net, x, y = a_network(size, np.random.default_rng(3))
    seen = tasks.moments(x, y)
    white = tasks.Moments(seen.yx, None, float(np.sum(seen.yx**2)) + 1.0)  # too few trajectories to be white
    inside = network._descent(white, net.W_h.shape)
    work = 3 * 2 * T * N_x * N_h * (N_y + N_h)
    rate = work / min(seconds(lambda: inside(net.W_x, net.W_h, net.W_y)) for _ in range(5))
    numbers.update(dgemm=peak, large_gradient=rate)
    print(f"dgemm {peak / 1e9:.0f} GF/s; gradient {size[:4]}: {rate / 1e9:.0f} GF/s, {rate / peak:.0%} of it")


def before_and_beside_a_step():
    net, x, y = a_network((16, 32, 16, 50, 1000), np.random.default_rng(4), white=True)
    white = white_moments(x, y)
    numbers["moments"] = min(seconds(lambda: tasks.moments(x, y)) for _ in range(3))
    print(f"moments of (16, 32, 16, 50), P = 1000, formed once: {1e3 * numbers['moments']:.1f} ms")
    tracemalloc.start()
    network.train(net, white, learning_rate=1e-5, steps=20, record_every=20)
    ours = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    numbers.update(training_megabytes=ours, trajectories_megabytes=x.nbytes / 1e6)
    print(f"peak memory of training (16, 32, 16, 50): {ours:.1f} MB; the trajectories alone: {x.nbytes / 1e6:.1f} MB")


# The flow of modes


def horner_in_diffsl(s):
    """The equations of a balanced start, in the language of diffsol, with beta_s, beta_b and their slopes by Horner.

    A reader who writes the sums with powers of b, as arrays, gets the same answers in about twice the time.
    """
    lines = ["in_i { a0 = 0.1, b0 = 0.1 }", "u_i { a = a0, b = b0, c = a0 }", "z { b * b }",
             f"p0 {{ {float(s[0])!r} }}", "q0 { 0.0 }", "g0 { 1.0 }", "h0 { 0.0 }"]  # fmt: skip
    for i in range(1, len(s)):
        lines += [f"q{i} {{ q{i - 1} * b + p{i - 1} }}", f"p{i} {{ p{i - 1} * b + {float(s[i])!r} }}"]
        lines += [f"h{i} {{ h{i - 1} * z + g{i - 1} }}", f"g{i} {{ g{i - 1} * z + 1.0 }}"]
    n = len(s) - 1
    lines += [f"d {{ p{n} - a * c * g{n} }}", f"F_i {{ c * d, a * c * (q{n} - a * c * b * h{n}), a * d }}"]
    return "\n".join(lines)


def flows():
    rng = np.random.default_rng(5)
    N, few, T, t = 10_000, 60, 50, np.array([1.0, 10.0, 100.0, 1000.0])
    a0, b0 = rng.uniform(0.05, 0.5, N), rng.uniform(-0.9, 0.95, N)
    for name, s in (("constant", tasks.constant(0.7, T)), ("contracting", tasks.contracting(0.9, T))):
        lag = np.arange(T - 1.0, -1, -1)

        def velocity(_, y, s=s, lag=lag):
            a, b, c = y
            powers, slopes = b**lag, lag * b ** np.maximum(lag - 1, 0)
            residual = s - c * powers * a
            return np.array([c * (powers @ residual), a * c * (slopes @ residual), a * (powers @ residual)])

        def lsoda(s=s, velocity=velocity):
            runs = [
                solve_ivp(velocity, (0, t[-1]), (a0[n], b0[n], a0[n]), "LSODA", t, rtol=1e-6, atol=1e-9)
                for n in range(few)
            ]
            return np.array([run.y[1] for run in runs]).T

        tight = modes.flow(a0[:few], b0[:few], a0[:few], s, t, rtol=1e-11).b

        def ours(s=s):
            return modes.flow(a0, b0, a0, s, t, rtol=1e-5).b

        own, other = np.abs(ours()[:, :few] - tight).max(), np.abs(lsoda() - tight).max()
        compare("flow", f"{name}, 10 000 modes", "SciPy, LSODA, one by one", ours, lsoda,
                f"errors {own:.0e} and {other:.0e}", per=(N, few), repeats=3, timer=once)  # fmt: skip

        # Compiled, with the tolerance at which it is about as accurate as ours.
        compiled = pydiffsol.Ode(horner_in_diffsl(s), matrix_type=pydiffsol.nalgebra_dense)
        compiled.rtol, compiled.atol = 1e-7, 1e-10

        def bdf(compiled=compiled):
            starts = np.stack([a0[:few], b0[:few]], axis=1)
            return np.array([compiled.solve_dense(start, t).ys[1] for start in starts]).T

        other = np.abs(bdf() - tight).max()
        compare("flow", f"{name}, 10 000 modes", "pydiffsol, BDF, one by one", ours, bdf,
                f"errors {own:.0e} and {other:.0e}", per=(N, few), repeats=5, timer=once)  # fmt: skip

    # diffrax, vmapped, on the same stiff task; fewer modes, as it steps them in lockstep.
    s, lag, many = jnp.asarray(tasks.constant(0.7, T)), jnp.arange(T - 1.0, -1, -1), 500

    def field(_, y, __):
        a, b, c = y
        powers, slopes = b**lag, lag * b ** jnp.maximum(lag - 1, 0)
        residual = s - c * powers * a
        return jnp.stack([c * (powers @ residual), a * c * (slopes @ residual), a * (powers @ residual)])

    def one(y0):
        return diffrax.diffeqsolve(
            diffrax.ODETerm(field), diffrax.Kvaerno5(), 0.0, t[-1], 1e-3, y0, saveat=diffrax.SaveAt(ts=jnp.asarray(t)),
            stepsize_controller=diffrax.PIDController(rtol=1e-6, atol=1e-9), max_steps=100_000,
        ).ys  # fmt: skip

    solve, start = jax.jit(jax.vmap(one)), jnp.stack([jnp.asarray(v[:many]) for v in (a0, b0, a0)], axis=1)

    def theirs():
        return np.asarray(solve(start))[:, :, 1].T

    def ours():
        return modes.flow(a0[:many], b0[:many], a0[:many], np.asarray(s), t, rtol=1e-8).b

    tight = modes.flow(a0[:many], b0[:many], a0[:many], np.asarray(s), t, rtol=1e-10).b
    own, other = np.abs(ours() - tight).max(), np.abs(theirs() - tight).max()
    compare("flow", "constant, 500 modes", "diffrax, Kvaerno5, vmap", ours, theirs,
            f"errors {own:.0e} and {other:.0e}", per=(many, many), repeats=1, timer=once)  # fmt: skip


# The landscape with its field


def landscapes():
    s = tasks.constant(0.7, 50)
    b, u = np.linspace(-1.3, 1.3, 1000), np.linspace(-0.5, 1.5, 1000)

    def ours():
        return landscape.energy_grid(s, b, u), *landscape.field_grid(s, b, u)

    def broadcasting():
        lag = np.arange(49.0, -1, -1)
        powers = b[:, None] ** lag
        slopes = lag * b[:, None] ** np.maximum(lag - 1, 0)
        energy, db, du = (np.empty((1000, 1000)) for _ in range(3))
        for rows_ in np.array_split(np.arange(1000), 20):  # all at once would take 1.2 GB
            residual = s - u[rows_, None, None] * powers
            energy[rows_] = np.sum(residual**2, axis=-1) / 2
            db[rows_] = u[rows_, None] * np.sum(slopes * residual, axis=-1)
            du[rows_] = 2 * np.abs(u[rows_, None]) * np.sum(powers * residual, axis=-1)
        return energy, db, du

    difference = max(np.abs((x - y) / (np.abs(y) + 1e-9)).max() for x, y in zip(ours(), broadcasting()))
    compare("landscape", "1000 x 1000, with field", "NumPy, broadcasting", ours, broadcasting,
            f"{difference:.0e} apart", repeats=3)  # fmt: skip
    starts = np.linspace(-1.5, 1.5, 300), np.linspace(-1, 1.5, 300)
    numbers["basin_map"] = once(lambda: landscape.basin_map(s, *starts, 0.1))
    print(f"basin map 300 x 300, T = 50: {numbers['basin_map']:.1f} s")


def imports():
    # What a chapter imports, not `import lrnn` alone, whose modules load when they are used.
    statements = {
        "numpy": "import numpy",
        "lrnn: exact, landscape, modes, network, tasks": "from lrnn import exact, landscape, modes, network, tasks",
        "scipy.integrate": "import scipy.integrate",
        "torch": "import torch",
        "jax": "import jax",
    }

    def cost(statement):
        first = "import numpy; " if "lrnn" in statement else ""  # counted beyond NumPy
        code = f"import time; {first}t = time.perf_counter(); {statement}; print(time.perf_counter() - t)"
        return min(float(subprocess.check_output([sys.executable, "-c", code])) for _ in range(5))

    numbers["import"] = {name: cost(statement) for name, statement in statements.items()}
    print("import: " + ", ".join(f"{name} {value:.2f} s" for name, value in numbers["import"].items()))


def main():
    versions = {"Python": platform.python_version(), "NumPy": np.__version__, "SciPy": scipy.__version__,
                "PyTorch": torch.__version__, "JAX": jax.__version__, "diffrax": diffrax.__version__,
                "pydiffsol": metadata.version("pydiffsol")}  # fmt: skip
    info = Path("/proc/cpuinfo")
    names = [line.split(":")[1].strip() for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line] if info.exists() else []
    machine = f"{names[0] if names else platform.machine()}, one core"
    print(", ".join(f"{name} {version}" for name, version in versions.items()), f"\n{machine}\n")
    for part in (gradients, growth, dgemm, before_and_beside_a_step, flows, landscapes, imports):
        part()
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine,
        "versions": versions,
        "rows": rows,
        "growing": growing,
        "numbers": numbers,
    }
    RESULTS.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
