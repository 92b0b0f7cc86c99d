"""Compiles the protos that the conformance tests of CEL are written in into `.tools/cel_spec.binpb`.

They come from the Go module that tools/cel-spec/go.mod names, whose hash is in go.sum beside it. Nothing of it is
committed: without Go, and without the file from an earlier time, the tests that need it are skipped and say why.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import grpc_tools

ROOT = Path(__file__).parents[3]
MODULE = ROOT / "tools" / "cel-spec"
DESCRIPTORS = ROOT / ".tools" / "cel_spec.binpb"
_FILES = (
    "cel/expr/conformance/test/simple.proto",
    "cel/expr/conformance/proto2/test_all_types.proto",
    "cel/expr/conformance/proto2/test_all_types_extensions.proto",
    "cel/expr/conformance/proto3/test_all_types.proto",
)


class UnavailableError(Exception):
    """The protos can not be had on this machine; the text says why."""


def descriptors() -> Path:
    """The descriptor set, with everything that its files import; compiled when it is missing or older than its pin.

    Raises:
        UnavailableError: Go, or the module, can not be had.
    """
    pins = (MODULE / "go.mod", MODULE / "go.sum")
    if DESCRIPTORS.exists() and DESCRIPTORS.stat().st_mtime >= max(pin.stat().st_mtime for pin in pins):
        return DESCRIPTORS
    _compile(_module_folder() / "proto")
    return DESCRIPTORS


def _module_folder() -> Path:
    go = shutil.which("go")
    if go is None:
        raise UnavailableError("the protos of CEL are a Go module, and go is not installed")
    # -mod=readonly: a module whose hash is not the one in go.sum is an error, not a new line there.
    command = [go, "mod", "download", "-json", "cel.dev/expr"]
    done = subprocess.run(
        command, cwd=MODULE, env={**os.environ, "GOFLAGS": "-mod=readonly"}, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise UnavailableError(f"the Go module with the protos of CEL could not be fetched: {done.stderr.strip()}")
    return Path(json.loads(done.stdout)["Dir"])


def _compile(folder: Path) -> None:
    DESCRIPTORS.parent.mkdir(exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=DESCRIPTORS.parent, prefix="cel_spec.", delete=False) as written:
        # Renamed when it is complete: another process may be looking for it at this moment.
        unfinished = Path(written.name)
    try:
        well_known = Path(grpc_tools.__file__).parent / "_proto"
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{well_known}", "--include_imports"]
        subprocess.run([*command, f"--descriptor_set_out={unfinished}", *_FILES], check=True)
        unfinished.replace(DESCRIPTORS)
    finally:
        unfinished.unlink(missing_ok=True)
