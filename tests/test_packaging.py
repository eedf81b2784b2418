import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from dataclasses import fields, is_dataclass
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from pybtex.database import parse_string

import lrnn

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCES = {path.stem: path for path in (ROOT / "lrnn").glob("*.py") if path.stem != "__init__"}
SOURCES["live"] = ROOT / "lrnn" / "live" / "__init__.py"
PUBLIC = sorted(name for name in SOURCES if not name.startswith("_"))


# Imports


def modules_after(statement):
    code = f"import sys; {statement}; print(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=True, cwd=ROOT
    )
    return set(done.stdout.split())


def test_importing_the_package_costs_no_more_than_numpy():
    loaded = modules_after("import lrnn")
    assert not loaded & {"sympy", "matplotlib", "scipy", "ipywidgets", "IPython", "PIL", "flint"}
    assert loaded - modules_after("import numpy, lazy_loader") <= {"lrnn"}


@pytest.mark.parametrize("name", ["tasks", "modes", "network", "exact", "landscape", "paper"])
def test_the_numerical_modules_load_numpy_alone(name):
    loaded = modules_after(f"import lrnn.{name}")
    assert not loaded & {"sympy", "matplotlib", "scipy", "ipywidgets", "IPython", "PIL", "flint"}


def test_every_public_name_is_reachable_lazily():
    assert set(PUBLIC) <= set(lrnn.__all__)
    modules_after("import lrnn; [getattr(lrnn, name) for name in lrnn.__all__]")
    assert not {"lrnn.tasks", "lrnn.plotting"} & modules_after("import lrnn")
    assert "lrnn.tasks" in modules_after("import lrnn; lrnn.tasks.constant")


# Which modules of the package each may import, and what else beside the standard library.
LAYERS = {
    "_check": set(),
    "_rosenbrock": set(),
    "tasks": {"_check"},
    "modes": {"_check", "_rosenbrock"},
    "network": {"_check", "tasks", "modes"},
    "exact": {"_check", "tasks", "modes"},
    "landscape": {"_check", "_rosenbrock", "tasks", "modes"},
    "realization": {"_check", "landscape", "network"},
    "staircase": {"_check", "network", "tasks"},
    "symbolic": {"_check", "tasks", "modes"},
    "paper": {"_check", "_rosenbrock", "modes"},
    "plotting": {"modes"},
    "live": {"_check", "network", "staircase", "tasks"},
    "sweep": {"_check"},
}
OUTSIDE = {
    "symbolic": {"numpy", "sympy"},
    "plotting": {"numpy", "matplotlib", "PIL", "IPython"},
    "live": {"numpy", "anywidget", "traitlets", "IPython", "matplotlib"},
    "landscape": {"numpy", "flint"},
    "realization": {"numpy", "flint", "scipy"},
    "staircase": {"numpy", "scipy"},
    "sweep": {"numpy", "tqdm", "xarray"},
}


@pytest.mark.parametrize("name", SOURCES)
def test_imports_run_one_way(name):
    inside, outside = set(), set()
    for node in ast.walk(ast.parse(SOURCES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            outside |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level:
            inside |= {node.module} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            outside.add(node.module.split(".")[0])
    assert inside <= LAYERS[name]
    assert outside - sys.stdlib_module_names <= OUTSIDE.get(name, {"numpy"})


# Docstrings


def public_members(kind):
    modules = {name: importlib.import_module(f"lrnn.{name}") for name in PUBLIC}
    return [
        pytest.param(value, id=f"{name}.{member}")
        for name, module in modules.items()
        for member, value in vars(module).items()
        if not member.startswith("_") and kind(value)
        # A module's own, or what it gathers from private ones.
        if value.__module__ == module.__name__ or member in getattr(module, "__all__", ())
    ]


def sections(docstring):
    """The text of each numpydoc section."""
    parts = re.split(r"^(\w+)\n-{3,}$", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2]))


@pytest.mark.parametrize("function", public_members(inspect.isfunction))
def test_functions_say_what_they_take_give_and_refuse(function):
    found = sections(function.__doc__)
    tree = ast.parse(inspect.getsource(function)).body[0]
    names = [argument.arg for argument in ast.walk(tree.args) if isinstance(argument, ast.arg)]
    if names:
        assert "Parameters" in found
        described = {
            name.strip(" *")
            for line in re.findall(r"^(\S.*?)(?: :|$)", found["Parameters"], flags=re.MULTILINE)
            for name in line.split(",")
        }
        assert described == set(names)
    if any(isinstance(node, ast.Return) and node.value for node in ast.walk(tree)):
        assert not names or "Returns" in found
    if function.__module__.split(".")[1] not in OUTSIDE:
        assert "ValueError" in found["Raises"]


@pytest.mark.parametrize("cls", public_members(is_dataclass))
def test_dataclasses_describe_their_fields_and_methods(cls):
    assert cls.__dataclass_params__.frozen
    described = re.findall(r"\w+", cls.__doc__)
    assert [field.name for field in fields(cls) if field.name not in described] == []
    for name, method in vars(cls).items():
        if not name.startswith("_") and inspect.isfunction(method):
            assert method.__doc__
            for parameter in list(inspect.signature(method).parameters)[1:]:
                described = sections(method.__doc__).get("Parameters", "")
                assert f"`{parameter}`" in method.__doc__ or parameter in described


# The lock file

LOCK_TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
VERSIONS = ["3.11", "3.12", "3.13", "3.14"]


def lock_entries():
    """Requirement and hashes of each entry."""
    joined = LOCK_TEXT.replace("\\\n", " ")
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            requirement, *hashes = line.split("--hash=")
            yield Requirement(requirement.strip()), [h.strip() for h in hashes]


LOCK = list(lock_entries())


def declared(extras):
    """All direct requirements of the package with these extras; references to itself are followed."""
    requirements = [Requirement(text) for text in PROJECT["dependencies"]]
    for extra in extras:
        for text in PROJECT["optional-dependencies"][extra]:
            requirement = Requirement(text)
            if canonicalize_name(requirement.name) == PROJECT["name"]:
                requirements += declared(requirement.extras)
            else:
                requirements.append(requirement)
    return requirements


def extras_but_the_peers():
    """The benchmarks' peers are never needed and not locked; the course has a lock of its own."""
    return [extra for extra in PROJECT["optional-dependencies"] if extra not in {"bench", "course"}]


def environment(version, extra=""):
    patch = {"3.11": "3.11.9", "3.12": "3.12.4", "3.13": "3.13.1", "3.14": "3.14.0"}[version]
    return {
        "python_version": version,
        "python_full_version": patch,
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "platform_machine": "x86_64",
        "extra": extra,
    }


@pytest.mark.parametrize("version", VERSIONS)
def test_every_dependency_is_pinned_inside_its_range(version):
    pins = {}
    for requirement, _ in LOCK:
        if requirement.marker is None or requirement.marker.evaluate(environment(version)):
            assert canonicalize_name(requirement.name) not in pins
            (pin,) = requirement.specifier
            assert pin.operator == "=="
            pins[canonicalize_name(requirement.name)] = pin.version
    requirements = declared(extras_but_the_peers())
    assert {"numpy", "sympy", "matplotlib", "scipy", "pytest"} <= {r.name for r in requirements}
    for requirement in requirements:
        if requirement.marker is None or requirement.marker.evaluate(environment(version)):
            assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)])


def test_the_extra_of_everything_holds_every_extra():
    everything = {str(r) for r in declared(["all"])}
    assert everything == {str(r) for r in declared(extras_but_the_peers())}


def test_every_pin_has_hashes():
    for requirement, hashes in LOCK:
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", h) for h in hashes)


def test_the_lock_names_no_address_and_no_index():
    assert not re.search(r"https?:|file:|git\+|@ ", LOCK_TEXT)
    assert not re.search(r"^\s*(-[a-z]\b|--(?!hash=))", LOCK_TEXT, flags=re.MULTILINE)


def test_jupyter_book_is_pinned_to_the_last_of_its_first_kind():
    assert "jupyter-book==1.0.4.post1" in [str(r) for r in declared(["book"])]
    assert "jupyter-book==1.0.4.post1" in [str(r) for r, _ in LOCK]


def test_the_conda_environment_installs_the_same_lock():
    given = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    (python,) = (d for d in given if isinstance(d, str) and re.match(r"python\b", d))
    pinned = re.search(r"\d+\.\d+", python).group()
    assert SpecifierSet(PROJECT["requires-python"]).contains(pinned)
    assert pinned in VERSIONS
    (pip,) = (d["pip"] for d in given if isinstance(d, dict))
    assert "-r requirements.lock" in pip


def test_the_citation_on_the_first_page_is_that_of_the_citation_file():
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    book = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    intro = nbformat.read(ROOT / "book" / "intro.ipynb", as_version=4)
    (box,) = re.findall(r"```bibtex\n(.+?)```", "".join(cell.source for cell in intro.cells), re.DOTALL)
    ((_, entry),) = parse_string(box, "bibtex").entries.items()
    assert entry.type == told["type"]
    assert [str(person).strip("{}") for person in entry.persons["author"]] == [
        author["name"] for author in told["authors"]
    ]
    expected = {name: str(told[name]) for name in ("title", "version", "url") if name in told}
    assert dict(entry.fields) == {
        **expected,
        "year": book["copyright"],
        "license": " and ".join(told["license"]),
    }
    assert told["version"] == lrnn.__version__
