"""What the source tree must keep to: who may include whom, what may not lie in it, what a text may not name.

`violations(root)` returns one line for each breach, as `path:line: what is wrong`. Standard library only.
"""

import os
import re
import subprocess

CODE = (".hpp", ".cpp", ".h", ".cc", ".ipp")
MODULES = ("lanes", "agents", "runtime", "ingest", "web", "runtime/app")

# Which of our own headers a module may include; the longest matching prefix of a file's path names its module.
OWN = {
    "lanes": ("lanes/",),
    "agents": ("lanes/", "agents/"),
    "runtime": ("lanes/", "agents/", "runtime/"),
    "ingest": ("ingest/", "@port", "agents/uri.hpp"),
    "web": ("web/", "@port", "agents/uri.hpp", "lanes/json_text.hpp"),
    "runtime/app": ("",),
}
# `@port` stands for runtime/port.hpp and whatever it includes. The log, and the queue that a sink empties, are as plain.
PORT = "runtime/port.hpp"
PLAIN = (PORT, "runtime/log.hpp", "runtime/sink_queue.hpp")

# Libraries that one place alone may include; everything else of the tree may not.
ONLY = {
    "caf/": ("runtime/detail/caf_compat.hpp", "runtime/caf.hpp", "tests/host/", "tests/runtime/"),
    "librdkafka/": ("ingest/", "tests/ingest/", "perf/"),
    "curl/": ("ingest/",),
    "boost/beast": ("web/", "tests/web/", "perf/"),
    "boost/asio": ("web/", "tests/web/", "perf/"),
    "cjose/": ("web/access/", "tests/web/"),
    "openssl/": ("web/", "tests/web/"),
    "prometheus/": ("runtime/",),
    "sqlite3.h": ("runtime/", "tests/store/", "tests/support/power_cut_vfs.cpp"),
    "yaml-cpp/": ("runtime/app/", "tests/app/", "tests/fuzz/", "tests/runtime/"),
    "CLI/": ("runtime/app/", "perf/"),
    "gtest/": ("tests/",),
    "gmock/": ("tests/",),
    "twinlane/runtime/app/": ("runtime/app/", "tests/", "examples/", "perf/", "runtime/twinlane.hpp"),
}
# Lanes and agents are values and logic: no threads, no I/O.
PURE = ("lanes/", "agents/")
IMPURE = re.compile(
    r"thread|mutex|shared_mutex|condition_variable|future|semaphore|latch|barrier|stop_token"
    r"|fstream|iostream|filesystem|cstdio|stdio\.h|unistd\.h|fcntl\.h|sys/.*|netinet/.*|arpa/.*|poll\.h")
# Those headers are plain standard C++.
STANDARD = re.compile(r"[a-z_]+")

FORBIDDEN_KINDS = re.compile(
    r".*\.(o|a|so|dll|exe|class|jar|war|pyc|pyo|zip|tar|tgz|7z|rar|iso|db|sqlite|sqlite3|orig|rej|swp|bak|tmp|log|pem|key"
    r"|p12|jks|onnx|core)", re.IGNORECASE)
FORBIDDEN_FOLDERS = re.compile(r"(^|/)(node_modules|__pycache__|build|\.cache|\.idea|\.vscode|CMakeFiles)/")
# Inputs are what they are: bytes from outside.
INPUTS = "tests/fuzz/corpus/"
FILE_BYTES_MAX = 2 * 1024 * 1024
CODE_LINES_MAX = 600

# Built from pieces, so that this file does not name what it looks for.
PLACES = re.compile("|".join((
    r"(?<![\w./$}-])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/\w", r"[A-Z]:\\\\?" + "Users")))
UNFINISHED = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X")) + r")\b")
INCLUDE = re.compile(r"^\s*#\s*include\s*([<\"])([^>\"]+)[>\"]")


def tracked_files(root):
    """Paths that belong to the project: git's when there is a repository, else all but what a build leaves."""
    listed = subprocess.run(
        ["git", "-C", root, "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True, check=False) if os.path.exists(os.path.join(root, ".git")) else None
    if listed and listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
        return sorted(n for n in names if n and os.path.lexists(os.path.join(root, n)))
    found = []
    for folder, folders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        folders[:] = [f for f in folders
                      if f not in (".git", "node_modules", "__pycache__") and not (here == "." and f in ("build", "data"))]
        found += [os.path.normpath(os.path.join(here, f)) for f in files]
    return sorted(found)


def module_of(path):
    return max((m for m in MODULES if path.startswith(m + "/")), key=len, default=None)


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        m = INCLUDE.match(line)
        if m:
            yield number, m.group(1), m.group(2)


def port_closure(code):
    """Those plain headers, and the headers of ours that they include, directly or not."""
    closure, todo = set(), list(PLAIN)
    while todo:
        path = todo.pop()
        if path in closure or path not in code:
            continue
        closure.add(path)
        todo += [name[len("twinlane/"):] for _, _, name in includes(code[path]) if name.startswith("twinlane/")]
    return closure


def check_include(path, quote, name, port):
    """What is wrong with this include in this file, as texts."""
    for library, places in ONLY.items():
        if name.startswith(library) and not path.startswith(places):
            yield f"<{name}> belongs to {', '.join(places)}"
    if path.startswith(PURE) and IMPURE.fullmatch(name):
        yield f"<{name}> brings threads or I/O into {path.split('/')[0]}"
    if path in port and not name.startswith("twinlane/") and not STANDARD.fullmatch(name):
        yield f"<{name}> is not plain standard C++, and web and ingest include this file"
    module = module_of(path)
    if module is None:
        if path.startswith("examples/") and re.match(r"twinlane/.*detail/", name):
            yield f"<{name}> is a detail of the library"
        return
    if quote == '"':
        yield f'"{name}" is not spelled <twinlane/…>'
    if not name.startswith("twinlane/"):
        return
    own = name[len("twinlane/"):]
    allowed = any(own in port if a == "@port" else own.startswith(a) for a in OWN[module])
    if own == "twinlane.hpp" or not allowed:
        yield f"<{name}> crosses the wall of {module}"
    elif "/detail/" in own and module in ("ingest", "web") and not own.startswith(module + "/"):
        yield f"<{name}> is a detail of another module"


def check_text(path, text):
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        if PLACES.search(line):
            yield f"{path}:{number}: names a place on one machine: {PLACES.search(line).group(0)}…"
        if UNFINISHED.search(line) and not path.endswith("package-lock.json"):
            yield f"{path}:{number}: unfinished: {UNFINISHED.search(line).group(0)}"
        if line.endswith("\r"):
            yield f"{path}:{number}: ends in CR LF"
            break
    if path.endswith(CODE) and len(lines) > CODE_LINES_MAX:
        yield f"{path}: {len(lines)} lines; over {CODE_LINES_MAX} it is two nouns"
    if path.endswith(".hpp") and module_of(path) and "#pragma once" not in text:
        yield f"{path}: no #pragma once"
    if os.path.basename(path) == "package-lock.json" and re.search(r'"resolved": "https?://(?!registry\.npmjs\.org/)', text):
        yield f"{path}: resolves from a registry of its own"


def check_file(root, path):
    """Kind, size and text of one file; yields breaches and returns its text, or None when it is not text."""
    full = os.path.join(root, path)
    if os.path.islink(full):
        return None, [f"{path}: is a symbolic link"]
    found = []
    if FORBIDDEN_KINDS.fullmatch(path) or FORBIDDEN_FOLDERS.search(path):
        found.append(f"{path}: a file of this kind does not belong here")
    if os.path.getsize(full) > FILE_BYTES_MAX:
        return None, found + [f"{path}: over {FILE_BYTES_MAX} bytes"]
    with open(full, "rb") as f:
        data = f.read()
    if path.startswith(INPUTS):
        return None, found
    if b"\0" in data:
        if data[:4] == b"\x7fELF":
            found.append(f"{path}: a program")
        return None, found
    if data.startswith(b"\xef\xbb\xbf"):
        found.append(f"{path}: begins with a byte order mark")
    if os.access(full, os.X_OK) and not data.startswith(b"#!"):
        found.append(f"{path}: executable, but no script")
    text = data.decode("utf-8", "replace")
    return text, found + list(check_text(path, text))


def violations(root):
    found, code = [], {}
    for path in tracked_files(root):
        text, breaches = check_file(root, path)
        found += breaches
        if text is not None and path.endswith(CODE):
            code[path] = text
    port = port_closure(code)
    for path, text in code.items():
        for number, quote, name in includes(text):
            found += [f"{path}:{number}: {what}" for what in check_include(path, quote, name, port)]
    return found
