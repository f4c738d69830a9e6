# SPDX-License-Identifier: MIT
#
# What a program that answers for a whole node is built with: position independence, stack
# protection, checked string functions, tables that are read-only after the start.
include(CheckPIESupported)

check_pie_supported(LANGUAGES C)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_compile_options(-fstack-protector-strong)
if(NOT JANUS_SANITIZE AND NOT JANUS_FUZZ)
	# Sanitizers replace the checked functions by their own; level 2 needs an optimiser.
	add_compile_options(
		"$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-U_FORTIFY_SOURCE>"
		"$<$<CONFIG:Release,RelWithDebInfo,MinSizeRel>:-D_FORTIFY_SOURCE=2>"
	)
endif()
add_link_options(-Wl,-z,relro -Wl,-z,now)
