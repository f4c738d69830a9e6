# SPDX-License-Identifier: MIT
#
# Turns the descriptor set into C: cmake -D INPUT=F -D OUTPUT=F -P embed.cmake
file(READ "${INPUT}" bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
string(REPEAT "." 80 line)
string(REGEX REPLACE "(${line})" "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include \"descriptor_set.h\"\n\n"
	"const uint8_t descriptor_set[] = {\n${bytes}\n};\n"
	"const size_t descriptor_set_size = sizeof(descriptor_set);\n")
