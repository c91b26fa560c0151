#!/usr/bin/env python3
"""Installs the library into a folder of the build tree, and is its user there.

install_test.py PART BUILD_DIR COMPILER; each PART is a test of its own, `prefix` comes before the others.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
CORE_SAYS = '{"hits":{},"sum":2} {"hits":{"7":1},"sum":40} 40\n'
NOT_IN_CORE = re.compile(r"rdkafka|ssl|crypto|curl|mongoc|bson|sqlite|yaml|boost|civetweb")
# Library headers that a host must not have to compile, but for twinlane/caf.hpp.
NOT_IN_HEADERS = re.compile(r"/(caf|boost/(beast|asio)|librdkafka|curl|openssl|prometheus|spdlog|yaml-cpp|CLI)/|/sqlite3\.h")


def run(*command, **options):
    """Standard output of a command; what it printed and its status are the failure otherwise."""
    command = [str(c) for c in command]
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}")
    return done.stdout


class Install:
    def __init__(self, build, compiler):
        self.build, self.compiler = pathlib.Path(build), compiler
        self.work = self.build / "tests/install/work"
        self.prefix = self.work / "prefix"
        self.environment = os.environ | {
            "PKG_CONFIG_PATH": ":".join(str(p) for p in self.prefix.glob("lib/**/pkgconfig"))}

    def folder(self, name):
        path = self.work / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def prefix_test(self):
        self.folder("prefix")
        run("cmake", "--install", self.build, "--prefix", self.prefix)
        for kind in ("tests", "detail/sqlite", "detail/caf_compat", "shard.hpp"):
            found = [p for p in self.prefix.rglob("*") if kind in str(p.relative_to(self.prefix))]
            assert not found, f"installed, but private: {found}"
        assert (self.prefix / "bin/twinlane").exists()

    def consumer(self, name, components):
        folder = self.folder(name)
        run("cmake", "-S", HERE / "consumer", "-B", folder, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_CXX_COMPILER={self.compiler}", f"-DSOURCE={name}.cpp", f"-DCOMPONENTS={components}")
        run("cmake", "--build", folder)
        return folder / "consumer"

    def libraries(self, program):
        """Shared libraries of a program, those of its libraries included."""
        found = sorted(set(re.findall(r"^\s*(\S+)", run("ldd", program), re.M)))
        print(f"{program.relative_to(self.work)} needs:", *found)
        return found

    def core_test(self):
        program = self.consumer("core", "core")
        assert run(program) == CORE_SAYS
        libraries = self.libraries(program)
        assert any("caf_core" in l for l in libraries), "not the list that was meant"
        assert not [l for l in libraries if NOT_IN_CORE.search(l)], "a core program links what it does not need"

    def serve(self, program):
        store = self.folder("store") / "state.db"
        with subprocess.Popen([program, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
            assert server.stdout.readline() == "librdkafka answers\n"
            with urllib.request.urlopen(server.stdout.readline().strip() + "/note/1", timeout=20) as answer:
                assert json.load(answer)["lanes"] == {"text": "kept"}
            server.stdin.close()
            assert server.wait(timeout=30) == 0
        assert store.exists()

    def server_test(self):
        program = self.consumer("server", "core;sqlite;kafka;web")
        self.serve(program)
        assert any("rdkafka" in l for l in self.libraries(program))

    def pkg_config_test(self):
        folder = self.folder("pkg_config")
        for source, modules in (("core", ["twinlane"]), ("server", ["twinlane-web", "twinlane-kafka", "twinlane-sqlite"])):
            flags = run("pkg-config", "--cflags", "--libs", *modules, env=self.environment).split()
            program = folder / source
            run(self.compiler, "-std=c++20", HERE / f"consumer/{source}.cpp", "-o", program, *flags)
            if source == "core":
                assert run(program) == CORE_SAYS
                assert not [l for l in self.libraries(program) if NOT_IN_CORE.search(l)]
            else:
                self.serve(program)

    def header(self, name):
        """What is wrong with one public header."""
        command = [self.compiler, "-std=c++20", "-fsyntax-only", "-MD", "-MF", "/dev/stdout", "-x", "c++", "-",
                   f"-I{self.prefix}/include"]
        done = subprocess.run(command, input=f"#include <{name}>\n", text=True, capture_output=True, check=False)
        if done.returncode != 0:
            return f"{name} does not compile alone:\n{done.stderr}"
        foreign = [f for f in done.stdout.split() if NOT_IN_HEADERS.search(f)]
        if foreign and name != "twinlane/caf.hpp":
            return f"{name} includes {foreign[0]}"
        if name == "twinlane/caf.hpp" and not foreign:
            return f"{name} includes no CAF, so that this test sees nothing"
        return None

    def headers_test(self):
        include = self.prefix / "include"
        names = sorted(str(p.relative_to(include)) for p in include.rglob("*.hpp"))
        assert "twinlane/runtime/runtime.hpp" in names
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            wrong = [w for w in pool.map(self.header, names) if w]
        print(len(names), "headers")
        assert not wrong, "\n".join(wrong)

    def subdirectory_test(self):
        folder = self.folder("subdirectory")
        said = run("cmake", "-S", HERE / "parent", "-B", folder, "-G", "Ninja", f"-DTWINLANE={ROOT}",
                   f"-DSOURCE={HERE}/consumer/core.cpp", f"-DCMAKE_CXX_COMPILER={self.compiler}")
        for left in ("COMPILE_OPTIONS", "LINK_OPTIONS", "COMPILE_DEFINITIONS", "launcher", "standard"):
            assert re.search(rf"of the parent:.* ?{left}=\[\]", said), f"{left} of the parent is changed:\n{said}"
        assert not re.search("rdkafka|CURL|SQLite|GTest", said), said
        commands = (folder / "compile_commands.json").read_text()
        assert "twinlane" in commands
        for flag in ("-Werror", "ccache", "mold", "-Wshadow"):
            assert flag not in commands, f"{flag} is forced on the parent's build"
        run("ninja", "-C", folder, "CMakeFiles/parent.dir" + str(HERE / "consumer/core.cpp.o"))


def main():
    part, build, compiler = sys.argv[1:]
    try:
        getattr(Install(build, compiler), part + "_test")()
    except AssertionError as failed:
        sys.exit(f"{part}: {failed}")


if __name__ == "__main__":
    main()
