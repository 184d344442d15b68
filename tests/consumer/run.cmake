# Builds the project here against kindling in one of the ways there are, and runs it:
#   cmake -D HOW=find_package [-D COMPONENT=other] -D BUILD=folder ..   the installed package
#   cmake -D HOW=pkg_config -D BUILD=folder ..                          both kinds, without CMake
#   cmake -D HOW=fetch_content ..                                       a clone, built inside
#   cmake -D HOW=fetch_content -D REUSE=ON -D BUILD=folder ..           this tree, of objects that
#   -D KINDLING_ARCHIVES=.. -D KINDLING_ONNX=.. -D KINDLING_UNITY=..    were built with the options
# and in all: -D WORK=folder -D COMPILER=c++ -D GENERATOR=Ninja -P run.cmake
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(COMMAND ${ARGV} WORKING_DIRECTORY ${WORK} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# Fails if a shared library shows what is not kindling's own, or doesn't show what is.
function(check_symbols library)
  execute_process(COMMAND nm -DC --defined-only ${library} OUTPUT_VARIABLE symbols
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT symbols MATCHES "kindling::Model::fit")
    message(FATAL_ERROR "${library} does not show kindling::Model::fit")
  endif()
  set(not_ours "kindling::kernels|fmt::|nlohmann|hwy::|tbb::|cblas_|utf8proc|zip_|H5[A-Z]|onnx::")
  if(symbols MATCHES "[0-9a-f]+ [A-Z] [^(<\n]*(${not_ours}|google::)[^\n]*")
    message(FATAL_ERROR "${library} shows what is not its own:\n${CMAKE_MATCH_0}")
  endif()
endfunction()

# Installs the library, or with ARGN = --component other that of the other kind, into `prefix`.
function(install prefix)
  execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/${prefix} ${ARGN}
                  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB_RECURSE shared ${WORK}/${prefix}/*/libkindling.so)
  if(shared)
    check_symbols(${shared})
  endif()
endfunction()

# What pkg-config says of the package in `prefix`.
function(pkg_config result prefix)
  file(GLOB_RECURSE pc ${WORK}/${prefix}/*/kindling.pc)
  cmake_path(GET pc PARENT_PATH folder)
  set(ENV{PKG_CONFIG_PATH} ${folder})
  execute_process(COMMAND pkg-config ${ARGN} kindling OUTPUT_VARIABLE flags
                  OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  separate_arguments(flags UNIX_COMMAND "${flags}")
  set(${result} ${flags} PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
set(here ${CMAKE_CURRENT_LIST_DIR})
set(configure ${CMAKE_COMMAND} -S ${here} -B build -G ${GENERATOR}
    -D CMAKE_CXX_COMPILER=${COMPILER} -D CMAKE_FIND_USE_PACKAGE_REGISTRY=OFF)

if(HOW STREQUAL find_package)
  set(component "")
  if(COMPONENT)
    set(component --component ${COMPONENT})
  endif()
  install(prefix ${component})
  run(${configure} -D CMAKE_PREFIX_PATH=${WORK}/prefix)
  run(${CMAKE_COMMAND} --build build)
  run(build/consumer)
elseif(HOW STREQUAL pkg_config)
  install(prefix)
  install(other --component other)
  pkg_config(flags prefix --cflags)
  run(${COMPILER} -std=c++20 ${flags} -c ${here}/main.cpp -o main.o)
  foreach(prefix prefix other)
    pkg_config(flags ${prefix} --libs)
    pkg_config(libraries ${prefix} --variable=libdir)
    run(${COMPILER} main.o -o consumer_${prefix} ${flags} -Wl,-rpath,${libraries})
    run(${WORK}/consumer_${prefix})
  endforeach()
else()
  # The main build's objects are taken, or else, so that it doesn't take long, the optional parts,
  # the optimiser and all instruction sets but one are left out, and most files compiled as few.
  get_filename_component(clone ${here}/../.. ABSOLUTE)
  set(options -D CMAKE_DISABLE_PRECOMPILE_HEADERS=ON)
  if(REUSE)
    list(APPEND options -D FETCHCONTENT_SOURCE_DIR_KINDLING=${clone})
    set(ENV{CMAKE_CXX_COMPILER_LAUNCHER} "${here}/reuse.sh;${BUILD}/CMakeFiles/kindling.dir")
    foreach(option KINDLING_ARCHIVES KINDLING_ONNX KINDLING_UNITY)
      list(APPEND options -D ${option}=${${option}})
    endforeach()
  else()
    list(APPEND options -D CMAKE_UNITY_BUILD=ON -D CMAKE_UNITY_BUILD_BATCH_SIZE=16
         -D CMAKE_CXX_FLAGS=-DHWY_COMPILE_ONLY_STATIC -D KINDLING_ARCHIVES=OFF -D KINDLING_ONNX=OFF)
  endif()
  run(${configure} -D KINDLING_CLONE=file://${clone} ${options})
  run(${CMAKE_COMMAND} --build build)
  run(build/consumer)
endif()
