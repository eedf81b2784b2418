"""The workflows say nothing that is not said, and run, here: each of their steps is a target of the Makefile.

The targets that `.ci/run` does not run are run below, in a made-up checkout whose book is built in no time.
"""

import http.server
import inspect
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import yaml

import lrnn

ROOT = Path(__file__).parents[1]
JOINED = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n", " ")
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
STEPS = [
    pytest.param(step, id=f"{name}-{job}-{number}")
    for name, workflow in WORKFLOWS.items()
    for job, content in workflow["jobs"].items()
    for number, step in enumerate(content["steps"])
]
# What cannot be run here, and why.
ELSEWHERE = {
    "bash .ci/run": "it is what runs here",
    "choco install make": "the forge's Windows machines come without make",
    "gh release create": "it publishes, with a token that the forge alone gives",
}


def rules():
    """Of each target of the Makefile, the targets that it asks for."""
    found = re.findall(r"^([a-z]+):(?!=)(.*)$", JOINED, flags=re.MULTILINE)
    return {target: needs.split() for target, needs in found}


def made(command):
    """The targets that a call of make names; settings are NAME=VALUE."""
    words = command.partition("#")[0].split()
    while words and "=" in words[0]:
        words.pop(0)
    return [word for word in words[1:] if "=" not in word] if words[:1] == ["make"] else []


def run_here():
    """The targets that .ci/run makes, with those that they ask for."""
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    found, known = [target for line in lines for target in made(line)], rules()
    for target in found:
        found += [need for need in known[target] if need in known and need not in found]
    return set(found)


def run_in_a_test():
    """The targets that a test below makes."""
    tests = [value for name, value in globals().items() if name.startswith("test_make_")]
    return {
        target
        for test in tests
        for target in re.findall(r"""\bmake\(\w+, "([a-z]+)""", inspect.getsource(test))
    }


@pytest.mark.parametrize("step", STEPS)
def test_a_step_is_run_by_ci_or_by_a_test_or_can_run_on_the_forge_alone(step):
    assert ("run" in step) != ("uses" in step)
    assert re.fullmatch(r"actions/[\w-]+@v\d+", step.get("uses", "actions/checkout@v5"))
    command = step.get("run", "bash .ci/run")
    assert "\n" not in command.strip()  # what takes more is a target
    assert not re.search(r"[;&|]|\$\(", command)
    targets = made(command)
    if targets:
        assert set(targets) <= set(rules())
        assert set(targets) <= run_here() | run_in_a_test()
    else:
        assert command.startswith(tuple(ELSEWHERE))


def test_no_exception_is_left_over():
    commands = [step.values[0].get("run", "") for step in STEPS]
    assert [known for known in ELSEWHERE if not any(c.startswith(known) for c in commands)] == []


@pytest.mark.parametrize("path", sorted((ROOT / ".github" / "workflows").glob("*.yml")), ids=lambda p: p.stem)
def test_a_workflow_names_no_repository(path):
    assert not re.search(r"https?://|github\.com", path.read_text(encoding="utf-8"))


def test_each_target_is_phony():  # `site` and `course` are folders too
    (phony,) = re.findall(r"^\.PHONY:(.*)$", JOINED, flags=re.MULTILINE)
    assert set(rules()) <= set(phony.split())


# A made-up checkout: the Makefile and the scripts are the project's, the book is the folder `pages`.

# Stands for Python until there is an environment, and in it; it installs nothing.
PYTHON = """#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p .venv/bin && cp "$0" .venv/bin/python && cp jupyter-book .venv/bin ;;
"-m pip") ;;
*) exec {python} "$@" ;;
esac
"""
JUPYTER_BOOK = "#!/bin/sh\nmkdir -p _build/html/_static && cp pages/* _build/html\n"
WHEEL = f"lrnn-{lrnn.__version__}-py3-none-any.whl"


def git(checkout, *words):
    person = ["-c", "user.name=Nobody", "-c", "user.email=nobody@book.example"]
    subprocess.run(["git", *person, *words], cwd=checkout, check=True, capture_output=True)


def make(checkout, *words, **environment):
    # Without what a make around the tests has told its children.
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        ["make", f"PYTHON={checkout / 'python'}", *words], cwd=checkout, env={**clean, **environment},
        capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip


@pytest.fixture
def checkout(tmp_path):
    if os.name == "nt" or not (shutil.which("make") and shutil.which("git")):
        pytest.skip("make, git and a POSIX shell are needed")
    for name in ("Makefile", ".gitignore", "pyproject.toml", "requirements.lock", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "site", tmp_path / "site", ignore=shutil.ignore_patterns("static", "__pycache__"))
    for name, text in (("python", PYTHON.format(python=sys.executable)), ("jupyter-book", JUPYTER_BOOK)):
        (tmp_path / name).write_text(text, encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("<body>one two</body>", encoding="utf-8")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "The first")
    return tmp_path


def test_make_changed_compares_with_the_commit_before(checkout):
    (checkout / "pages" / "index.html").write_text("<body>one three four</body>", encoding="utf-8")
    (checkout / "pages" / "new.html").write_text("<body>five</body>", encoding="utf-8")
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "The second")
    done = make(checkout, "changed", GITHUB_STEP_SUMMARY=str(checkout / "summary.md"))
    assert done.returncode == 0, done.stdout + done.stderr
    text = (checkout / "_build" / "changed.md").read_text(encoding="utf-8")
    assert "- new: `new.html`, 1 words\n- changed: `index.html`, words −1 +2\n" in text
    assert text == (checkout / "summary.md").read_text(encoding="utf-8")
    assert done.stdout.endswith(text)
    # Against itself, with what an interrupted run would leave.
    git(checkout, "worktree", "add", "--detach", "_build/base", "HEAD^")
    done = make(checkout, "changed", "BASE=HEAD")
    assert "0 new, 0 gone, 0 changed, of 2 pages." in done.stdout, done.stdout + done.stderr
    assert not (checkout / "_build" / "base").exists()
    assert make(checkout, "changed", "BASE=nowhere").returncode != 0


def test_make_book_builds_the_pages(checkout):
    assert make(checkout, "book").returncode == 0
    assert (checkout / "_build" / "html" / "index.html").is_file()


def test_make_links_fails_for_a_dead_address_and_tells_which(checkout):
    (checkout / "there").mkdir()
    handler = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    served = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), lambda *given: handler(*given, directory=checkout / "there")
    )
    threading.Thread(target=served.serve_forever, daemon=True).start()
    page, here = checkout / "pages" / "index.html", f"http://127.0.0.1:{served.server_port}"
    page.write_text(f'<body><a href="{here}/">a</a><a href="{here}/gone">b</a></body>', encoding="utf-8")
    try:
        done = make(checkout, "links", GITHUB_STEP_SUMMARY=str(checkout / "summary.md"))
        listed = make(checkout, "links", "LIST=1")
        page.write_text(f'<body><a href="{here}/">a</a></body>', encoding="utf-8")
        assert make(checkout, "book", "links").returncode == 0
    finally:
        served.shutdown()
        served.server_close()
    assert done.returncode != 0
    told = (checkout / "summary.md").read_text(encoding="utf-8")
    assert told in done.stdout
    assert f"## Dead\n\n- <{here}/gone>: 404; in index.html\n" in told
    assert listed.returncode == 0
    assert listed.stdout == f"{here}/\tindex.html\n{here}/gone\tindex.html\n"


def test_make_release_gathers_what_a_tag_publishes(checkout):
    built = {
        f"html/_static/{WHEEL}": "wheel", "html/index.html": "page", "pdf/book.pdf": "paper",
        f"bundle/lrnn-book-{lrnn.__version__}.zip": "bundle", "course/students/01.zip": "for students",
        "course/instructor/01.ipynb": "answers", "release/old.zip": "left over",
    }  # fmt: skip
    for name, text in built.items():
        (checkout / "_build" / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / "_build" / name).write_text(text, encoding="utf-8")
    tag = f"v{lrnn.__version__}"
    # What has its own tests is taken as made.
    as_made = [word for target in ("site", "pdf", "bundle", "course") for word in ("-o", target)]
    done = make(checkout, "release", f"TAG={tag}", *as_made)
    assert done.returncode == 0, done.stdout + done.stderr
    folder = checkout / "_build" / "release"
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "SHA256SUMS",
        "book.pdf",
        WHEEL,
        f"lrnn-book-{lrnn.__version__}.zip",
        "site.zip",
        "students.zip",
    ]
    assert zipfile.ZipFile(folder / "students.zip").namelist() == ["01.zip"]
    assert "html/index.html" in zipfile.ZipFile(folder / "site.zip").namelist()
    sums = (folder / "SHA256SUMS").read_bytes()
    assert [line.split()[1].decode() for line in sums.splitlines()] == names[1:]
    assert b"\r" not in sums
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder, capture_output=True).returncode == 0
    notes = (checkout / "_build" / "release-notes.md").read_text(encoding="utf-8")
    assert notes.startswith("### ")
    assert "\n## " not in notes
    # Another's tag stops before anything is built.
    refused = make(checkout, "release", "TAG=v0.0.0", *as_made)
    assert refused.returncode != 0
    assert f"must be {tag}" in refused.stderr
    assert sorted(path.name for path in folder.iterdir()) == names
