# SPDX-License-Identifier: MIT
#
# How other programs find the library: headers, janus.pc, the CMake package. The programs and
# the man pages install themselves.
include(CMakePackageConfigHelpers)

set(janus_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Janus")
set(janus_pc_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

install(TARGETS janus janus-static
	EXPORT JanusTargets
	LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}"
	ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}"
	INCLUDES DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/janus" "${PROJECT_BINARY_DIR}/include/janus"
	DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
	FILES_MATCHING PATTERN "*.h"
)

install(EXPORT JanusTargets NAMESPACE Janus:: DESTINATION "${janus_cmake_dir}")
configure_package_config_file(
	"${PROJECT_SOURCE_DIR}/cmake/JanusConfig.cmake.in"
	"${PROJECT_BINARY_DIR}/JanusConfig.cmake"
	INSTALL_DESTINATION "${janus_cmake_dir}"
	NO_SET_AND_CHECK_MACRO
	NO_CHECK_REQUIRED_COMPONENTS_MACRO
)
# Before 1.0 a new minor version may break callers.
write_basic_package_version_file(
	"${PROJECT_BINARY_DIR}/JanusConfigVersion.cmake"
	COMPATIBILITY SameMinorVersion
)
install(
	FILES
		"${PROJECT_BINARY_DIR}/JanusConfig.cmake"
		"${PROJECT_BINARY_DIR}/JanusConfigVersion.cmake"
	DESTINATION "${janus_cmake_dir}"
)

# janus.pc finds its prefix from its own place, so that a moved or staged tree still works.
# An absolute libdir or includedir cannot move; it is written as it is.
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
	set(JANUS_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
	set(JANUS_PC_LIBDIR "${CMAKE_INSTALL_LIBDIR}")
else()
	file(RELATIVE_PATH up "/prefix/${janus_pc_dir}" "/prefix")
	string(REGEX REPLACE "/$" "" up "${up}")
	set(JANUS_PC_PREFIX "\${pcfiledir}/${up}")
	set(JANUS_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
	set(JANUS_PC_INCLUDEDIR "${CMAKE_INSTALL_INCLUDEDIR}")
else()
	set(JANUS_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
configure_file("${PROJECT_SOURCE_DIR}/pkgconfig/janus.pc.in" "${PROJECT_BINARY_DIR}/janus.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/janus.pc" DESTINATION "${janus_pc_dir}")
