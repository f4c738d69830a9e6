# SPDX-License-Identifier: MIT
#
#   janus_wrap_allocations(TARGET)    lets allocations.h count and fail the target's allocations
set(JANUS_ALLOCATIONS "${CMAKE_CURRENT_LIST_DIR}/allocations.c")

function(janus_wrap_allocations target)
	target_sources(${target} PRIVATE "${JANUS_ALLOCATIONS}")
	foreach(name malloc calloc realloc reallocarray strdup free)
		target_link_options(${target} PRIVATE "LINKER:--wrap=${name}")
	endforeach()
endfunction()
