# SPDX-License-Identifier: MIT
#
# Every warning the project is built with, as the interface target janus-warnings.
# JANUS_WERROR turns them into errors; only presets for developers and CI set it, because a
# compiler of tomorrow may warn of what nobody sees today.
include(CheckCCompilerFlag)

add_library(janus-warnings INTERFACE)

set(janus_warnings
	-Wall
	-Wextra
	-Wpedantic
	-Wshadow
	-Wstrict-prototypes
	-Wmissing-prototypes
	-Wold-style-definition
	-Wpointer-arith
	-Wcast-align
	-Wwrite-strings
	-Wundef
	-Wvla
	-Wformat=2
	-Wimplicit-fallthrough
	-Wconversion
	# Sizes and counts meet signed offsets at every system call; the casts would hide more
	# than the warning shows.
	-Wno-sign-conversion
	# The kernel's and gRPC's structs are initialised by the fields that matter.
	-Wno-missing-field-initializers
	# One of the two compilers knows it, the other does not.
	-Wlogical-op
	-Wduplicated-cond
	-Wjump-misses-init
	-Wcomma
)

set(CMAKE_REQUIRED_QUIET ON)
foreach(flag IN LISTS janus_warnings)
	# A compiler accepts every unknown -Wno-x in silence, so ask for the positive form.
	string(REGEX REPLACE "^-Wno-" "-W" positive "${flag}")
	string(MAKE_C_IDENTIFIER "JANUS_HAVE${positive}" variable)
	check_c_compiler_flag("${positive}" ${variable})
	if(${variable})
		target_compile_options(janus-warnings INTERFACE
			"$<$<COMPILE_LANGUAGE:C>:${flag}>")
	endif()
endforeach()
unset(CMAKE_REQUIRED_QUIET)

if(JANUS_WERROR)
	target_compile_options(janus-warnings INTERFACE "$<$<COMPILE_LANGUAGE:C>:-Werror>")
endif()
