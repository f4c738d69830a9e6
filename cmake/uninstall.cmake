# SPDX-License-Identifier: MIT
#
# cmake -DMANIFEST=F -DPREFIX=P [-DDESTDIR=D] -P uninstall.cmake
#
# Takes away what the last "make install" of the same PREFIX put there, and nothing else.
if(NOT EXISTS "${MANIFEST}")
	message(FATAL_ERROR "uninstall: ${MANIFEST} is missing: nothing was installed from here")
endif()

file(STRINGS "${MANIFEST}" files)
foreach(file IN LISTS files)
	string(FIND "${file}" "${PREFIX}/" at)
	# With the prefix /usr, configuration goes to /etc.
	if(NOT at EQUAL 0 AND NOT (PREFIX STREQUAL "/usr" AND file MATCHES "^/etc/"))
		message(FATAL_ERROR
			"uninstall: ${file} does not lie under PREFIX=${PREFIX}: "
			"give the PREFIX that \"make install\" was given")
	endif()
endforeach()

foreach(file IN LISTS files)
	set(installed "${DESTDIR}${file}")
	if(EXISTS "${installed}" OR IS_SYMLINK "${installed}")
		file(REMOVE "${installed}")
		message(STATUS "Removed ${installed}")
	endif()
	# Directories that only Janus has.
	get_filename_component(directory "${installed}" DIRECTORY)
	if(directory MATCHES "/[Jj]anus$" AND IS_DIRECTORY "${directory}")
		file(GLOB rest "${directory}/*")
		if(NOT rest)
			file(REMOVE_RECURSE "${directory}")
			message(STATUS "Removed ${directory}")
		endif()
	endif()
endforeach()
