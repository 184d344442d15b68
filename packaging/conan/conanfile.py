# A recipe for Conan 2, of the source that it lies in: conan create packaging/conan --build=missing
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir
from conan.tools.gnu import PkgConfigDeps

required_conan_version = ">=2.0"


class Kindling(ConanFile):
    name = "kindling"
    description = "A small deep learning framework: tensors, autograd and Keras's layers"
    license = "MIT"
    topics = ("deep-learning", "autograd", "keras")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "shared": [True, False],
        "fPIC": [True, False],
        "archives": [True, False],
        "onnx": [True, False],
        "tools": [True, False],
    }
    default_options = {
        "shared": False,
        "fPIC": True,
        "archives": True,
        "onnx": False,
        "tools": False,
        "onetbb/*:tbbmalloc": True,
    }
    implements = ["auto_shared_fpic"]

    @property
    def _root(self):
        return os.path.join(self.recipe_folder, "..", "..")

    def set_version(self):
        header = load(self, os.path.join(self._root, "tensor", "version.h"))
        self.version = re.search(r'version_string = "(.+)"', header).group(1)

    def export_sources(self):
        for pattern in ("CMakeLists.txt", "LICENSE", "kindling.h", "packaging/*", "autograd/*",
                        "data/*", "io/*", "layers/*", "optim/*", "tensor/*", "tools/*", "train/*"):
            copy(self, pattern, self._root, self.export_sources_folder)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("fmt/[>=9.1 <12]")
        self.requires("highway/[>=1.0.3 <2]")
        self.requires("onetbb/[>=2021.8]")
        self.requires("openblas/[>=0.3.20 <1]")
        self.requires("utf8proc/[>=2.8 <3]")
        self.requires("nlohmann_json/[>=3.11 <4]", visible=False)
        if self.options.archives:
            self.requires("hdf5/[>=1.10 <2]")
            self.requires("zlib/[>=1.2 <2]")
        if self.options.onnx:
            self.requires("onnx/[>=1.12 <2]")
            self.requires("protobuf/[>=3.21]")
        if self.options.tools:
            self.requires("cli11/[>=2.1 <3]", visible=False)

    def build_requirements(self):
        self.tool_requires("cmake/[>=3.25 <4]")
        self.tool_requires("pkgconf/[>=1.9]")

    def validate(self):
        check_min_cppstd(self, 20)

    def generate(self):
        toolchain = CMakeToolchain(self)
        for part in ("archives", "onnx", "tools"):
            wanted = bool(self.options.get_safe(part))
            toolchain.cache_variables["KINDLING_" + part.upper()] = wanted
        toolchain.cache_variables["KINDLING_EXAMPLES"] = False
        toolchain.cache_variables["KINDLING_TESTS"] = False
        toolchain.cache_variables["KINDLING_WERROR"] = False
        toolchain.generate()
        CMakeDeps(self).generate()
        PkgConfigDeps(self).generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        CMake(self).install()
        # Conan writes its own.
        rmdir(self, os.path.join(self.package_folder, "lib", "cmake"))
        rmdir(self, os.path.join(self.package_folder, "lib", "pkgconfig"))

    def package_info(self):
        self.cpp_info.libs = ["kindling"]
        self.cpp_info.set_property("cmake_file_name", "kindling")
        self.cpp_info.set_property("cmake_target_name", "kindling::kindling")
        self.cpp_info.set_property("pkg_config_name", "kindling")
