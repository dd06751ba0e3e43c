# 吾社集: `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
# Written for the make 3.81 of macOS as well as for GNU make 4.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input -q

.DEFAULT_GOAL := help
.PHONY: help venv run preview test test-backend test-oldest pictures guide compile-gate fuzz demo bench bench-similar kills opening lock docs vendor clean

help: ## list the commands
	@echo "吾社集"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
	@echo "  PORT=8001 VAR_DIR=/path make run   runs a second one beside the first"

venv: $(VENV)/.installed ## make .venv with what the product needs

run: $(VENV)/.installed ## run everything here: database, stand-in WeChat, worker, web, demo data
	@exec $(PY) -m backend.local.run

preview: $(VENV)/.installed ## the mini-program in a phone frame in your browser (needs Node)
	@exec $(PY) -m backend.local.preview

test: $(VENV)/.installed-dev ## every check, on the PostgreSQL of a wheel
	@exec $(PY) -m tests.checks

test-backend: $(VENV)/.installed-dev ## the same without the tests that drive a browser
	@exec $(PY) -m tests.checks --backend

test-oldest: $(VENV)/.installed-dev ## the backend's tests on PostgreSQL 15, the oldest, and behind PgBouncer
	@exec $(PY) -m tests.checks --oldest

pictures: $(VENV)/.installed-dev ## the browser tests with a picture of every page, in var/screenshots
	@PICTURES=1 exec $(PY) -m pytest -n 2 tests/console tests/miniprogram

guide: $(VENV)/.installed-dev ## take the pictures of the organisers' and the volunteers' guides again
	@$(PY) -m pytest -n 0 tests/console/guide.py
	@exec $(PY) -m pytest -n 0 tests/miniprogram/guide.py

compile-gate: $(VENV)/.installed-dev ## compile the mini-program with WeChat's own tool, before a release
	@exec $(PY) -m tests.miniprogram.compile_gate

fuzz: $(VENV)/.installed-dev ## let every role try every operation of the API, with good and bad requests
	@exec $(PY) -m tests.fuzz

demo: $(VENV)/.installed ## play a whole market day over HTTP and recount every total
	@exec $(PY) -m backend.local.demo_day

bench: $(VENV)/.installed-dev ## measure against a bare floor on this machine
	@exec $(PY) -m tests.bench

bench-similar: $(VENV)/.installed-dev ## how well and how fast similar needs are found, among 100,000
	@exec $(PY) -m tests.bench.similar

kills: $(VENV)/.installed-dev ## kill -9 the worker a hundred times between WeChat's answer and the commit
	@MESSAGE_KILLS=100 exec $(PY) -m pytest -n 0 tests/local/test_worker.py -k between_wechats_answer --timeout 3600

opening: $(VENV)/.installed-dev ## let a market open through nginx: 300 people in 15 s
	@exec $(PY) -m tests.bench.opening

lock: $(VENV)/.installed-dev ## pin the requirements again after requirements*.in changed
	$(VENV)/bin/uv pip compile -q --no-emit-index-url --no-annotate --no-header --python-version 3.11 requirements.in -o requirements.txt
	$(VENV)/bin/uv pip compile -q --no-emit-index-url --no-annotate --no-header --python-version 3.11 requirements-dev.in -o requirements-dev.txt

docs: $(VENV)/.installed ## write docs/states.md, docs/rooms.md, docs/openapi.json and the phone's types again, from the code
	@exec $(PY) -m backend.local.docs

vendor: $(VENV)/.installed ## take the console's libraries from npm again
	@exec $(PY) -m backend.local.vendor

clean: ## delete .venv, node_modules and caches; keeps var/ and its data
	rm -rf $(VENV) tests/miniprogram/node_modules tests/miniprogram/compile-gate/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find backend tests config -type d -name __pycache__ -prune -exec rm -rf {} +

# The stamps make pip run again only when its list has changed. A .venv that is missing, half made
# or whose Python has gone (a system update) is made anew.
ifneq ($(shell $(PY) -c 'import pip' 2>/dev/null && echo whole),whole)
$(VENV)/.installed $(VENV)/.installed-dev: new-venv
endif

.PHONY: new-venv
new-venv:
	@for python in "$${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "· $(VENV) ($$("$$python" --version))"; \
	    "$$python" -m venv --clear $(VENV) && exit 0; \
	    echo "无法创建 $(VENV)(Debian/Ubuntu 请安装 python3-venv)/ cannot make $(VENV): on Debian and Ubuntu install python3-venv" >&2; \
	    exit 1; \
	  fi; \
	done; \
	echo "需要 Python 3.11 或更新版本；可用 PYTHON=/path/to/python3 指定 / Python 3.11 or newer is needed; PYTHON=/path/to/python3 names one" >&2; \
	exit 1

$(VENV)/.installed: requirements.txt
	@echo "· 安装依赖 / installing requirements.txt"
	@$(PIP) install -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt
	@echo "· 安装开发依赖 / installing requirements-dev.txt"
	@$(PIP) install -r requirements-dev.txt
	@touch $@ $(VENV)/.installed
