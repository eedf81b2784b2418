"""The proof that grading works: made-up submissions, and the points that each of their tests must give.

    python course/check.py --out FOLDER [NAME...]

For each assignment of the course in FOLDER: the right answers, none, the typical wrong ones of
`wrong/NAME.toml`, and what goes wrong in other ways: an endless loop, exit(), a filled memory, copied and
missing cells, another tool's file. These students are graded in FOLDER-check, never in the course itself.
"""

import argparse
import copy
import csv
import shutil
import sys
import time
import tomllib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import leaks
from editions import (
    HERE,
    assignments,
    demand,
    flags,
    is_answer,
    is_test,
    nbgrader,
    read,
    without_marks,
    write,
)

TIMEOUT = 6  # seconds for a cell: enough for every test, and an endless loop is soon over


def filled_in(release, source, student):
    """The student edition with the source's answers typed in, by this student."""
    answers = {flags(cell)["grade_id"]: cell.source for cell in source.cells if is_answer(cell)}
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        if is_answer(cell):
            cell.source = without_marks(answers[flags(cell)["grade_id"]]).replace('"demo"', f'"{student}"')
    return notebook


def place_of(notebook, grade_id):
    (place,) = [n for n, cell in enumerate(notebook.cells) if flags(cell).get("grade_id") == grade_id]
    return place


def full_marks(source):
    """Points of each graded cell; a written answer that is not blank waits for a person: None."""
    graded = [cell for cell in source.cells if flags(cell).get("grade")]
    return {flags(c)["grade_id"]: None if is_answer(c) else float(flags(c)["points"]) for c in graded}


def typical_mistakes(name, release, source, wrong):
    full = full_marks(source)
    for mistake in wrong["wrong"]:
        student, (old, new) = mistake["name"], mistake["replace"]
        notebook = filled_in(release, source, student)
        cell = notebook.cells[place_of(notebook, mistake["cell"])]
        old = old.replace("demo", student)
        if old not in cell.source:
            raise SystemExit(f"{name}: the answer to {mistake['cell']} has no {old!r} for {student!r}")
        cell.source = cell.source.replace(old, new)
        if unknown := set(mistake["loses"]) - set(full):
            raise SystemExit(f"{name}: {student!r} loses unknown tests {sorted(unknown)}")
        yield student, notebook, full | dict.fromkeys(mistake["loses"], 0.0)


def mishaps(release, source, wrong):
    """What has nothing to do with the question; `wrong["mishap"]` names a cell and the tests that need it."""
    full, cell = full_marks(source), wrong["mishap"]["cell"]
    lost = full | dict.fromkeys(wrong["mishap"]["loses"], 0.0)
    cut = [flags(c).get("grade_id") for c in source.cells[place_of(source, cell) :] if is_test(c)]
    for student, line, expected in (
        ("endless-loop", "while True: pass", lost),
        ("exit", "import os; os._exit(1)", full | dict.fromkeys(cut, 0.0)),
        ("memory", "filled = bytearray(6 << 30)", lost),
    ):
        if student == "memory" and sys.platform != "linux":  # there nothing limits it
            continue
        notebook = filled_in(release, source, student)
        place = place_of(notebook, cell)
        notebook.cells[place].source = f"{line}\n{notebook.cells[place].source}"
        yield student, notebook, expected

    copied = filled_in(release, source, "copied-cell")
    copied.cells.insert(place_of(copied, cell) + 1, copy.deepcopy(copied.cells[place_of(copied, cell)]))
    yield "copied-cell", copied, full

    missing = filled_in(release, source, "missing-test")
    del missing.cells[next(n for n, c in enumerate(missing.cells) if is_test(c))]
    yield "missing-test", missing, full

    foreign = filled_in(release, source, "other-tool")  # as Colab saves: no ids, entries of its own
    foreign.nbformat_minor = 0
    foreign.metadata["colab"] = {"provenance": []}
    for cell_of_it in foreign.cells:
        cell_of_it.pop("id", None)
        cell_of_it.metadata["outputId"] = "x"
    yield "other-tool", foreign, full


def submissions(name, release, source):
    """Names of students, their notebooks, and the points that every graded cell must give."""
    wrong = tomllib.loads((HERE / "wrong" / f"{name}.toml").read_text(encoding="utf-8"))
    full = full_marks(source)
    yield "right", filled_in(release, source, "right"), full
    yield "blank", release, dict.fromkeys(full, 0.0)
    yield from typical_mistakes(name, release, source, wrong)
    yield from mishaps(release, source, wrong)


def grade_samples(name, out, work):
    """Grade every sample of one assignment in the folder `work`; the report, and what was not as expected."""
    shutil.rmtree(work, ignore_errors=True)
    write(read(out / "source", name), work / "source", name)
    config = (out / "nbgrader_config.py").read_text(encoding="utf-8")
    (work / "nbgrader_config.py").write_text(f"{config}c.Execute.timeout = {TIMEOUT}\n", encoding="utf-8")
    grader, report, failed = nbgrader(work), [], []
    demand(grader.generate_assignment(name), f"the student edition of {name}")
    release, source = read(work / "release", name), read(work / "source", name)
    most = sum(float(flags(c)["points"]) for c in source.cells if is_test(c))

    # A file that is no notebook is refused by name, and the next student is graded all the same.
    (work / "submitted" / "no-notebook" / name).mkdir(parents=True)
    (work / "submitted" / "no-notebook" / name / f"{name}.ipynb").write_text("my answers", encoding="utf-8")
    if grader.autograde(name, "no-notebook")["success"]:
        failed.append(f"{name} no-notebook")

    for student, notebook, expected in submissions(name, release, source):
        start = time.monotonic()
        write(notebook, work / "submitted" / student, name)
        result = grader.autograde(name, student)
        if not result["success"]:
            failed.append(f"{name} {student}: no grade\n{result.get('log')}")
            continue
        demand(grader.generate_feedback(name, student), f"the feedback of {student}")
        with grader.gradebook as book:
            grades = book.find_submission_notebook(name, name, student).grades
            got = {grade.name: grade.auto_score for grade in grades}
        total = sum(points or 0 for points in got.values())
        report.append(f"{name:22s} {student:26s} {total:4g} of {most:g}   {time.monotonic() - start:4.1f} s")
        if different := {k: (got.get(k), want) for k, want in expected.items() if got.get(k) != want}:
            failed.append(f"{name} {student}: (got, expected) {different}")
    failed += [
        f"LEAK {where}: {line}" for where, line in leaks.in_feedback(work / "feedback", out / "source")
    ]
    export(grader, work / "grades.csv")
    return report, failed


def export(grader, path):
    """A row for each student, a column for each assignment, as a learning platform imports it."""
    with grader.gradebook as book, path.open("w", newline="", encoding="utf-8") as file:
        titles = [assignment.name for assignment in book.assignments]
        table = csv.writer(file)
        table.writerow(["student_id", "last_name", "first_name", "email", *titles])
        for student in book.students:
            scores = {entry.assignment.name: entry.score for entry in student.submissions}
            about = [student.id, student.last_name or "", student.first_name or "", student.email or ""]
            table.writerow([*about, *(scores.get(title, "") for title in titles)])


def check(out, names):
    work = out.with_name(f"{out.name}-check")
    failed = [f"LEAK {where}: {line}" for where, line in leaks.in_course(out)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(grade_samples, name, out, work / name) for name in names]
        done = 0
        for future in running:
            report, problems = future.result()
            print(*report, sep="\n", flush=True)
            failed += problems
            done += len(report) + 1
    print(*failed, sep="\n")
    print(f"{done} passed, {len(failed)} failed" if failed else f"{done} passed")
    return bool(failed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=lambda text: Path(text).resolve(), required=True)
    given = parser.parse_args()
    sys.exit(check(given.out, given.names or assignments(HERE / "source")))
