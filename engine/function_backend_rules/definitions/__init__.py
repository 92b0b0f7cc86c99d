"""Files of definitions: YAML and JSON, one or many, with the place of everything that is wrong."""

from __future__ import annotations

from function_backend_rules.definitions.documents import Document, FileContents, read_file, read_text
from function_backend_rules.definitions.library import CompiledLibrary, Library, load_library
from function_backend_rules.definitions.problems import FileProblem
from function_backend_rules.definitions.writing import write_json, write_yaml

__all__ = [
    "CompiledLibrary",
    "Document",
    "FileContents",
    "FileProblem",
    "Library",
    "load_library",
    "read_file",
    "read_text",
    "write_json",
    "write_yaml",
]
