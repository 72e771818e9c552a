# Two commands for a newcomer: `make demo` builds everything and analyses the sample replay, `make test`
# passes every test. Both make their own virtual environment in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test core lint clean

demo: $(VENV)/.installed
	$(BIN)/pyanalyzer samples/freedoom.mp4 --timeline

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror cpp/include/pyanalyzer/*.hpp cpp/src/*.cpp cpp/src/*.hpp cpp/bindings/*.cpp cpp/bindings/*.hpp

# The extension module beside the sources, for work on the core.
core:
	cmake -S . -B build/in-place -G Ninja -DPYANALYZER_IN_PLACE=ON -DPython_EXECUTABLE=$(abspath $(BIN)/python) \
	  -Dpybind11_DIR=$$($(BIN)/python -m pybind11 --cmakedir)
	cmake --build build/in-place

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(BIN)/python pyproject.toml CMakeLists.txt $(shell find cpp pyanalyzer -name '*.[chp]*' -not -name '*.pyc' -not -name '*.so')
	$(BIN)/python -m pip install --quiet .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) build
