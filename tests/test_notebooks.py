"""The form of the chapters, and the derivations that they show in plain code."""

import ast
import copy
import re
import statistics

import nbformat
import numpy as np
import pytest
import sympy as sp
import yaml
from chapters import BOOK, CHAPTERS, HIDDEN, INTRO, LEDGER, SPEED, code_cells, read, run, tags
from execute import pictures, stable
from takeaway import standing_alone, with_numbers

from lrnn import exact, landscape, modes, network, paper, realization, staircase, symbolic, tasks

each_notebook = pytest.mark.parametrize("path", [INTRO, *CHAPTERS, LEDGER, SPEED], ids=lambda path: path.stem)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def shows_a_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def test_the_table_of_contents_names_every_page_of_the_book():
    toc = yaml.safe_load((BOOK.parent / "_toc.yml").read_text(encoding="utf-8"))
    named = {toc["root"]} | {chapter["file"] for part in toc["parts"] for chapter in part["chapters"]}
    pages = [*BOOK.rglob("*.ipynb"), *BOOK.rglob("*.md")]
    written = {
        p.relative_to(BOOK.parent).with_suffix("").as_posix() for p in pages if "checkpoint" not in str(p)
    }
    assert named == written


@each_notebook
def test_every_cell_is_executed_in_order_and_without_errors(path):
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        failed = [o for o in cell.outputs if o.output_type == "error"]
        assert not failed or "raises-exception" in tags(cell)
        assert not [o for o in cell.outputs if o.get("name") == "stderr"]


@each_notebook
def test_notebooks_are_stored_in_their_stable_form(path):
    notebook = read(path)
    assert notebook == stable(copy.deepcopy(notebook))
    assert notebook.metadata.kernelspec.name == "python3"


def test_a_new_cell_changes_the_ids_of_no_other():
    notebook = read(CHAPTERS[0])
    before = [cell.id for cell in notebook.cells]
    notebook.cells.insert(3, copy.deepcopy(notebook.cells[2]))  # a copy, with the id of the original
    notebook.cells.insert(5, nbformat.v4.new_code_cell("1 + 1"))
    del notebook.cells[5]["id"]
    after = [cell.id for cell in stable(notebook).cells]
    assert [*after[:3], after[4], *after[6:]] == before
    assert len(set(after)) == len(after)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in after)


def test_what_a_notebook_needs_beside_it_can_be_packed_into_it(tmp_path, monkeypatch):
    (tmp_path / "there.txt").write_text("old", encoding="utf-8")
    source = tmp_path / "from"
    (source / "modules").mkdir(parents=True)
    (source / "there.txt").write_text("new", encoding="utf-8")
    (source / "missing.npz").write_bytes(bytes(range(256)))
    (source / "modules" / "one.py").write_text("ONE = 1", encoding="utf-8")
    whole = standing_alone(read(LEDGER), sorted(source.iterdir()))
    monkeypatch.chdir(tmp_path)
    exec(whole.cells[1].source, {})
    assert (tmp_path / "missing.npz").read_bytes() == bytes(range(256))
    assert (tmp_path / "there.txt").read_text(encoding="utf-8") == "old"
    assert (tmp_path / "modules" / "one.py").read_text(encoding="utf-8") == "ONE = 1"
    assert [cell.id for cell in whole.cells if cell.id != "files-beside"] == [
        cell.id for cell in read(LEDGER).cells
    ]


@each_notebook
def test_a_downloaded_notebook_says_its_numbers_and_not_their_names(path):
    text = "\n".join(cell.source for cell in with_numbers(read(path)).cells if cell.cell_type == "markdown")
    assert "{glue" not in text


@each_notebook
def test_what_a_page_folds_is_folded_in_jupyterlab(path):
    for cell in code_cells(path):
        folded = cell.metadata.get("jupyter", {})
        assert folded.get("source_hidden", False) == bool(
            tags(cell) & {"hide-input", "remove-input", "hide-cell"}
        )
        assert folded.get("outputs_hidden", False) == ("hide-cell" in tags(cell))


@each_chapter
def test_chapters_keep_their_measure(path):
    argument = [cell for cell in read(path).cells if "answer" not in tags(cell)]
    cells = [c for c in argument if c.cell_type == "code" and "figure" not in c.metadata.get("mystnb", {})]
    visible = [cell.source.splitlines() for cell in cells if not tags(cell) & HIDDEN]
    words = sum(len(cell.source.split()) for cell in argument if cell.cell_type == "markdown")
    assert 12 <= len(cells) <= 25  # beside those that draw
    assert max(map(len, visible)) <= 15
    assert statistics.median(map(len, visible)) <= 5
    assert 1500 <= words <= 2500


@each_notebook
def test_no_cell_is_too_long_or_too_wide_to_be_read(path):
    for cell in code_cells(path):
        lines = cell.source.splitlines()
        assert len(lines) <= 25, lines[0]
        assert max(map(len, lines)) <= 96


@each_chapter
def test_figures_are_drawn_from_what_was_computed_before(path):
    for cell in code_cells(path):
        if "figure" in cell.metadata.get("mystnb", {}):
            names = {node.id for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
            assert not names & {
                "modes",
                "network",
                "exact",
                "landscape",
                "symbolic",
                "paper",
                "tasks",
                "sweep",
            }
            assert cell.source.endswith(("plt.show()", "shown.over(fig)"))


@each_chapter
def test_readers_are_asked_before_they_are_shown(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    asked = [
        match.start() for match in re.finditer(r":::\{admonition\} Before you look\n:class: predict", text)
    ]
    told = [
        match.start() for match in re.finditer(r":::\{admonition\} What happened\n:class: dropdown", text)
    ]
    assert 2 <= len(asked) <= 4
    assert sorted([*asked, *told]) == [n for pair in zip(asked, told) for n in pair]


@each_chapter
def test_what_the_paper_says_stands_at_the_end_and_leads_to_where_it_is_shown(path):
    text = "\n\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    boxes = list(re.finditer(r":::\{admonition\} C\d\d .*?\n:::", text, flags=re.DOTALL))
    if boxes:
        begin = text.index("## What this says about the paper")
        assert text.index("## What was not shown") < begin < boxes[0].start()
        assert boxes[-1].end() < text.index("## Exercises")
    for box in boxes:
        assert re.search(r"\{(?:numref|ref|eq)\}`[^`]+`", box.group().split("\n", 2)[2]), box.group()


@each_chapter
def test_chapters_have_all_their_parts(path):
    text = "\n".join(cell.source for cell in read(path).cells if cell.cell_type == "markdown")
    for part in ("**You will be able to**", "## Theory against simulation", "## What was not shown",
                 "## Exercises", "## Where next", "**Functions of the package used here:**"):  # fmt: skip
        assert part in text


@pytest.mark.parametrize("path", [INTRO, *CHAPTERS, SPEED], ids=lambda path: path.stem)
def test_every_figure_has_an_alt_text_and_a_caption_that_states_the_finding(path):
    pictures = [cell for cell in code_cells(path) if shows_a_picture(cell)]
    assert len(pictures) >= (3 if path in CHAPTERS else 1)
    for cell in pictures:
        mystnb = cell.metadata.mystnb
        assert len(mystnb.image.alt.split()) >= 20
        assert mystnb.figure.caption.startswith("**")
        assert mystnb.figure.name.startswith("fig-")
        for output in cell.outputs:
            if "image/png" in output.data:
                assert output.metadata["image/png"].two_themes.dark != output.data["image/png"]


@each_chapter
def test_the_figure_comes_first(path):
    # After the imports and, in some chapters, the definitions that it draws.
    assert any(shows_a_picture(cell) for cell in code_cells(path)[1:5])


@each_chapter
def test_every_chapter_can_be_played_with(path):
    controls = [cell for cell in code_cells(path) if "control" in tags(cell)]
    figures = [cell for cell in code_cells(path) if "live" in tags(cell)]
    assert len(controls) <= 1
    assert controls or figures
    for control in controls:  # it needs a kernel, so that the page does not show it
        assert tags(control) >= {"remove-output", "nbval-ignore-output"}
        assert "interact" in control.source
        assert not control.outputs
    for figure in figures:
        assert figure.source.endswith("shown.over(fig)")
        assert shows_a_picture(figure)


def test_the_first_page_begins_with_the_landscape_and_a_question():
    title, figure = read(INTRO).cells[:2]
    assert title.source.startswith("# ")
    assert len(title.source.split()) <= 80
    assert "live.Landscape(" in figure.source
    assert "?" in figure.metadata.mystnb.figure.caption.split("**")[1]


def minutes(path):
    """How long a chapter takes: 120 words a minute, 45 seconds for each code cell, without the answers."""
    cells = [cell for cell in read(path).cells if "answer" not in tags(cell)]
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    exact = words / 120 + sum(cell.cell_type == "code" for cell in cells) * 0.75
    return max(5, 5 * round(exact / 5))


def in_words(total):
    hours, rest = divmod(total, 60)
    return " ".join(f"{n}&nbsp;{unit}" for n, unit in ((hours, "h"), (rest, "min")) if n)


def test_the_first_page_says_how_long_chapters_and_ways_through_them_take():
    labels = {re.search(r"^\((ch-[\w-]+)\)=", read(path).cells[0].source)[1]: path for path in CHAPTERS}
    time = {label: minutes(path) for label, path in labels.items()}
    text = "\n".join(cell.source for cell in read(INTRO).cells if cell.cell_type == "markdown")
    chapters, ways = text.split("(tab-paths)=")
    said = re.findall(r"^\| \{ref\}`[^<]+<(ch-[\w-]+)>`, (.*?) \|", chapters, flags=re.MULTILINE)
    assert dict(said) == {label: in_words(time[label]) for label in labels}
    rows = re.findall(r"^\| \*\*.*\|$", ways, flags=re.MULTILINE)
    assert len(rows) == 3
    for row in rows:
        named = re.findall(r"<(ch-[\w-]+)>", row) or list(labels)
        assert row.rstrip("| ").endswith(in_words(sum(time[label] for label in named)))


def test_pictures_outside_the_chapters_are_the_chapters_own():
    files = {name: content for path in CHAPTERS for name, content in pictures(read(path)).items()}
    assert {p.name: p.read_bytes() for p in (BOOK / "figures").iterdir()} == files


# What a chapter derives in view, against the package.


def random_mode(seed, T=7):
    rng = np.random.default_rng(seed)
    return *rng.uniform(-1.3, 1.3, 3), rng.normal(size=T)


seeds = pytest.mark.parametrize("seed", range(5))


@pytest.fixture(scope="module")
def derived():
    return {path.stem: run(path, only="core") for path in CHAPTERS}


@seeds
def test_the_recursion_and_the_moments_of_chapter_1(derived, seed):
    chapter, rng = derived["01-model"], np.random.default_rng(seed)
    net = network.LinearRNN(rng.normal(size=(3, 2)), rng.normal(size=(3, 3)) / 2, rng.normal(size=(2, 3)))
    x, y = rng.normal(size=(4, 6, 2)), rng.normal(size=(4, 2))
    weights = net.W_x, net.W_h, net.W_y
    M = chapter["impulse_response"](*weights, 6)
    assert np.allclose(M, net.impulse_response(6), rtol=1e-12, atol=1e-12)
    assert chapter["run"](*weights, x[0]) == pytest.approx(net.predict(x)[0], rel=1e-12, abs=1e-12)
    seen = tasks.moments(x, y)
    loss = chapter["loss_from_moments"](M, seen.yx, seen.xx, seen.yy)
    assert loss == pytest.approx(network.loss(net, seen), rel=1e-12)


def test_the_variations_of_chapter_2(derived):
    variation = derived["02-decoupling"]["variation"]
    for T in (1, 2, 4):
        for W, descent in symbolic.matrix_gradients(T).items():
            total = sp.Integer(0)
            for i, R in enumerate(symbolic.residuals(T), start=1):
                response = symbolic.W_y * symbolic.W_h ** (T - i) * symbolic.W_x
                for A, B in variation(response, W):
                    total += turned(A) * R * turned(B)
            assert sp.expand(total - descent) == 0


def turned(product):
    """The transpose of a product of weights."""
    bases = [f.as_base_exp() for f in sp.Mul.make_args(product) if f != 1]
    return sp.Mul(*(symbolic.transpose(base) ** n for base, n in reversed(bases)))


@seeds
def test_the_mode_equations_of_chapter_2(derived, seed):
    mode = random_mode(seed)
    assert derived["02-decoupling"]["mode_velocity"](*mode) == pytest.approx(modes.velocity(*mode), rel=1e-11)


@seeds
def test_the_three_terms_of_chapter_3(derived, seed):
    a, b, c, s = random_mode(seed)
    constant, data, regulariser = derived["03-energy"]["three_terms"](a * c, b, s)
    assert constant - data + regulariser == pytest.approx(modes.energy(a, b, c, s), rel=1e-10)
    assert regulariser == pytest.approx((a * c) ** 2 * modes.beta_b(b, 7) / 2, rel=1e-13)


@seeds
def test_the_closed_form_of_chapter_4(derived, seed):
    rng = np.random.default_rng(seed)
    t, u0, beta_s, beta_b = rng.uniform(0, 5, 20), *rng.uniform(0.1, 2, 3)
    printed = derived["04-exact-solution"]["ac_printed"](t, u0, beta_s, beta_b)
    assert printed == pytest.approx(exact.ac_exact(t, u0**0.5, u0**0.5, beta_s, beta_b), rel=1e-11)


@seeds
def test_the_reduced_energy_of_chapter_5(derived, seed):
    _, b, _, s = random_mode(seed)
    assert derived["05-landscape"]["reduced_energy"](b, s) == pytest.approx(
        landscape.reduced_energy(b, s), rel=1e-12
    )


@pytest.mark.parametrize("T", [1, 2, 10, 50])
@pytest.mark.parametrize("ratio", [-0.8, 0.0, 1.0, 1.1])
def test_the_sharpness_of_chapter_6(derived, T, ratio):
    sharp = derived["06-learnability"]["sharpness_at_fit"](0.8, ratio, 0.5, T)
    assert sharp == pytest.approx(landscape.sharpness(0.8, ratio, 0.5, tasks.geometric(0.4, ratio, T)))


@seeds
def test_the_printed_equation_of_chapter_7(derived, seed):
    chapter, rng = derived["07-printed-equation"], np.random.default_rng(seed)
    a, b, c, s = random_mode(seed)
    printed = chapter["printed_velocity"](a, b, c, s)
    assert printed == pytest.approx(paper.printed_velocity(a, b, c, s), rel=1e-10)
    task = tasks.geometric(*rng.uniform(0.5, 1.1, 2), 6)
    (b0, u0), side = np.tile((rng.uniform(-1, 1, 8), rng.uniform(0.02, 0.9, 8)), 2), np.repeat((1, -1), 8)
    places = [chapter["resting_place"](*start, task) for start in zip(b0, side * u0)]  # a = c and a = -c
    end = paper.printed_flow(u0**0.5, b0, side * u0**0.5, task, [1e7])
    assert end.b[0] == pytest.approx(np.array(places), abs=1e-6, nan_ok=True)


@seeds
def test_the_census_of_chapter_8(derived, seed):
    s = random_mode(seed)[3]
    points = [(point.b, point.u) for point in landscape.critical_points(s)]
    assert np.array(derived["08-basins"]["census"](s)) == pytest.approx(np.array(points), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(("rate", "b0"), [(0.9, 0.1), (0.7, -0.5), (0.97, 0.6)])
def test_the_plateau_integral_of_chapter_10(derived, rate, b0):
    closed = derived["10-plateaus"]["plateau_integral"](rate, b0)
    assert closed == pytest.approx(exact.plateau_time(rate, 3, b0) * rate**6, rel=1e-9)


@seeds
def test_the_learning_times_of_chapter_12(derived, seed):
    chapter, rng = derived["12-which-first"], np.random.default_rng(seed)
    s, b0 = rng.uniform(0.1, 1, 7), rng.uniform(0.1, 0.9)
    time = chapter["frozen_time"](s, b0, 1e-5, share=0.3)
    beta_s, beta_b = modes.beta_s(b0, s), modes.beta_b(b0, 7)
    reached = exact.ac_exact(time, 1e-5**0.5, 1e-5**0.5, beta_s, beta_b)
    assert reached == pytest.approx(0.3 * beta_s / beta_b, rel=1e-9)


@pytest.mark.parametrize("k", range(1, 9))
def test_the_escape_law_of_chapter_12_is_its_integral(derived, k):
    # x = (1 + z)**(1/2) and z = exp(y) take the integral from 1 to infinity to a smooth one in y.
    g, b0, u0 = 3.0, 0.5, 1e-12
    nodes, weights = np.polynomial.legendre.leggauss(400)
    z = np.exp(30 * nodes - 5)
    integral = np.sum(30 * weights * z * (1 + z) ** (-k / 2) / (z + k * u0 / b0**2)) / 2
    law = derived["12-which-first"]["escape_time"](g, k, b0, u0)
    assert law == pytest.approx(integral / (g * b0**k), rel=1e-5)


@seeds
def test_the_closed_form_of_chapter_9(derived, seed):
    rng = np.random.default_rng(seed)
    t, a0, c0 = rng.uniform(0, 5, 50), *rng.normal(size=(2, 50))
    beta_s, beta_b, tau = rng.normal(size=50), rng.uniform(0.5, 3, 50), 1.7
    ours = derived["09-unequal-starts"]["ac_unequal"](t, a0, c0, beta_s, beta_b, tau)
    assert ours == pytest.approx(exact.ac_exact(t, a0, c0, beta_s, beta_b, tau), rel=1e-9, abs=1e-9)


@seeds
def test_the_mirror_of_chapter_11(derived, seed):
    chapter, rng = derived["11-time-reversal"], np.random.default_rng(seed)
    assert all(chapter["duality_gap"](T) == 0 for T in (1, 2, 5))
    s, b = rng.normal(size=7), rng.uniform(0.6, 1.4) * rng.choice([-1, 1])
    a, c = rng.uniform(0.2, 1.3, 2)
    run = modes.flow(a, b, c, s, [0.0, 1e-6, 2e-6], rtol=1e-12)
    mirrored = np.array([1 / run.b, run.u * run.b**6])
    slope = (4 * mirrored[:, 1] - mirrored[:, 2] - 3 * mirrored[:, 0]) / 2e-6
    assert chapter["mirrored_velocity"](b, a * c, s, a**2 + c**2) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("ratio", [0.9, 1 / 0.9, 1.0])
@pytest.mark.parametrize("T", [2, 7])
def test_the_sharpness_of_chapter_13_is_that_of_a_whole_network(derived, ratio, T):
    chapter, rng = derived["13-phase-diagram"], np.random.default_rng(T)
    s = chapter["task"](ratio, T)
    U, V, R = (np.linalg.qr(rng.normal(size=(n, 3)))[0] for n in (3, 3, 5))
    seen = tasks.task_moments(np.tile(s, (3, 1)), U, V)
    root = np.sqrt(s[-1])
    net = network.aligned_network(root, ratio, root, U, V, R)
    x, h = np.concatenate([w.ravel() for w in (net.W_x, net.W_h, net.W_y)]), 1e-5

    def slope(x):
        parts = x[:15].reshape(5, 3), x[15:40].reshape(5, 5), x[40:].reshape(3, 5)
        found = network.gradient(network.LinearRNN(*parts), seen)
        return np.concatenate([w.ravel() for w in (found.W_x, found.W_h, found.W_y)])

    H = np.array([slope(x + h * e) - slope(x - h * e) for e in np.eye(55)]) / (2 * h)
    values = np.linalg.eigvalsh((H + H.T) / 2)[::-1]
    copies = np.linalg.eigvalsh(modes.hessian(root, ratio, root, s))[::-1].repeat(9)
    assert values[:27] == pytest.approx(copies, rel=1e-6, abs=1e-6)
    assert np.abs(values[27:]).max() < 1e-6
    assert chapter["largest_stable_rate"](s) == pytest.approx(2 / values[0], rel=1e-6)


def test_the_learning_time_of_chapter_13_is_when_the_loss_has_fallen(derived):
    chapter = derived["13-phase-diagram"]
    s = chapter["task"](1 / 0.9, 10)
    time = chapter["time_to_learn"](s)
    run = modes.flow(0.1 / 2**0.5, 0.5, 0.1 / 2**0.5, s, [time])
    left = modes.energy(run.a, run.b, run.c, s) / (np.sum(s**2) / 2)
    assert left == pytest.approx(chapter["TRAINED"], rel=0.05)


@seeds
def test_the_conserved_matrix_and_the_shrinking_of_chapter_14(derived, seed):
    chapter, rng = derived["14-why-networks-align"], np.random.default_rng(seed)
    n = seed % 3 + 1
    weights = [rng.normal(size=shape) / np.sqrt(n) for shape in ((n, 2), (n, n), (1, n))]
    net = network.LinearRNN(*weights)
    assert chapter["conserved_matrix"](*weights) == pytest.approx(network.conserved(net), abs=1e-13)
    shrunk, least = network.LinearRNN(*chapter["shrink"](*weights)), realization.least_norm(net)
    sizes = [sum(np.sum(w**2) for w in (x.W_x, x.W_h, x.W_y)) for x in (shrunk, least)]
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-8)
    assert np.linalg.svd(shrunk.W_h)[1] == pytest.approx(np.linalg.svd(least.W_h)[1], rel=1e-7, abs=1e-8)
    assert shrunk.impulse_response(5) == pytest.approx(least.impulse_response(5), rel=1e-7, abs=1e-8)


def test_the_drift_of_chapter_14_is_zero_at_every_length(derived):
    for T in (1, 2, 3):
        assert derived["14-why-networks-align"]["drift"](T).is_ZeroMatrix


@seeds
def test_the_counts_and_bounds_of_chapter_15(derived, seed):
    chapter, rng = derived["15-how-many-units"], np.random.default_rng(seed)
    for _ in range(10):
        s = rng.integers(-1, 2, 6).astype(float)
        if s.any():
            assert chapter["shortest_relation"](s) == realization.hankel_rank(s)
            assert chapter["units_needed"](s) == realization.linear_complexity(s)
    s, b = rng.normal(size=6), rng.uniform(-1.2, 1.2)
    for n in range(4):
        assert chapter["hankel_bound"](s, n) == pytest.approx(realization.energy_bound(s, n), rel=1e-9)
    assert chapter["left_over"]([-b, 1], s) == pytest.approx(landscape.reduced_energy(b, s), rel=1e-9)


@seeds
def test_the_residual_and_the_escape_rate_of_chapter_16(derived, seed):
    chapter, rng = derived["16-staircase"], np.random.default_rng(seed)
    n, s = seed % 3 + 1, rng.normal(size=7)
    weights = [rng.normal(size=shape) / np.sqrt(n) for shape in ((n, 1), (n, n), (1, n))]
    net = network.LinearRNN(*weights)
    assert chapter["residual"](*weights, s) == pytest.approx(staircase.residual_polynomial(net, s), abs=1e-11)
    for beta in (0.0, 0.3):
        rate = chapter["escape_rate"](*weights, s, beta)
        assert rate == pytest.approx(staircase.escape_rate(net, s, beta), rel=1e-8)


@seeds
def test_the_straight_line_of_chapter_17(derived, seed):
    line, rng = derived["17-rotations"]["on_the_line"], np.random.default_rng(seed)
    t = np.linspace(0, 4, 9)
    for _ in range(20):
        a, c, beta_s = rng.normal(size=3) + 1j * rng.normal(size=3) * rng.choice((0, 1))
        beta_b = rng.uniform(0.5, 3)
        assert line(t, a, c, beta_s, beta_b) == pytest.approx(
            exact.ac_exact(t, a, c, beta_s, beta_b), rel=1e-8, abs=1e-9
        )


@seeds
def test_the_charges_of_chapter_17_are_the_signs_of_the_hankel_matrix(derived, seed):
    chapter, rng = derived["17-rotations"], np.random.default_rng(seed)
    n = seed % 3 + 1
    weights = [rng.normal(size=shape) for shape in ((n, 1), (n, n), (1, n))]
    W_x, W_h, W_y = weights
    Q = chapter["charge_matrix"](*weights)
    assert pytest.approx(Q.T, rel=1e-6, abs=1e-7) == Q
    assert Q @ W_x == pytest.approx(W_y.T, rel=1e-6, abs=1e-7)
    assert pytest.approx(Q @ W_h, rel=1e-6, abs=1e-7) == W_h.T @ Q
    least = realization.least_norm(network.LinearRNN(*weights))
    charges = np.linalg.eigvalsh(chapter["charge_matrix"](least.W_x, least.W_h, least.W_y))
    assert np.abs(charges) == pytest.approx(np.ones(n), rel=1e-4)
    values = np.linalg.eigvalsh(realization.hankel(least.impulse_response(9)[:, 0, 0]))
    beyond = 1e-9 * np.abs(values).max()
    assert [np.sum(charges > 0), np.sum(charges < 0)] == [np.sum(values > beyond), np.sum(values < -beyond)]
    by_lag = least.impulse_response(9)[::-1, 0, 0]
    assert chapter["real_zeros"](0.9 ** np.arange(8) * np.cos(0.6 * np.arange(8))) == 7
    assert len(chapter["inertia"](by_lag)) == 2


def test_the_stored_grid_of_chapter_13_is_complete_and_what_its_function_gives():
    import phase_diagram

    from lrnn import sweep

    stored = sweep.sweep(pytest.fail, phase_diagram.GRID, save=phase_diagram.SAVED)
    assert not stored.attrs["failures"]
    assert not stored.isnull().any()
    for ratio, T, n in ((0.9, 4, 3), (1 / 0.9, 6, 20)):
        at = {"ratio": ratio, "T": T, "learning_rate": phase_diagram.GRID["learning_rate"][n]}
        assert stored.sel(at, method="nearest").values == pytest.approx(phase_diagram.outcome(**at))
