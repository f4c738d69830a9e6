# SPDX-License-Identifier: MIT
#
# The parts of janusctl that need no server.
set(janusctl_dir "${PROJECT_SOURCE_DIR}/janusctl")

set(janusctl_cmdline_sources
	"${janusctl_dir}/cmdline.c"
	"${janusctl_dir}/cmdline_check.c"
	"${janusctl_dir}/cmdline_events.c"
	"${janusctl_dir}/cmdline_help.c"
	"${janusctl_dir}/cmdline_options.c"
	"${janusctl_dir}/cmdline_values.c"
	"${janusctl_dir}/cmdline_watch.c"
	"${janusctl_dir}/escape.c"
	"${janusctl_dir}/event_words.c"
)

janus_add_unit_test(test_janusctl_cmdline
	test_janusctl_cmdline.c
	${janusctl_cmdline_sources}
)
janus_add_unit_test(test_janusctl_request
	test_janusctl_request.c
	"${janusctl_dir}/escape.c"
	"${janusctl_dir}/request.c"
	"${janusctl_dir}/target.c"
)
janus_add_unit_test(test_janusctl_watch_options
	test_janusctl_watch_options.c
	${janusctl_cmdline_sources}
)
janus_add_unit_test(test_janusctl_watch_line
	test_janusctl_watch_line.c
	"${janusctl_dir}/watch_line.c"
	"${janusctl_dir}/watch_string.c"
)
janus_add_unit_test(test_janusctl_watch_parts
	test_janusctl_watch_parts.c
	"${janusctl_dir}/watch_out.c"
	"${janusctl_dir}/watch_path.c"
)
foreach(part cmdline request watch_options watch_line watch_parts)
	if(TARGET test_janusctl_${part})
		# Before the library's folder: both have files of the same name.
		target_include_directories(test_janusctl_${part} BEFORE PRIVATE
			"${janusctl_dir}")
		target_link_libraries(test_janusctl_${part} PRIVATE janus-proto)
	endif()
endforeach()

# A reader of JSON that is not ours.
if(TARGET test_janusctl_watch_line)
	pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
	target_link_libraries(test_janusctl_watch_line PRIVATE PkgConfig::JANSSON)
endif()
