# Two commands for a newcomer: `make demo` builds everything and analyses the sample replay, `make test`
# passes every test. Both make their own virtual environment in .venv; PYTHON=python3.12 picks another
# Python for it.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := pyproject.toml CMakeLists.txt $(shell find cpp pyanalyzer -type f -not -name '*.pyc' -not -name '*.so')

.PHONY: benchmarks demo test core lint picture clean

demo: $(VENV)/.installed
	$(BIN)/pyanalyzer samples/freedoom.mp4 --timeline --min-confidence 0.6

# `pytest`, not `python -m pytest`: the latter would import pyanalyzer/ from this folder, which has no
# compiled module unless `make core` put one there, instead of the installed package.
test: $(VENV)/.installed-dev
	$(BIN)/pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror cpp/include/pyanalyzer/*.hpp cpp/src/*.cpp cpp/src/*.hpp cpp/bindings/*.cpp cpp/bindings/*.hpp

# The README's picture, from the sample replay.
picture: $(VENV)/.installed
	$(BIN)/pyanalyzer samples/freedoom.mp4 --min-confidence 0.6 --json build/timeline.json
	$(BIN)/python -m pyanalyzer.report.svg build/timeline.json docs/timeline.svg

# Every figure of docs/benchmarks.md, and the pictures of them; on an idle machine, for about half an hour.
benchmarks: $(VENV)/.installed-dev core
	mkdir -p build
	$(BIN)/python -m benchmarks --json build/figures.json
	$(BIN)/python -m benchmarks.plots build/figures.json --roofline docs/roofline.png --chart docs/speed.svg

# The extension module beside the sources, for work on the core.
core:
	cmake -S . -B build/in-place -G Ninja -DPYANALYZER_IN_PLACE=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python) \
	  -Dpybind11_DIR=$$($(BIN)/python -m pybind11 --cmakedir)
	cmake --build build/in-place

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet .
	@touch $@

$(VENV)/.installed-dev: $(BIN)/python $(SOURCES)
	$(BIN)/python -m pip install --quiet ".[dev,train,bench,export,plot]"
	@touch $(VENV)/.installed $@

clean:
	rm -rf $(VENV) build
