# SPDX-License-Identifier: MIT
#
# The library's decoders of what the kernel and the caller pass.
foreach(name decode decode_fid mounts spec)
	janus_add_fuzz_test(fuzz_${name} CORPUS "corpus/${name}" SOURCES fuzz_${name}.c)
endforeach()
