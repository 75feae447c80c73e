# SPDX-License-Identifier: Apache-2.0
# Tests in Python: the reference against the golden numbers, and the programs against the reference.
set(python "${PROJECT_SOURCE_DIR}/.venv/bin/python")
if(NOT EXISTS "${python}")
  message(STATUS "Tests in Python are left out: no ${python} (scripts/install.sh --tests makes it)")
  return()
endif()
file(GLOB files CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/python/test_*.py")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME_WE)
  add_test(NAME python.${name}
           COMMAND "${python}" -m pytest -q -p no:cacheprovider "${name}.py"
           WORKING_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/python")
  set_tests_properties(python.${name} PROPERTIES TIMEOUT 1200
      ENVIRONMENT "${SANAS_TEST_ENVIRONMENT};PYTHONDONTWRITEBYTECODE=1;SANAS_INSPECT=${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/sanas_inspect")
endforeach()
