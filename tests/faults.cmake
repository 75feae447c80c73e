# SPDX-License-Identifier: Apache-2.0
# A library that makes the disk fail, for a test program that is linked with it and for those in
# Python, which preload it; and whole runs on such a disk. The sanitizers have to come first
# themselves, so not with them.
if(SANAS_SANITIZE)
  return()
endif()
add_library(sanas_faults SHARED faults/interposer.cpp)
target_include_directories(sanas_faults PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
target_compile_features(sanas_faults PUBLIC cxx_std_20)
target_link_libraries(sanas_faults PRIVATE ${CMAKE_DL_LIBS})
set_target_properties(sanas_faults PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")

add_executable(sanas_fault_tests faults/rollback_run_test.cpp faults/run_faults_test.cpp)
target_include_directories(sanas_fault_tests PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(sanas_fault_tests PRIVATE sanas_faults sanas_runs sanas_private_flags sanas_test_flags
                      nlohmann_json::nlohmann_json GTest::gmock GTest::gtest_main)
target_precompile_headers(sanas_fault_tests REUSE_FROM sanas_pch)
foreach(name rollback_run_test run_faults_test)
  sanas_add_test_file(faults.${name} sanas_fault_tests
                      "${CMAKE_CURRENT_SOURCE_DIR}/faults/${name}.cpp")
  if(EXISTS /dev/shm)  # where fsync costs nothing
    set_tests_properties(faults.${name} PROPERTIES
                         ENVIRONMENT "${SANAS_TEST_ENVIRONMENT};TMPDIR=/dev/shm")
  endif()
endforeach()
