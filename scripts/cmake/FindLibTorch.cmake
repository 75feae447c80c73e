# SPDX-License-Identifier: Apache-2.0
#[[
Finds LibTorch and defines the target sanas::libtorch.

LibTorch's own package file refuses to load a CUDA build where the CUDA Toolkit is missing or no
GPU is present, although linking needs neither. This module reads the same installation directly:
set Torch_DIR to LibTorch's share/cmake/Torch (the usual variable), or put it on CMAKE_PREFIX_PATH.
SANAS_WITH_CUDA (AUTO, ON, OFF) says whether LibTorch's CUDA half is linked; the result is in
LibTorch_CUDA.
]]
if(TARGET sanas::libtorch)
  return()
endif()

find_path(Torch_DIR TorchConfig.cmake PATH_SUFFIXES share/cmake/Torch
          DOC "Folder of TorchConfig.cmake in a LibTorch installation")
if(Torch_DIR)
  get_filename_component(_torch_root "${Torch_DIR}/../../.." ABSOLUTE)
  file(STRINGS "${Torch_DIR}/TorchConfigVersion.cmake" _line REGEX "PACKAGE_VERSION \"")
  string(REGEX MATCH "[0-9]+\\.[0-9]+(\\.[0-9]+)?" LibTorch_VERSION "${_line}")
  find_library(LibTorch_CPU_LIBRARY torch_cpu PATHS "${_torch_root}/lib" NO_DEFAULT_PATH)
  find_library(LibTorch_C10_LIBRARY c10 PATHS "${_torch_root}/lib" NO_DEFAULT_PATH)
  find_library(LibTorch_LIBRARY torch PATHS "${_torch_root}/lib" NO_DEFAULT_PATH)
  find_library(LibTorch_CUDA_LIBRARY torch_cuda PATHS "${_torch_root}/lib" NO_DEFAULT_PATH)
  find_library(LibTorch_C10_CUDA_LIBRARY c10_cuda PATHS "${_torch_root}/lib" NO_DEFAULT_PATH)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch
    REQUIRED_VARS LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_LIBRARY
    VERSION_VAR LibTorch_VERSION
    REASON_FAILURE_MESSAGE "Point Torch_DIR at the share/cmake/Torch folder of a LibTorch (shared libraries), 2.4 or newer")
if(NOT LibTorch_FOUND)
  return()
endif()

set(LibTorch_CUDA OFF)
if(NOT "${SANAS_WITH_CUDA}" STREQUAL OFF AND LibTorch_CUDA_LIBRARY AND LibTorch_C10_CUDA_LIBRARY)
  set(LibTorch_CUDA ON)
elseif("${SANAS_WITH_CUDA}" STREQUAL ON)
  message(FATAL_ERROR "SANAS_WITH_CUDA=ON, but the LibTorch in ${_torch_root} is built without CUDA")
endif()

add_library(sanas::libtorch INTERFACE IMPORTED)
target_include_directories(sanas::libtorch SYSTEM INTERFACE
    "${_torch_root}/include" "${_torch_root}/include/torch/csrc/api/include")
file(STRINGS "${Torch_DIR}/TorchConfig.cmake" _abi REGEX "_GLIBCXX_USE_CXX11_ABI=[01]")
if(_abi MATCHES "_GLIBCXX_USE_CXX11_ABI=([01])")
  target_compile_definitions(sanas::libtorch INTERFACE _GLIBCXX_USE_CXX11_ABI=${CMAKE_MATCH_1})
endif()
target_link_libraries(sanas::libtorch INTERFACE "${LibTorch_CPU_LIBRARY}" "${LibTorch_C10_LIBRARY}")
if(LibTorch_CUDA)
  # Nothing refers to the CUDA half by name: it registers itself when it is loaded.
  target_link_libraries(sanas::libtorch INTERFACE
      "-Wl,--push-state,--no-as-needed" "${LibTorch_LIBRARY}" "${LibTorch_CUDA_LIBRARY}"
      "${LibTorch_C10_CUDA_LIBRARY}" "-Wl,--pop-state")
  # The CUDA runtime of the same installation is found through LibTorch's own run path.
  target_link_options(sanas::libtorch INTERFACE "-Wl,--allow-shlib-undefined")
endif()
mark_as_advanced(LibTorch_CPU_LIBRARY LibTorch_C10_LIBRARY LibTorch_LIBRARY LibTorch_CUDA_LIBRARY
                 LibTorch_C10_CUDA_LIBRARY)
