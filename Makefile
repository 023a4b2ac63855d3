# Every target sets up what it needs. Extra options: make train-seg ARGS="data=celebhair data.root=..."
PYTHON ?= python3
ARGS ?=
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
BIN := .venv/bin
STAMP := .venv/.installed
export PYTHONUNBUFFERED := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test lint bench train-seg train-recog pipeline clean

help:         ## say what each target does
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /make \1\t/' | expand -t 20
	@echo 'Options: make train-seg ARGS="data=celebhair data.root=... trainer=gpu logger=wandb"'

setup: $(STAMP)  ## make .venv and install everything in it, once

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'error: Python 3.11 or newer is needed. Say which: make PYTHON=python3.11'; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: $(STAMP)  ## the whole study on drawn faces: data, three trainings, report.html (5 to 8 minutes)
	@set -e; \
	echo '1/5  a segmenter learns to find faces and hair'; \
	segmentation=$$($(BIN)/bareface train experiment=demo_segmentation | tee /dev/stderr | tail -n 1); \
	echo '2/5  it makes the mattes of all photos'; \
	mattes=$$($(BIN)/bareface mattes data.background_bias=0.5 \
	  "segmenter='$$segmentation/checkpoints/best.ckpt'" "out='$$segmentation/mattes'" | tee /dev/stderr | tail -n 1); \
	echo '3/5  a recogniser learns to tell people apart'; \
	original=$$($(BIN)/bareface train experiment=demo_recognition | tee /dev/stderr | tail -n 1); \
	echo '4/5  another one learns it without backgrounds'; \
	removed=$$($(BIN)/bareface train experiment=demo_recognition_removed "shown.mattes='$$segmentation/mattes'" \
	  | tee /dev/stderr | tail -n 1); \
	echo '5/5  the same photos in twelve conditions'; \
	$(BIN)/bareface pipeline experiment=demo_study "segmenter='$$segmentation/checkpoints/best.ckpt'" \
	  "recogniser={original: '$$original/checkpoints/best.ckpt', removed_black: '$$removed/checkpoints/best.ckpt'}"; \
	echo 'The report: report.html in the folder above.'

test: $(STAMP)  ## run the tests
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile $(ARGS)

lint: $(STAMP)  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP)  ## measure speed and memory, print a table and the machine
	$(BIN)/python -m benchmarks $(ARGS)

train-seg: $(STAMP)  ## train a segmenter, on the embedded data unless ARGS says otherwise
	$(BIN)/bareface train module=segmentation $(ARGS)

train-recog: $(STAMP)  ## train a recogniser, on the embedded data unless ARGS says otherwise
	$(BIN)/bareface train module=recognition $(ARGS)

pipeline: $(STAMP)  ## remove backgrounds and recognise: ARGS="segmenter=RUN/checkpoints/best.ckpt recogniser=..."
	$(BIN)/bareface pipeline $(ARGS)

clean:        ## delete .venv, caches and the drawn data; runs/ stays
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache data/synthetic
