# SPDX-License-Identifier: Apache-2.0
# Installs the library, its headers, the configurations and the CMake package `sanas`.
include(CMakePackageConfigHelpers)
set(_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/sanas")

list(TRANSFORM SANAS_LAYERS PREPEND sanas_ OUTPUT_VARIABLE _layer_targets)
install(TARGETS sanas sanas_flags sanas_log ${_layer_targets} EXPORT sanas
        ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(DIRECTORY include/sanas DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(DIRECTORY configs DESTINATION "${CMAKE_INSTALL_DATADIR}/sanas")
install(EXPORT sanas NAMESPACE sanas:: DESTINATION "${_package_dir}")
configure_package_config_file(scripts/cmake/sanasConfig.cmake.in
    "${PROJECT_BINARY_DIR}/sanasConfig.cmake" INSTALL_DESTINATION "${_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sanasConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sanasConfig.cmake" "${PROJECT_BINARY_DIR}/sanasConfigVersion.cmake"
              scripts/cmake/FindLibTorch.cmake DESTINATION "${_package_dir}")
