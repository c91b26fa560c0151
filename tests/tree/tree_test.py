#!/usr/bin/env python3
"""The walls of docs/architecture.md hold in this tree, and a breach of each would be seen."""

import os
import re
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import walls  # noqa: E402

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

SOUND = {
    "runtime/port.hpp": "#pragma once\n#include <string>\n#include <twinlane/runtime/errors.hpp>\n",
    "runtime/errors.hpp": "#pragma once\n#include <variant>\n",
    "runtime/shard.cpp": "#include <twinlane/agents/agent.hpp>\n",
    "runtime/detail/caf_compat.hpp": "#pragma once\n#include <caf/actor.hpp>\n",
    "runtime/app/main.cpp": "#include <twinlane/web/server.hpp>\n#include <twinlane/ingest/kafka_source.hpp>\n",
    "agents/agent.hpp": "#pragma once\n#include <twinlane/lanes/lane.hpp>\n",
    "lanes/lane.hpp": "#pragma once\n#include <boost/describe.hpp>\n",
    "ingest/kafka_source.hpp": "#pragma once\n#include <librdkafka/rdkafka.h>\n#include <twinlane/runtime/errors.hpp>\n",
    "web/server.hpp": "#pragma once\n#include <boost/beast.hpp>\n#include <twinlane/runtime/port.hpp>\n",
    "examples/hello/hello.cpp": "#include <twinlane/twinlane.hpp>\n",
    "tests/web/fake.cpp": '#include "web/fake_port.hpp"\n#include <gtest/gtest.h>\n',
    "README.md": "Input lies in ../shared/data, output in ./data.\n",
}

# One planted file each, and what the line about it must say.
PLANTED = {
    "lanes know no agents": ("lanes/a.hpp", "#pragma once\n#include <twinlane/agents/agent.hpp>\n", "wall of lanes"),
    "lanes have no threads": ("lanes/a.cpp", "#include <mutex>\n", "threads or I/O"),
    "agents do no I/O": ("agents/a.cpp", "#include <fstream>\n", "threads or I/O"),
    "agents know no runtime": ("agents/a.cpp", "#include <twinlane/runtime/shard.hpp>\n", "wall of agents"),
    "runtime knows no web": ("runtime/a.cpp", "#include <twinlane/web/server.hpp>\n", "wall of runtime"),
    "runtime knows no ingest": ("runtime/a.cpp", "#include <twinlane/ingest/csv.hpp>\n", "wall of runtime"),
    "runtime knows no application": ("runtime/a.cpp", "#include <twinlane/runtime/app/cli.hpp>\n", "belongs to"),
    "ingest knows the port alone": ("ingest/a.cpp", "#include <twinlane/runtime/shard.hpp>\n", "wall of ingest"),
    "ingest knows no web": ("ingest/a.cpp", "#include <twinlane/web/server.hpp>\n", "wall of ingest"),
    "web knows the port alone": ("web/a.cpp", "#include <twinlane/runtime/shard.hpp>\n", "wall of web"),
    "web knows no lanes": ("web/a.cpp", "#include <twinlane/lanes/lane.hpp>\n", "wall of web"),
    "CAF behind one header": ("runtime/a.cpp", "#include <caf/all.hpp>\n", "belongs to"),
    "CAF in runtime only": ("web/a.cpp", "#include <caf/all.hpp>\n", "belongs to"),
    "librdkafka in ingest only": ("runtime/a.cpp", "#include <librdkafka/rdkafka.h>\n", "belongs to"),
    "Beast in web only": ("ingest/a.cpp", "#include <boost/beast/core.hpp>\n", "belongs to"),
    "Asio in web only": ("runtime/app/a.cpp", "  #  include <boost/asio.hpp>\n", "belongs to"),
    "the port is plain": ("runtime/errors.hpp", "#pragma once\n#include <boost/system/result.hpp>\n", "plain standard"),
    "one spelling of includes": ("web/a.cpp", '#include "server.hpp"\n', "not spelled"),
    "examples use no details": ("examples/a.cpp", "#include <twinlane/lanes/detail/text.hpp>\n", "detail"),
    "headers are guarded": ("web/a.hpp", "int x;\n", "pragma once"),
    "no long files": ("web/a.cpp", "//\n" * 601, "two nouns"),
    "no machine paths": ("docs/a.md", "see /ho" + "me/ann/notes\n", "place on one machine"),
    "no unfinished work": ("web/a.cpp", "// TO" + "DO: later\n", "unfinished"),
    "no CR LF": ("docs/a.md", "one\r\ntwo\r\n", "CR LF"),
    "no archives": ("docs/a.jar", "x", "of this kind"),
    "no editor's folders": ("web/.vscode/settings.json", "{}\n", "of this kind"),
    "no programs": ("perf/run_bench", "\x7fELF\0", "a program"),
    "no private registry": ("web/ui/package-lock.json", '"resolved": "https://npm.example/x"\n', "registry"),
}


def plant(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8", newline="") as f:
            f.write(text)


class Tree(unittest.TestCase):
    def test_keeps_to_its_walls(self):
        found = walls.violations(ROOT)
        self.assertFalse(found, "\n" + "\n".join(found))

    def test_is_looked_at_as_a_whole(self):
        seen = walls.tracked_files(ROOT)
        for path in ("runtime/port.hpp", "tests/tree/walls.py", "CMakeLists.txt", "dev"):
            self.assertIn(path, seen)


    def test_installs_what_installed_headers_include(self):
        installed = {"runtime/twinlane.hpp", "runtime/caf.hpp", "agents/testing.hpp"}
        for path in walls.tracked_files(ROOT):
            if re.fullmatch(r"(lanes|agents)/(detail/)?\w+\.hpp", path):
                installed.add(path)
            elif path.endswith("CMakeLists.txt") and path.startswith(("runtime/", "ingest/", "web/")):
                for headers in re.findall(r"\bHEADERS\s+((?:[\w/]+\.hpp\s+)+)", self.text(path)):
                    installed |= {os.path.join(os.path.dirname(path), h) for h in headers.split()}
        self.assertIn("web/server.hpp", installed)
        for path in sorted(installed):
            for _, _, name in walls.includes(self.text(path)):
                if name.startswith("twinlane/"):
                    self.assertIn(name.removeprefix("twinlane/"), installed, f"{path} is installed and includes it")

    @staticmethod
    def text(path):
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            return f.read()


class Detection(unittest.TestCase):
    def test_finds_nothing_in_a_sound_tree(self):
        with tempfile.TemporaryDirectory() as root:
            plant(root, SOUND)
            self.assertEqual(walls.violations(root), [])

    def test_finds_each_planted_breach(self):
        for claim, (path, text, said) in PLANTED.items():
            with self.subTest(claim), tempfile.TemporaryDirectory() as root:
                plant(root, SOUND | {path: text})
                found = walls.violations(root)
                self.assertEqual(len(found), 1, found)
                self.assertTrue(found[0].startswith(path), found)
                self.assertIn(said, found[0])

    def test_finds_links_and_executables(self):
        with tempfile.TemporaryDirectory() as root:
            plant(root, SOUND)
            os.symlink("lane.hpp", os.path.join(root, "lanes", "link.hpp"))
            os.chmod(os.path.join(root, "README.md"), 0o755)
            self.assertEqual(sorted(walls.violations(root)),
                             ["README.md: executable, but no script", "lanes/link.hpp: is a symbolic link"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
