# SPDX-License-Identifier: MIT
#
# The parts of janusctl that need no server.
set(janusctl_dir "${PROJECT_SOURCE_DIR}/janusctl")

janus_add_unit_test(test_janusctl_cmdline
	test_janusctl_cmdline.c
	"${janusctl_dir}/cmdline.c"
	"${janusctl_dir}/cmdline_check.c"
	"${janusctl_dir}/cmdline_help.c"
	"${janusctl_dir}/escape.c"
)
janus_add_unit_test(test_janusctl_request
	test_janusctl_request.c
	"${janusctl_dir}/escape.c"
	"${janusctl_dir}/request.c"
	"${janusctl_dir}/target.c"
)
foreach(test test_janusctl_cmdline test_janusctl_request)
	if(TARGET ${test})
		# Before the library's folder: both have files of the same name.
		target_include_directories(${test} BEFORE PRIVATE "${janusctl_dir}")
		target_link_libraries(${test} PRIVATE janus-proto)
	endif()
endforeach()
