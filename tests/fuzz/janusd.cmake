# SPDX-License-Identifier: MIT
#
# What the daemon reads of its clients, and of files that people write.
foreach(name config guard_config manifest)
	janus_add_fuzz_test(fuzz_${name} CORPUS "corpus/${name}" SOURCES fuzz_${name}.c
		LIBS janusd-core)
endforeach()
