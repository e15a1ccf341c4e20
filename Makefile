# Everything happens in virtual environments inside the repository; "make clean" removes them.
# Another interpreter: make test PYTHON=python3.12

PYTHON ?= python3
VENV_PYTHON = .venv/bin/python
OLDEST_PYTHON = .venv-oldest/bin/python
LATEST_PYTHON = .venv-latest/bin/python
JAX_PYTHON = .venv-jax/bin/python

# A worker keeps a file of tests to itself, so that what they share is made once, and computes in one
# thread: two workers with two each would wait for one another.
PYTEST = -m pytest -n 2 --dist loadfile
test test-all test-oldest test-latest: export OMP_NUM_THREADS = 1

# TensorFlow otherwise prints a page about the processor and missing GPUs at every start.
export TF_CPP_MIN_LOG_LEVEL = 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.DEFAULT_GOAL = help
.DELETE_ON_ERROR:
# Two targets installing into one environment at the same time would break it.
.NOTPARALLEL:
.PHONY: help demo test test-all lint bench fuzz soak docs test-oldest test-latest test-backends clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

demo: .venv/.installed ## train and report on drawn images, into demo_report/
	$(VENV_PYTHON) -m skin_lesion --output demo_report

test: .venv/.installed-test ## run the tests and doctests; make test ARGS="-k loader"
	$(VENV_PYTHON) $(PYTEST) -m "not slow" $(ARGS)

test-all: .venv/.installed-test ## run the slow tests, too
	$(VENV_PYTHON) $(PYTEST) $(ARGS)

lint: .venv/.installed-ruff ## check style and formatting
	$(VENV_PYTHON) -m ruff check .
	$(VENV_PYTHON) -m ruff format --check .

bench: .venv/.installed-bench ## run the benchmarks
	@set -e; for script in benchmarks/bench_*.py; do \
		echo "== $$script"; $(VENV_PYTHON) "$$script"; \
	done

fuzz: .venv/.installed-test ## read thousands of damaged files, each decoded or refused by name
	@set -e; for script in tests/reliability/fuzz_*.py; do \
		echo "== $$script"; $(VENV_PYTHON) "$$script"; \
	done
	$(VENV_PYTHON) tests/reliability/fuzz_loader.py --hdf5
	$(VENV_PYTHON) -m pytest tests/reliability/test_any_input.py --hypothesis-profile fuzz

soak: .venv/.installed-test ## kill what writes 360 times, and fit 50 times: nothing lost, no growth
	@set -e; for script in tests/reliability/soak*.py; do \
		echo "== $$script"; $(VENV_PYTHON) "$$script"; \
	done
	$(VENV_PYTHON) -m pytest tests/reliability/test_signals.py

docs: .venv/.installed-docs ## build the documentation in docs/_build/html
	$(VENV_PYTHON) -m sphinx -W --keep-going -b html docs docs/_build/html
	$(VENV_PYTHON) tools/check_links.py docs/_build/html

test-oldest: .venv-oldest/.installed ## run the tests with the oldest supported versions
	$(OLDEST_PYTHON) $(PYTEST) $(ARGS)

# No stamp: what is newest changes. A pre-release of TensorFlow brings keras-nightly, which lies in
# the folder of keras: whichever came last would be tested. The list tells what a failure came with.
test-latest: .venv-latest/.created ## run the tests with the newest versions, pre-releases too
	$(LATEST_PYTHON) -m pip install --quiet --pre --upgrade --upgrade-strategy eager \
		-e ".[test,onnx,lite]"
	$(LATEST_PYTHON) -m pip uninstall --quiet --yes keras-nightly
	$(LATEST_PYTHON) -m pip install --quiet --pre --force-reinstall --no-deps keras
	$(LATEST_PYTHON) -m pip freeze
	$(LATEST_PYTHON) $(PYTEST) $(ARGS)

test-backends: .venv-jax/.installed ## run the backend tests on JAX, without TensorFlow
	KERAS_BACKEND=jax $(JAX_PYTHON) -m pytest tests -m backends $(ARGS)

clean: ## remove the environments and everything generated
	rm -rf .venv .venv-oldest .venv-latest .venv-jax build dist *.egg-info
	rm -rf docs/_build docs/api docs/auto_examples demo_report .hypothesis .pytest_cache .ruff_cache
	find skin_lesion tests tools docs benchmarks examples -name __pycache__ -prune -exec rm -rf {} +

# Each stamp lies in the environment that it vouches for and is touched last: a failed installation
# leaves none and is tried again.

%/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "skin_lesion needs Python 3.11 to 3.13, and '$(PYTHON)' is older, broken or missing." \
			"Name another one: make PYTHON=python3.12" >&2; \
		exit 1; \
	}
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 14))' || \
		echo "TensorFlow may have no release for '$(PYTHON)', which is newer than Python 3.13." \
			"If the installation fails, name another one: make clean, make PYTHON=python3.13" >&2
	$(PYTHON) -m venv $*
	@touch $@

.venv/.installed: pyproject.toml | .venv/.created
	$(VENV_PYTHON) -m pip install --quiet -e .
	@touch $@

# The extras are not part of test: JAX is tested without them.
.venv/.installed-test: pyproject.toml | .venv/.created
	$(VENV_PYTHON) -m pip install --quiet -e ".[test,onnx,lite]"
	@touch $@

.venv/.installed-docs: pyproject.toml | .venv/.created
	$(VENV_PYTHON) -m pip install --quiet -e ".[docs]"
	@touch $@

# imagededup requires torch and torchvision, gigabytes of which its hashes need nothing. There is no
# wheel of it for every Python: the benchmark does without it, and says so.
.venv/.installed-bench: pyproject.toml | .venv/.created
	$(VENV_PYTHON) -m pip install --quiet -e ".[bench,onnx]"
	-$(VENV_PYTHON) -m pip install --quiet --no-deps --only-binary :all: "imagededup>=0.3.3"
	@touch $@

# Not the extra itself: that would install the package and TensorFlow to check the style.
.venv/.installed-ruff: pyproject.toml tools/requirements.py | .venv/.created
	$(VENV_PYTHON) tools/requirements.py --extra lint > .venv/ruff.txt
	$(VENV_PYTHON) -m pip install --quiet -r .venv/ruff.txt
	@touch $@

.venv-oldest/.installed: pyproject.toml tools/requirements.py | .venv-oldest/.created
	$(OLDEST_PYTHON) tools/requirements.py --floors > .venv-oldest/floors.txt
	$(OLDEST_PYTHON) -m pip install --quiet -c .venv-oldest/floors.txt -e ".[test,onnx,lite]"
	@touch $@

.venv-jax/.installed: pyproject.toml tools/requirements.py | .venv-jax/.created
	$(JAX_PYTHON) tools/requirements.py --without tensorflow > .venv-jax/requirements.txt
	$(JAX_PYTHON) -m pip install --quiet -r .venv-jax/requirements.txt jax
	$(JAX_PYTHON) -m pip install --quiet --no-deps -e .
	$(JAX_PYTHON) -c 'from importlib.util import find_spec; assert not find_spec("tensorflow")'
	@touch $@
