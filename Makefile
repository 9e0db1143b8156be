# Two commands on a bare machine with Python >= 3.11, pip and make:
#   make demo    install into .venv, train a small model on a moving face, show the result
#   make test    install into .venv with test tools, check style and types, run the tests

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
CLIP   ?=
LANDMARKS ?=
OUT    ?= demo

# Tests and small models run on the CPU unless the user says otherwise.
export JAX_PLATFORMS ?= cpu

FACE_LANDMARKER ?= face_landmarker.task
YUNET ?= face_detection_yunet_2023mar.onnx

.PHONY: help demo test test-slow test-torch test-finders test-gpu lint format clean

help:
	@sed -n '2,3s/^# *//p' Makefile
	@echo "make test-slow   the tests that take minutes (published sizes, learning)"
	@echo "make test-torch  the tests that compare files with PyTorch's, which is installed"
	@echo "make test-finders  finders with real models: FACE_LANDMARKER=FILE YUNET=FILE"
	@echo "make test-gpu    the tests that need an accelerator (JAX_PLATFORMS=cuda)"
	@echo "make format      format the code"
	@echo "make clean       remove .venv and caches"

demo: $(VENV)/installed
	$(BIN)/face-jax demo --out $(OUT) $(if $(CLIP),--clip $(CLIP)) \
	  $(if $(LANDMARKS),--landmarks $(LANDMARKS))

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --durations 20

test-slow: $(VENV)/installed-test
	$(BIN)/python -m pytest -m slow

test-torch: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[torch]' --constraint constraints.txt
	$(BIN)/python -m pytest -m torch

test-finders: $(VENV)/installed-test
	$(BIN)/python -m pip install --quiet --editable '.[mediapipe]' --constraint constraints.txt
	FACE_LANDMARKER=$(FACE_LANDMARKER) YUNET=$(YUNET) $(BIN)/python -m pytest -m finders

test-gpu: $(VENV)/installed-test
	$(BIN)/python -m pytest -m gpu

lint: $(VENV)/installed-test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: $(VENV)/installed-test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache *.egg-info

$(VENV)/installed: pyproject.toml constraints.txt | $(BIN)/python
	@echo "== Installing face-jax into $(VENV)"
	$(BIN)/python -m pip install --quiet --editable . --constraint constraints.txt
	@touch $@

$(VENV)/installed-test: pyproject.toml constraints.txt | $(BIN)/python
	@echo "== Installing face-jax with its test tools into $(VENV)"
	$(BIN)/python -m pip install --quiet --editable '.[test]' --constraint constraints.txt
	@touch $@ $(VENV)/installed

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "face-jax needs Python 3.11 or newer; name one with PYTHON=python3.12"; exit 1; }
	@echo "== Making a virtual environment in $(VENV)"
	$(PYTHON) -m venv $(VENV)
