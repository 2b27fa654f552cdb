function(ctkMacroCompilePythonScript)
  cmake_parse_arguments(MY "NO_INSTALL_SUBDIR;GLOBAL_TARGET" "TARGET_NAME;SOURCE_DIR;DESTINATION_DIR;INSTALL_DIR"
    "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords: ${MY_UNPARSED_ARGUMENTS}")
  endif()
  foreach(name TARGET_NAME SCRIPTS DESTINATION_DIR INSTALL_DIR)
    if(NOT DEFINED MY_${name})
      message(FATAL_ERROR "${name} is mandatory")
    endif()
  endforeach()
  # without it the folder itself would be installed into the folder of the same name
  if(NOT MY_NO_INSTALL_SUBDIR)
    message(FATAL_ERROR "NO_INSTALL_SUBDIR is missing")
  endif()
  if(NOT MY_SOURCE_DIR)
    set(MY_SOURCE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  foreach(file ${MY_SCRIPTS})
    stand_in_install("${MY_SOURCE_DIR}" "${file}" "${MY_INSTALL_DIR}")
  endforeach()
  foreach(file ${MY_RESOURCES})
    # older versions of the macro look for resources here, whatever SOURCE_DIR says
    stand_in_install("${CMAKE_CURRENT_SOURCE_DIR}" "${file}" "${MY_INSTALL_DIR}")
  endforeach()
endfunction()

function(stand_in_install source file destination)
  if(NOT EXISTS "${source}/${file}")
    message(FATAL_ERROR "nonexistent file '${file}'")
  endif()
  get_filename_component(folder "${file}" DIRECTORY)
  install(FILES "${source}/${file}" DESTINATION "${destination}/${folder}")
endfunction()

function(slicerMacroBuildScriptedModule)
  cmake_parse_arguments(MY "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "Unknown keywords: ${MY_UNPARSED_ARGUMENTS}")
  endif()
  ctkMacroCompilePythonScript(
    TARGET_NAME ${MY_NAME}
    SCRIPTS "${MY_SCRIPTS}"
    RESOURCES "${MY_RESOURCES}"
    DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}
    INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
    NO_INSTALL_SUBDIR
    )
endfunction()

function(slicer_add_python_unittest)
  cmake_parse_arguments(MY "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS" ${ARGN})
  if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${MY_SCRIPT}")
    message(FATAL_ERROR "nonexistent test '${MY_SCRIPT}'")
  endif()
endfunction()
