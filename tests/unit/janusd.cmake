# SPDX-License-Identifier: MIT
#
# The daemon's pure files: one program each, test_FILE.c, or test_janusd_FILE.c where the library
# may have one of that name.
set(names
	test_cmdline
	test_codec
	test_template
	test_janusd_clients
	test_janusd_config
	test_janusd_document_yaml
	test_janusd_event_message
	test_janusd_event_stream
	test_janusd_guard_config
	test_janusd_guard_image
	test_janusd_guard_report
	test_janusd_guard_state
	test_janusd_handed
	test_janusd_health
	test_janusd_history
	test_janusd_legacy
	test_janusd_manifest
	test_janusd_metrics
	test_janusd_metrics_text
	test_janusd_processes
	test_janusd_record_format
	test_janusd_record_parts
	test_janusd_restart
	test_janusd_state_file
	test_janusd_state_load
)
foreach(name IN LISTS names)
	janus_add_unit_test(${name} ${name}.c)
	if(TARGET ${name})
		target_link_libraries(${name} PRIVATE janusd-core)
	endif()
endforeach()
