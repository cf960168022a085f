"""Judges PowerShell files by a grammar of the language: prints one problem a line, nothing where there is none."""

import sys

import tree_sitter
import tree_sitter_powershell


def broken(node):
    if node.type == "ERROR" or node.is_missing:
        yield node
        return
    for child in node.children:
        if child.has_error:
            yield from broken(child)


def main(paths):
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
    for path in paths:
        text = open(path, "rb").read()
        for node in broken(parser.parse(text).root_node):
            said = text[node.start_byte : node.end_byte].decode(errors="replace").splitlines()
            print(f"{path}:{node.start_point[0] + 1}: {said[0] if said else 'something is missing'}")


main(sys.argv[1:])
