#!/usr/bin/env python3
"""Keeps code in documents equal to the files that it is cut from.

A document holds `<!-- snippet: FILE -->` … `<!-- /snippet -->`; between them stands the file as a code block. FILE#NAME
is the part of the file between the lines `// snippet: NAME` and `// end` (`#` in files whose comments begin so).
snippets.py checks (exit status 1 names what differs); snippets.py --write puts it right.
"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(__file__).resolve().parents[2]
languages = {".cpp": "cpp", ".hpp": "cpp", ".yaml": "yaml", ".mjs": "js", ".txt": "cmake"}
marker = re.compile(r"(<!-- snippet: ([^\s#]+)(?:#(\S+))? -->\n)(.*?)(<!-- /snippet -->)", re.S)
edge = re.compile(r"^[ \t]*(?://|#) (?:snippet: \S+|end)\n", re.M)


def cut(file, name):
    """The whole file, or its part of that name, without the lines that mark parts."""
    text = file.read_text()
    if name is None:
        return edge.sub("", text)
    part = re.search(rf"^[ \t]*(?://|#) snippet: {re.escape(name)}\n(.*?)^[ \t]*(?://|#) end$", text, re.S | re.M)
    if not part:
        raise LookupError(f"{file.relative_to(root)} has no snippet '{name}'")
    return textwrap.dedent(edge.sub("", part[1]))


def with_snippets(text):
    def block(match):
        file = root / match[2]
        return f"{match[1]}```{languages[file.suffix]}\n{cut(file, match[3])}```\n{match[5]}"

    return marker.sub(block, text)


def documents():
    return [root / "README.md", *sorted((root / "docs").rglob("*.md")), *sorted((root / "examples").glob("*/README.md")),
            root / "web/client/README.md"]


def main():
    write = "--write" in sys.argv[1:]
    wrong = []
    for document in documents():
        text = document.read_text()
        try:
            right = with_snippets(text)
        except (LookupError, OSError) as lost:
            wrong.append(f"{document.relative_to(root)}: {lost}")
            continue
        if text == right:
            continue
        if write:
            document.write_text(right)
        else:
            wrong.append(f"{document.relative_to(root)}: a snippet differs from its file. Run tests/tree/snippets.py --write")
    print("\n".join(wrong), end="\n" if wrong else "")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
