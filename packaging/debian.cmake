# libkindling-dev for Debian: `cpack` in the build folder. Configured with
# -DCMAKE_INSTALL_PREFIX=/usr, libraries go where Debian has them, lib/<architecture>.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libkindling-dev)
set(CPACK_PACKAGE_VENDOR "The kindling authors")
if(NOT CPACK_PACKAGE_CONTACT)
  set(CPACK_PACKAGE_CONTACT "The kindling authors <kindling@example.org>")
endif()
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "small deep learning framework in C++ (development files)")
set(CPACK_PACKAGE_DESCRIPTION "\
kindling has tensors, reverse-mode autograd and Keras's layers, under Keras's\n\
names and with Keras's numbers. It trains models, reads and writes them, and\n\
is small enough to read in an afternoon.\n\n\
This package has the library, its headers, what CMake and pkg-config find it\n\
by, and the program kindling, which shows, converts and runs models.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE
    GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

# Whoever links the static library needs what it is made of; where the shared one gets that from,
# dpkg-shlibdeps finds out.
set(debian_core libopenblas-dev libhwy-dev libutf8proc-dev libfmt-dev libtbb-dev pkg-config)
set(debian_archives libhdf5-dev zlib1g-dev)
set(debian_onnx libprotobuf-dev libonnx-dev)
if(kindling_type STREQUAL "STATIC_LIBRARY")
  set(depends "")
  foreach(part IN LISTS kindling_parts)
    list(APPEND depends ${debian_${part}})
  endforeach()
  list(JOIN depends ", " CPACK_DEBIAN_PACKAGE_DEPENDS)
endif()

# What Debian wants of every package: its licence, and what has changed.
set(doc ${CMAKE_CURRENT_BINARY_DIR}/doc)
configure_file(${PROJECT_SOURCE_DIR}/LICENSE ${doc}/copyright COPYONLY)
execute_process(COMMAND gzip -9nc ${CMAKE_CURRENT_SOURCE_DIR}/debian/changelog
                OUTPUT_FILE ${doc}/changelog.gz)
set(CPACK_INSTALLED_DIRECTORIES ${doc} /usr/share/doc/libkindling-dev)
include(CPack)
