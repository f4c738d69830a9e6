# SPDX-License-Identifier: MIT
#
# The daemon's pure files: one program each, test_FILE.c.
foreach(name test_template test_cmdline test_codec)
	janus_add_unit_test(${name} ${name}.c)
	if(TARGET ${name})
		target_link_libraries(${name} PRIVATE janusd-core)
	endif()
endforeach()
