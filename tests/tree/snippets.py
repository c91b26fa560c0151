#!/usr/bin/env python3
"""Keeps code in documents equal to the files that it is cut from.

A document holds `<!-- snippet: FILE -->` … `<!-- /snippet -->`; between them stands the file as a code block.
snippets.py checks (exit status 1 names what differs); snippets.py --write puts it right.
"""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
languages = {".cpp": "cpp", ".hpp": "cpp", ".yaml": "yaml", ".mjs": "js"}
marker = re.compile(r"(<!-- snippet: (\S+) -->\n)(.*?)(<!-- /snippet -->)", re.S)


def with_snippets(text):
    def block(match):
        file = root / match[2]
        body = file.read_text()
        return f"{match[1]}```{languages[file.suffix]}\n{body}```\n{match[4]}"

    return marker.sub(block, text)


def documents():
    return [root / "README.md", *sorted((root / "docs").rglob("*.md")), *sorted((root / "examples").glob("*/README.md"))]


def main():
    write = "--write" in sys.argv[1:]
    stale = []
    for document in documents():
        text = document.read_text()
        right = with_snippets(text)
        if text == right:
            continue
        if write:
            document.write_text(right)
        else:
            stale.append(document.relative_to(root))
    for document in stale:
        print(f"{document}: a snippet differs from its file. Run tests/tree/snippets.py --write")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
