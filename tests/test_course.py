"""The course pack: the form of its assignments, the gate against leaks, and the edition without answers.

That grading works is shown by `make course`, which grades made-up submissions.
"""

import ast
import copy
import json
import re
import tomllib
import zipfile

import answers
import editions
import leaks
import nbformat
import pytest
import slides
from chapters import BOOK, CHAPTERS, read, tags

ROOT = BOOK.parent
SOURCE = ROOT / "course" / "source"
NAMES = editions.assignments(SOURCE)
each_assignment = pytest.mark.parametrize("name", NAMES)


def notebook(name):
    return editions.read(SOURCE, name)


def test_there_is_an_assignment_for_each_chapter_of_part_one_and_more():
    stems = [path.stem for path in CHAPTERS]
    assert set(NAMES) <= set(stems)
    assert set(stems[:6]) <= set(NAMES)
    assert len(NAMES) >= 11


@each_assignment
def test_an_assignment_has_all_its_parts(name):
    cells = notebook(name).cells
    graded = [cell for cell in cells if editions.flags(cell).get("grade")]
    written = [cell for cell in graded if editions.is_answer(cell)]
    points = sum(editions.flags(cell)["points"] for cell in graded if cell not in written)
    assert points >= 12
    assert written
    assert all("**Rubric.**" in cell.source for cell in written)
    for part in ("**You will show that you can**", "| Read first |", "| Needs |", "| Time |", "| Points |"):
        assert part in cells[0].source
    assert f"| {points:g} by tests" in re.sub(r"\| Points \|", "|", cells[0].source)
    assert any("student_id" in cell.source and "demo" in cell.source for cell in cells)
    assert any(re.search(r"^SEED = 0$", cell.source, flags=re.MULTILINE) for cell in graded)
    for cell in cells:
        assert not cell.get("outputs")
        assert max(map(len, cell.source.splitlines()), default=0) <= 110 or cell.cell_type == "markdown"
        if editions.is_test(cell):
            assert editions.flags(cell)["locked"]


@each_assignment
def test_six_typical_mistakes_or_more_are_told_for_each_assignment(name):
    wrong = tomllib.loads((ROOT / "course" / "wrong" / f"{name}.toml").read_text(encoding="utf-8"))
    known = [editions.flags(cell).get("grade_id") for cell in notebook(name).cells]
    assert len({mistake["name"] for mistake in wrong["wrong"]}) >= 6
    for mistake in [*wrong["wrong"], wrong["mishap"]]:
        assert {mistake["cell"], *mistake["loses"]} <= set(known)
        assert mistake["loses"]


def test_each_exam_question_has_its_answer():
    questions = (BOOK / "course" / "exam.md").read_text(encoding="utf-8")
    solved = (ROOT / "course" / "exam-answers.md").read_text(encoding="utf-8")
    asked = re.findall(r"^\*\*(\d+[ab])\.\*\*", questions, flags=re.MULTILINE)
    assert asked == [f"{n}{letter}" for n in range(1, len(CHAPTERS) + 1) for letter in "ab"]
    assert re.findall(r"^## (\S+)$", solved, flags=re.MULTILINE) == asked
    whole = editions.exam(questions, solved)
    assert whole.count("*Answer.*") == len(asked)
    with pytest.raises(SystemExit, match="answers without a question: 99a"):
        editions.exam(questions, solved + "\n## 99a\nNobody asked.\n")


# The gate


HIDDEN_LINE = "assert np.isclose(gain(0.123, 9), 1.0153586), 'a line of a hidden test'"
ANSWER_LINE = "return sum(float(b) ** (2 * (T - i)) for i in range(1, T + 1)) + 0 * 17"


@pytest.fixture
def course(tmp_path):
    """A course of one assignment, built without nbgrader: its source, and a clean archive for students."""

    def cell(source, **flags):
        made = nbformat.v4.new_code_cell(source)
        made.metadata["nbgrader"] = {"grade": False, "solution": False, **flags}
        return made

    answer = f"def gain(b, T):\n    ### BEGIN SOLUTION\n    {ANSWER_LINE}\n    ### END SOLUTION"
    test = f"# more\n### BEGIN HIDDEN TESTS\n{HIDDEN_LINE}\n### END HIDDEN TESTS"
    source = nbformat.v4.new_notebook(
        cells=[
            cell(answer, solution=True, grade_id="gain"),
            cell(test, grade=True, points=1, grade_id="test"),
        ]
    )
    editions.write(source, tmp_path / "source", "01-made-up")
    clean = copy.deepcopy(source)
    clean.cells[0].source = "def gain(b, T):\n    raise NotImplementedError"
    clean.cells[1].source = "# more"
    return tmp_path, source, clean


def archive(course, files):
    (course / "students").mkdir(exist_ok=True)
    with zipfile.ZipFile(course / "students" / "01-made-up.zip", "w") as made:
        for name, content in files.items():
            made.writestr(name, content)


def test_a_clean_archive_passes_the_gate(course):
    folder, _, clean = course
    archive(folder, {"01/01.ipynb": nbformat.writes(clean), "01/START.md": editions.START})
    assert leaks.in_course(folder) == []


def planted(kind, source, clean):
    """The files of an archive with a leak of one kind in it."""
    if kind == "a cell of the source":
        clean.cells[0] = source.cells[0]
    elif kind == "an output":
        clean.cells[0].outputs = [nbformat.v4.new_output("stream", text=f"one\n{HIDDEN_LINE}\n")]
    elif kind == "metadata":
        clean.cells[0].metadata["kept"] = ANSWER_LINE
    files = {"01/01.ipynb": nbformat.writes(clean)}
    if kind == "a file beside":
        files["01/helper.py"] = ANSWER_LINE
    elif kind == "the wheel":
        import io

        inside = io.BytesIO()
        with zipfile.ZipFile(inside, "w") as wheel:
            wheel.writestr("lrnn/solutions.py", f"def gain(b, T):\n    {ANSWER_LINE}")
        files["01/lrnn.whl"] = inside.getvalue()
    return files


@pytest.mark.parametrize(
    "kind", ["a cell of the source", "an output", "metadata", "a file beside", "the wheel"]
)
def test_a_planted_leak_is_found_in_the_archive(course, kind):
    folder, source, clean = course
    archive(folder, planted(kind, source, clean))
    assert leaks.in_course(folder)


@pytest.mark.parametrize("name", ["page.html", "searchindex.js", "_sources/book/one.ipynb", "notes.md"])
def test_a_planted_leak_is_found_in_the_site(course, name):
    folder, source, _ = course
    site = folder / "site"
    path = site / name
    path.parent.mkdir(parents=True)
    content = {
        ".html": "<p>return <b>sum</b>(float(b) ** (2 * (T - i)) for i in range(1, T + 1)) + 0 * 17</p>",
        ".js": json.dumps({"terms": ANSWER_LINE}),
        ".ipynb": nbformat.writes(source),
        ".md": HIDDEN_LINE,
    }
    path.write_text(content[path.suffix], encoding="utf-8")
    assert leaks.in_site(site, folder / "source")
    path.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}', encoding="utf-8")
    assert leaks.in_site(site, folder / "source") == []


def test_feedback_may_show_what_a_student_wrote_but_no_hidden_test(course):
    folder, _, _ = course
    page = folder / "feedback" / "student" / "01.html"
    page.parent.mkdir(parents=True)
    page.write_text(f"<pre>{ANSWER_LINE}</pre>", encoding="utf-8")
    assert leaks.in_feedback(folder / "feedback", folder / "source") == []
    page.write_text(f"<pre>{HIDDEN_LINE}</pre>", encoding="utf-8")
    assert leaks.in_feedback(folder / "feedback", folder / "source")


# Answers to the exercises


def exercises(path):
    """The exercises of a chapter: the statement, and the cells of its answer."""
    found, cells = [], read(path).cells
    for cell in cells:
        if re.match(r"\(ex-\d+-\d+\)=\n", cell.source):
            found.append((cell, []))
        elif "answer" in tags(cell):
            found[-1][1].append(cell)
    return found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_every_exercise_has_a_hint_and_an_answer(path):
    number = int(path.stem[:2])
    assert len(exercises(path)) >= 3
    for n, (statement, its_answer) in enumerate(exercises(path), start=1):
        assert statement.source.startswith(f"(ex-{number}-{n})=\n**{number}.{n} ")
        assert re.search(r"\*Trains: .*\d+ minutes\.\*", statement.source)
        assert ":::{admonition} Hint\n:class: dropdown" in statement.source
        assert its_answer[0].cell_type == "markdown"
        assert its_answer[0].source.startswith(":::{admonition} Answer\n:class: dropdown")
        for cell in its_answer:
            assert cell.cell_type == "markdown" or tags(cell) & {"hide-cell", "hide-input"}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_the_edition_without_answers_has_none(path):
    whole, cut = read(path), answers.without_answers(read(path))
    assert len(cut.cells) < len(whole.cells)
    assert "{admonition} Answer" not in nbformat.writes(cut)
    assert not [cell for cell in cut.cells if "answer" in tags(cell)]


def names(cells, kind):
    trees = [ast.parse(cell.source) for cell in cells if cell.cell_type == "code"]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    found = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, kind)}
    bound = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    bound |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    return found | bound if kind is ast.Store else found


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_remains_without_the_answers_needs_none_of_them(path):
    cells = [cell for cell in read(path).cells if "raises-exception" not in tags(cell)]
    rest = [cell for cell in cells if "answer" not in tags(cell)]
    only_there = names([cell for cell in cells if "answer" in tags(cell)], ast.Store) - names(rest, ast.Store)
    assert not only_there & names(rest, ast.Load)


# Slides


@pytest.mark.parametrize("path", CHAPTERS[:6], ids=lambda path: path.stem)
def test_the_slides_have_each_figure_and_question_and_none_of_the_books_markup(path):
    deck = slides.deck(read(path))
    text = "\n\n".join(cell.source for cell in deck.cells)
    before = [cell for cell in read(path).cells if "answer" not in tags(cell)]
    pictures = [cell for cell in before if "figure" in cell.get("metadata", {}).get("mystnb", {})]
    assert 0 < text.count("<img ") <= len(pictures)
    assert text.count("**Before you look**") >= 2
    assert all(cell.metadata.slideshow.slide_type in {"slide", "subslide"} for cell in deck.cells)
    assert not re.search(
        r"\{(?:ref|numref|eq|glue|cite|func|doc)[^}]*\}|:::|^\([\w-]+\)=$", text, flags=re.MULTILINE
    )
    assert "{admonition} Answer" not in text
