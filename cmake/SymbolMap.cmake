# SPDX-License-Identifier: MIT
#
# The newest node of libjanus.map belongs to the version that is being built. A release that
# forgets its node, or a node without a release, stops here instead of at the first user.
function(janus_check_symbol_map map)
	file(STRINGS "${map}" nodes REGEX "^JANUS_[0-9]+\\.[0-9]+ *{")
	set(newest "0.0")
	foreach(node IN LISTS nodes)
		string(REGEX REPLACE "^JANUS_([0-9.]+).*" "\\1" version "${node}")
		if(version VERSION_GREATER newest)
			set(newest "${version}")
		endif()
	endforeach()
	set(wanted "${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}")
	if(NOT newest VERSION_EQUAL wanted)
		message(FATAL_ERROR
			"${map}: its newest node is JANUS_${newest}, but the project has version "
			"${PROJECT_VERSION}. Add the node JANUS_${wanted} or correct the version.")
	endif()
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${map}")
endfunction()
