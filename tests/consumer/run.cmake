# Builds the project here against kindling in one of the ways there are, and runs it:
#   cmake -D HOW=find_package [-D COMPONENT=other] -D BUILD=folder ..   the installed package
#   cmake -D HOW=pkg_config [-D COMPONENT=other] -D BUILD=folder ..     the same, without CMake
#   cmake -D HOW=fetch_content ..                                       a clone, built inside
# and in all: -D WORK=folder -D COMPILER=c++ -D GENERATOR=Ninja -P run.cmake
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} WORKING_DIRECTORY ${WORK} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
if(NOT HOW STREQUAL fetch_content)
  set(component "")
  if(COMPONENT)
    set(component --component ${COMPONENT})
  endif()
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix ${component}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
endif()
# A shared library shows what is kindling's own and public.
file(GLOB_RECURSE shared ${WORK}/prefix/*/libkindling.so)
if(shared)
  execute_process(COMMAND nm -DC --defined-only ${shared} OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT symbols MATCHES "kindling::Model::fit")
    message(FATAL_ERROR "${shared} does not show kindling::Model::fit")
  endif()
  set(not_ours "kindling::kernels|fmt::|nlohmann|hwy::|tbb::|cblas_|utf8proc|zip_|H5[A-Z]|onnx::")
  if(symbols MATCHES "[^\n]*(${not_ours}|google::)[^\n]*")
    message(FATAL_ERROR "${shared} shows what is not its own:\n${CMAKE_MATCH_0}")
  endif()
endif()

set(configure ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)

if(HOW STREQUAL find_package)
  run(${configure} -D CMAKE_PREFIX_PATH=${WORK}/prefix)
  run(${CMAKE_COMMAND} --build build)
  run(build/consumer)
elseif(HOW STREQUAL pkg_config)
  file(GLOB_RECURSE pc ${WORK}/prefix/*/kindling.pc)
  cmake_path(GET pc PARENT_PATH folder)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  execute_process(COMMAND pkg-config --cflags --libs kindling OUTPUT_VARIABLE flags
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  cmake_path(GET folder PARENT_PATH libraries)
  run(${COMPILER} -std=c++20 ${CMAKE_CURRENT_LIST_DIR}/main.cpp -o consumer ${flags}
      -Wl,-rpath,${libraries})
  run(${WORK}/consumer)
else()
  # What is tried is that it can be built inside, so what takes long is left out: the optional parts,
  # the optimiser, all instruction sets but one, and most files are compiled with others as one.
  get_filename_component(clone ${CMAKE_CURRENT_LIST_DIR}/../.. ABSOLUTE)
  run(${configure} -D KINDLING_CLONE=file://${clone} -D FETCHCONTENT_SOURCE_DIR_KINDLING=${clone}
      -D KINDLING_ARCHIVES=OFF -D KINDLING_ONNX=OFF -D CMAKE_CXX_FLAGS=-DHWY_COMPILE_ONLY_STATIC
      -D CMAKE_UNITY_BUILD=ON)
  run(${CMAKE_COMMAND} --build build)
  run(build/consumer)
endif()
