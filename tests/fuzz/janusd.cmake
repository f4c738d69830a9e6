# SPDX-License-Identifier: MIT
#
# What the daemon reads of its clients, and of files that people write.
foreach(name config guard_config manifest)
	janus_add_fuzz_test(fuzz_${name} CORPUS "corpus/${name}" SOURCES fuzz_${name}.c
		LIBS janusd-core)
endforeach()

# Parsers of janusd: what one worker leaves to the next. Each with its one source, and without
# what that would log.
foreach(name guard_state guard_image)
	janus_add_fuzz_test(fuzz_${name} CORPUS "corpus/${name}"
		SOURCES fuzz_${name}.c "${PROJECT_SOURCE_DIR}/janusd/${name}.c")
	target_include_directories(fuzz_${name} PRIVATE "${PROJECT_SOURCE_DIR}/janusd")
endforeach()

# And what is left to the next janusd.
janus_add_fuzz_test(fuzz_state_file CORPUS corpus/state_file
	SOURCES fuzz_state_file.c "${PROJECT_SOURCE_DIR}/janusd/state_file.c"
		"${PROJECT_SOURCE_DIR}/janusd/guard_image.c")
target_include_directories(fuzz_state_file PRIVATE "${PROJECT_SOURCE_DIR}/janusd")

# What it writes of what others have named.
janus_add_fuzz_test(fuzz_record CORPUS corpus/record SOURCES fuzz_record.c LIBS janusd-core)
