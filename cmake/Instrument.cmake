# SPDX-License-Identifier: MIT
#
# Builds that watch themselves: sanitizers, coverage, fuzzing. Every report of a sanitizer ends
# the program; tests/lib/run-test.sh fails a test on any report, whatever its exit status.
if(JANUS_SANITIZE)
	string(REGEX MATCHALL "[^,;]+" sanitizers "${JANUS_SANITIZE}")
	foreach(sanitizer IN LISTS sanitizers)
		if(NOT sanitizer MATCHES "^(address|undefined|thread|leak)$")
			message(FATAL_ERROR
				"JANUS_SANITIZE: \"${sanitizer}\" is none of address, undefined, "
				"thread, leak")
		endif()
	endforeach()
	list(JOIN sanitizers "," sanitizers)
	add_compile_options(
		-fsanitize=${sanitizers}
		-fno-sanitize-recover=all
		-fno-omit-frame-pointer
	)
	add_link_options(-fsanitize=${sanitizers})
endif()

if(JANUS_COVERAGE)
	add_compile_options(--coverage -fprofile-update=atomic)
	add_link_options(--coverage)
endif()

if(JANUS_FUZZ)
	if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
		message(FATAL_ERROR
			"JANUS_FUZZ: libFuzzer needs clang, not ${CMAKE_C_COMPILER_ID}; "
			"use the preset fuzz")
	endif()
	# The programs themselves are linked with -fsanitize=fuzzer by janus_add_fuzz_test().
	add_compile_options(-fsanitize=fuzzer-no-link)
endif()
