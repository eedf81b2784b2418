# make book      build the book into _build/html       make test     everything that must hold
#                (ANSWERS=withheld: the edition for a class, without the answers to the exercises)
# make pdf       the book on paper, from the stored outputs, in _build/pdf (needs XeLaTeX; .ci/run says which packages)
# make course    the course pack in _build/course: assignments, answers, gradebook, and the proof that grading works
#                (SEED="words": other numbers in the hidden tests; COURSE=FOLDER: somewhere else)
# make slides    a deck for each chapter of part one in _build/slides (REVEAL=FOLDER: with a reveal.js of your own)
# make serve     build it and open it in a browser     make lab      open the notebooks in JupyterLab
# make portable  the computing tests and the notebooks again, on another arithmetic
# make lone      each notebook alone in an empty folder, installed as its page says
#                (LONE=3: three of them; NEWEST=1: in the newest versions of all packages)
# make bundle    one archive with all notebooks and the package, opened and started as its README says
# make release   what a tag publishes, in _build/release: site, PDF, bundle, wheel, students' pack, checksums
#                (TAG=v1.2.3: refuse to if that is not the version)
# make links     do the addresses that the pages lead to still answer? (LIST=1: only list them)
# make changed   which pages differ from those of the commit before (BASE=REVISION: from another's)
# make bench     time the live figures, and the package beside PyTorch, JAX, SciPy and diffrax
# make notebooks re-execute all notebooks in place     make clean    remove what was built
# make lock      resolve requirements.lock again       make resolve  does it fit the platforms we promise?

PYTHON ?= python3
LOG := _build/log
NOTEBOOKS := $(wildcard book/*.ipynb book/*/*.ipynb)
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
COURSE_BIN := .course/Scripts
SHELL := bash
else
BIN := .venv/bin
COURSE_BIN := .course/bin
endif

# One BLAS thread: the matrices are small, and pytest runs two workers.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
export ANSWERS ?= folded
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export JUPYTER_PLATFORM_DIRS := 1

# Tests that compute something, and the notebooks against their stored outputs.
ALL_UNIT := tests --ignore=tests/test_site.py --ignore=tests/test_browser.py --ignore=tests/test_lone.py \
	--ignore=tests/test_bundle.py --ignore=tests/test_pdf.py
COMPUTING := $(ALL_UNIT) --ignore=tests/test_packaging.py --ignore=tests/test_plotting.py \
	--ignore=tests/test_publishing.py --ignore=tests/test_workflows.py
# The last chapters are the longest: begun first, they leave no worker idle at the end.
NBVAL := -n 2 --dist loadfile -p no:cacheprovider --nbval --nbval-sanitize-with tests/nbval_sanitize.cfg \
	$(shell ls -r book/*.ipynb book/*/*.ipynb)
# An x86 processor without AVX, as NumPy and OpenBLAS would see it: other digits at the end of every number.
OTHER := NPY_DISABLE_CPU_FEATURES=X86_V3 OPENBLAS_CORETYPE=Nehalem

# stage(name,command): run quietly, then one line with the time and the last line of counts;
# a failure shows the whole log.
define stage
@mkdir -p $(LOG); start=$$(date +%s); \
if ( $(2) ) >$(LOG)/$(strip $(1)).txt 2>&1; \
then printf '%-12s %4d s  %s\n' '$(strip $(1))' $$(( $$(date +%s) - start )) \
	"$$(grep -hoE '[0-9]+ passed.*|[0-9]+ pages|no Chromium.*|All checks passed!|build succeeded.*|executed [0-9]+ notebooks' $(LOG)/$(strip $(1)).txt | tail -n 1 | sed -E 's/ in [0-9.]+s.*//; s/=+//g')"; \
else cat $(LOG)/$(strip $(1)).txt; printf '%-12s FAILED after %d s\n' '$(strip $(1))' $$(( $$(date +%s) - start )); exit 1; fi
endef

.PHONY: book pdf test serve lab notebooks portable lone bundle course slides release bench lock resolve clean lint unit nbval site \
	links changed notes

book: site

test: lint unit nbval site
	$(call stage, site-tests, $(BIN)/python -m pytest -q -n 2 tests/test_site.py)
	$(call stage, browser, $(BIN)/python -m pytest -q -n 2 tests/test_browser.py)

.venv/locked: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: make PYTHON=python3.12'; exit 1; }
	$(call stage, venv, $(PYTHON) -m venv --clear .venv)
	$(call stage, packages, $(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock)
	@touch $@

.venv/installed: .venv/locked pyproject.toml
	$(call stage, lrnn, $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .)
	@touch $@

# The peers of the benchmarks, in an environment of their own.
.bench/installed: pyproject.toml
	$(call stage, peers, $(PYTHON) -m venv --clear .bench && .bench/bin/python -m pip install --quiet -e '.[bench]')
	@touch $@

lint: .venv/installed
	$(call stage, lint, $(BIN)/ruff check . && $(BIN)/ruff format --check lrnn tests site course/*.py book/ledger \
		&& $(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml)

unit: .venv/installed
	$(call stage, unit, $(BIN)/python -m pytest -q -n 2 $(ALL_UNIT))

nbval: .venv/installed
	$(call stage, nbval, $(BIN)/python -m pytest -q $(NBVAL))

portable: .venv/installed
	@$(OTHER) $(BIN)/python -c 'from numpy._core._multiarray_umath import __cpu_features__ as f; assert not f["X86_V3"]'
	$(call stage, other-unit, $(OTHER) $(BIN)/python -m pytest -q -n 2 $(COMPUTING))
	$(call stage, other-nbval, $(OTHER) $(BIN)/python -m pytest -q $(NBVAL))

_build/html/index.html:
	@$(MAKE) --no-print-directory site

lone: _build/html/index.html .venv/installed
	$(call stage, lone, $(BIN)/python -m pytest -q tests/test_lone.py)

bundle: _build/html/index.html .venv/installed
	@rm -rf _build/bundle && mkdir -p _build/bundle && cp _build/html/_static/lrnn-book-*.zip _build/bundle
	$(call stage, bundle, $(BIN)/python -m pytest -q tests/test_bundle.py)
	@ls -l _build/bundle

# nbgrader has an environment of its own: it puts menus and server extensions into the JupyterLab it meets.
COURSE ?= _build/course
.course/installed: course/requirements.lock pyproject.toml
	$(call stage, course-venv, $(PYTHON) -m venv --clear .course \
		&& $(COURSE_BIN)/python -m pip install --quiet --require-hashes -r course/requirements.lock \
		&& $(COURSE_BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .)
	@touch $@

course: .course/installed
	$(call stage, course-build, $(COURSE_BIN)/python course/editions.py --out "$(COURSE)" --seed "$(SEED)")
	$(call stage, course-check, $(COURSE_BIN)/python course/check.py --out "$(COURSE)")
	@grep -E ' of [0-9]+ ' $(LOG)/course-check.txt

slides: .venv/installed
	$(call stage, slides, $(BIN)/python site/slides.py --out _build/slides --reveal "$(REVEAL)")

links: _build/html/index.html .venv/installed
	@$(BIN)/python site/links.py _build/html _build $(if $(LIST),--list)

# The other revision is built as it was then, in a worktree and an environment of its own.
BASE ?= HEAD^
changed: site
	$(call stage, base, rm -rf _build/base && git worktree prune && git worktree add --detach _build/base "$(BASE)" \
		&& $(MAKE) -C _build/base book)
	@$(BIN)/python site/changed.py _build/base/_build/html _build/html > _build/changed.md && cat _build/changed.md
	@git worktree remove --force _build/base

notes: .venv/installed
	@mkdir -p _build && $(BIN)/python site/release.py CHANGELOG.md "$(TAG)" > _build/release-notes.md

# What a tag publishes; a tag that is not the version's stops at once, in the notes.
release: notes site pdf bundle course
	@rm -rf _build/release && mkdir _build/release
	@cp _build/html/_static/lrnn-*.whl _build/pdf/*.pdf _build/bundle/*.zip _build/release
	@$(BIN)/python -m zipfile -c _build/release/site.zip _build/html
	@$(BIN)/python -m zipfile -c _build/release/students.zip "$(COURSE)"/students/*.zip
	@cd _build/release && export LC_ALL=C && sha256sum * > SHA256SUMS
	@ls -l _build/release

site: .venv/installed
	@rm -rf _build/html
	$(call stage, book, $(BIN)/jupyter-book build . -W --keep-going)

# Read in a folder of its own, since other settings hold than for the pages; lines of the log are not broken.
PDF := _build/pdf/_build/latex
pdf: .venv/installed
	@rm -rf _build/pdf
	$(call stage, pdf-read, ANSWERS=withheld $(BIN)/jupyter-book build . --path-output _build/pdf --builder latex -W --keep-going)
	$(call stage, pdf-set, cd $(PDF) && { max_print_line=1000 latexmk -xelatex -silent -halt-on-error book.tex || { cat book.log; exit 1; }; } \
		&& grep -oE '[0-9]+ pages' book.log)
	$(call stage, pdf-tests, $(BIN)/python -m pytest -q tests/test_pdf.py)
	@cp $(PDF)/book.pdf _build/pdf/how-linear-recurrent-networks-learn.pdf

serve: site
	@echo 'http://localhost:8000 (Ctrl-C stops it)'
	@$(BIN)/python -m webbrowser http://localhost:8000 >/dev/null 2>&1 || true
	@$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory _build/html

lab: .venv/installed
	@$(BIN)/jupyter lab book

notebooks: .venv/installed
	$(call stage, notebooks, $(BIN)/python site/execute.py $(NOTEBOOKS))

bench: site .bench/installed
	@$(BIN)/python benchmarks/live.py
	@.bench/bin/python benchmarks/engine.py
	@$(MAKE) --no-print-directory notebooks NOTEBOOKS=book/appendix/speed.ipynb

LOCK := $(BIN)/uv pip compile pyproject.toml --extra all --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --quiet --output-file requirements.lock

lock: .venv/installed
	$(LOCK) --upgrade
	@sed -E '/^ *(--hash|#)/d; s/ *\\$$//' requirements.lock > _build/versions.txt
	$(subst --extra all,--extra course --no-annotate --constraint _build/versions.txt,$(subst --output-file requirements.lock,--output-file course/requirements.lock,$(LOCK))) --upgrade

PLATFORMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu x86_64-pc-windows-msvc aarch64-apple-darwin
resolve: .venv/installed
	@set -e; for platform in $(PLATFORMS); do for version in 3.11 3.12 3.13 3.14; do \
		$(BIN)/uv pip install --quiet --dry-run --require-hashes --only-binary :all: --requirement requirements.lock \
			--python-platform $$platform --python-version $$version --target _build/nowhere; \
		echo "$$platform, Python $$version: a wheel for each package"; done; done

clean:
	rm -rf _build .venv .bench .course .lone .pytest_cache .ruff_cache .hypothesis
