# SPDX-License-Identifier: Apache-2.0
# cmake -D way=find_package|add_subdirectory -D source=… -D build=… -D generator=… -D compiler=…
#       -D torch=… -D programs=ON|OFF -P consume.cmake
# Builds and runs the project in consumer/ in an empty folder of the build tree.
cmake_minimum_required(VERSION 3.25)
set(work "${build}/package/${way}")
set(prefix "${work}/prefix")
file(REMOVE_RECURSE "${work}")
file(MAKE_DIRECTORY "${work}")

function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${work}" OUTPUT_VARIABLE output
                  COMMAND_ERROR_IS_FATAL ANY)
  set(output "${output}" PARENT_SCOPE)
endfunction()

if(way STREQUAL find_package)
  # Not the prefix that the build was configured for: an installation can be moved.
  run("${CMAKE_COMMAND}" --install "${build}" --prefix "${prefix}")
  set(where "-DCMAKE_PREFIX_PATH=${prefix}")
else()
  # The library would be compiled once more. To keep it cheap without optimization, and of its
  # layers only `core` and `genotype`; all others are configured.
  set(where "-Dsanas_source=${source}" -DCMAKE_BUILD_TYPE=Debug)
endif()
run("${CMAKE_COMMAND}" -S "${CMAKE_CURRENT_LIST_DIR}/consumer" -B "${work}/consumer"
    -G "${generator}" "-DCMAKE_CXX_COMPILER=${compiler}" "-DTorch_DIR=${torch}" ${where})
run("${CMAKE_COMMAND}" --build "${work}/consumer" --parallel 1)
run("${work}/consumer/consumer")

if(way STREQUAL find_package AND programs)
  # darts-family §2.1; the installed program finds the installed configurations.
  run("${prefix}/bin/sanas_inspect" count --config cifar10_darts2nd --json)
  if(NOT output MATCHES "\"parameters\": 1930618,")
    message(FATAL_ERROR "the installed sanas_inspect printed: ${output}")
  endif()
endif()
