# SPDX-License-Identifier: MIT
#
# The face of the project: short names for what CMake, ctest and a few scripts do. Every path is
# relative or quoted, so that a space in the path of the tree does no harm.

PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
FUZZ_SECONDS ?= 60

export CMAKE_BUILD_PARALLEL_LEVEL = $(JOBS)
export CTEST_PARALLEL_LEVEL = $(JOBS)

CODE = include libjanus janusd janusctl examples tests
C_FILES = find $(CODE) -name '*.[ch]' -print0
TIDY_FILES = find libjanus janusd janusctl -name '*.c' -print0
CONFIGURE_RELEASE = cmake --preset release -DCMAKE_INSTALL_PREFIX="$(PREFIX)" --log-level=NOTICE

.PHONY: help
help:
	@echo 'Two commands do everything (as root, on Debian):'
	@echo '  sudo make demo    guard a real container and watch it being refused'
	@echo '  sudo make check   build everything and run all tests but the slow ones'
	@echo
	@echo 'Build and install:'
	@echo '  dev               build everything into build/dev, warnings are errors'
	@echo '  release           build what "make install" installs, into build/release'
	@echo '  man               build the man pages'
	@echo '  install           install to PREFIX=$(PREFIX), staged under DESTDIR= if given'
	@echo '  uninstall         remove what the last install of that PREFIX put there'
	@echo '  bootstrap         install the packages that check needs'
	@echo '  clean             remove build/'
	@echo
	@echo 'Test:'
	@echo '  check-slow        the tests that "make check" leaves out'
	@echo '  asan tsan         build with sanitizers, run the tests that suit them'
	@echo '  fuzz              run each fuzz test for FUZZ_SECONDS=$(FUZZ_SECONDS)'
	@echo '  coverage          run the tests, tell which lines they reached'
	@echo '  bench             run the benchmarks against a release build'
	@echo '  abi               check the exported symbols and the public headers'
	@echo
	@echo 'Look after the code:'
	@echo '  fmt fmt-check     format with clang-format, or tell what is not'
	@echo '  tidy              run clang-tidy, findings are errors'

# The two commands.

.PHONY: demo
demo:
	@cmake/need-root.sh demo \
		'installs missing packages with apt' \
		'guards files with fanotify (CAP_SYS_ADMIN)' \
		'starts a container with runc'
	@cmake/bootstrap.sh build demo
	@$(CONFIGURE_RELEASE)
	@cmake --build --preset release
	@tests/demo/demo.sh "$(CURDIR)/build/release"

.PHONY: check
check:
	@cmake/need-root.sh check \
		'installs missing packages with apt' \
		'tests fanotify permission marks in private mounts (CAP_SYS_ADMIN)' \
		'starts containers with runc, crun, containerd, docker and podman'
	@cmake/bootstrap.sh build test
	@cmake --preset dev
	@cmake --build --preset dev
	@ctest --preset dev

.PHONY: check-slow
check-slow:
	@cmake/need-root.sh check-slow \
		'installs missing packages with apt' \
		'tests fanotify permission marks in private mounts (CAP_SYS_ADMIN)'
	@cmake/bootstrap.sh build test
	@cmake --preset dev
	@cmake --build --preset dev
	@ctest --preset slow

# Build and install.

.PHONY: bootstrap
bootstrap:
	@cmake/bootstrap.sh build test

.PHONY: dev
dev:
	@cmake/bootstrap.sh build test
	@cmake --preset dev
	@cmake --build --preset dev

.PHONY: release
release:
	@cmake/bootstrap.sh build
	@$(CONFIGURE_RELEASE)
	@cmake --build --preset release

.PHONY: man
man:
	@cmake/bootstrap.sh build
	@$(CONFIGURE_RELEASE)
	@cmake --build --preset release --target man
	@echo "The man pages lie in build/release/docs/man*/"

.PHONY: install
install: release
	@DESTDIR="$(DESTDIR)" cmake --install build/release
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then ldconfig; fi

.PHONY: uninstall
uninstall:
	@cmake -DMANIFEST=build/release/install_manifest.txt -DPREFIX="$(PREFIX)" \
		-DDESTDIR="$(DESTDIR)" -P cmake/uninstall.cmake
	@if [ -z "$(DESTDIR)" ] && [ "$$(id -u)" -eq 0 ]; then ldconfig; fi

.PHONY: clean
clean:
	@rm -rf build

# Test.

.PHONY: asan tsan
asan tsan:
	@cmake/bootstrap.sh build test
	@cmake --preset $@
	@cmake --build --preset $@
	@ctest --preset $@

.PHONY: fuzz
fuzz:
	@cmake/bootstrap.sh build fuzz
	@cmake --preset fuzz
	@cmake --build --preset fuzz
	@tests/lib/run-fuzz.sh "$(CURDIR)/build/fuzz" $(FUZZ_SECONDS)

.PHONY: coverage
coverage:
	@cmake/bootstrap.sh build test coverage
	@cmake --preset coverage
	@cmake --build --preset coverage
	@find build/coverage -name '*.gcda' -delete
	@ctest --preset coverage
	@gcovr --root . --filter libjanus/ --filter janusd/ --filter janusctl/ \
		--html-details build/coverage/coverage.html --print-summary build/coverage

.PHONY: bench
bench:
	@cmake/need-root.sh bench 'measures fanotify permission marks (CAP_SYS_ADMIN)'
	@cmake/bootstrap.sh build test
	@cmake --preset bench --log-level=NOTICE
	@cmake --build --preset bench
	@set -e; for bench in build/bench/tests/bench/*; do \
		if [ -f "$$bench" ] && [ -x "$$bench" ]; then \
			echo "== $${bench##*/}"; "$$bench" || [ $$? -eq 77 ] || exit 1; \
		fi; \
	done
	@ctest --test-dir build/bench -L bench -V

.PHONY: abi
abi: dev
	@ctest --preset abi
	@nm --dynamic --defined-only --with-symbol-versions build/dev/libjanus/libjanus.so

# Look after the code.

.PHONY: fmt
fmt:
	@cmake/bootstrap.sh format
	@$(C_FILES) | xargs -0 clang-format -i

.PHONY: fmt-check
fmt-check:
	@cmake/bootstrap.sh format
	@$(C_FILES) | xargs -0 clang-format --dry-run -Werror

.PHONY: tidy
tidy:
	@cmake/bootstrap.sh build test clang
	@cmake --preset dev
	@cmake --build --preset dev
	@$(TIDY_FILES) | xargs -0 -n 1 -P $(JOBS) clang-tidy -p build/dev --quiet \
		--warnings-as-errors='*' --extra-arg=-Wno-unknown-warning-option
