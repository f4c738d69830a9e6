# SPDX-License-Identifier: MIT
#
# The library's decoders of what the kernel and the caller pass, and what it matches.
foreach(name decode decode_fid fdinfo mounts pattern spec)
	janus_add_fuzz_test(fuzz_${name} CORPUS "corpus/${name}" SOURCES fuzz_${name}.c)
endforeach()
