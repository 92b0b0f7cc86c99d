"""Lay out, in third_party/, the proto files that ours import, as the installed packages carry them.

googleapis-common-protos ships sources; the protovalidate wheel holds `buf/validate/validate.proto` as a descriptor.
Nothing of it is committed: the versions are those of requirements.lock.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

from google.protobuf import descriptor_pb2
from protovalidate._gen.buf.validate import validate_pb

from descriptor_source import proto_source

THIRD_PARTY = Path(__file__).resolve().parent.parent / "third_party"
GOOGLE_FOLDERS = ("api", "rpc", "type")


def main() -> None:
    """Rewrite the folder from scratch."""
    shutil.rmtree(THIRD_PARTY, ignore_errors=True)
    googleapis, protovalidate = THIRD_PARTY / "googleapis", THIRD_PARTY / "protovalidate"
    _copy_google_protos(googleapis)
    validate = descriptor_pb2.FileDescriptorProto.FromString(validate_pb.desc().proto.to_binary())
    target = protovalidate / validate.name
    target.parent.mkdir(parents=True)
    target.write_text(proto_source(validate, include=googleapis))


def _copy_google_protos(target: Path) -> None:
    for folder in GOOGLE_FOLDERS:
        spec = importlib.util.find_spec(f"google.{folder}")
        if spec is None or not spec.submodule_search_locations:
            raise SystemExit(f"third_party: googleapis-common-protos is not installed: google.{folder} is missing")
        for origin in spec.submodule_search_locations:
            for source in sorted(Path(origin).rglob("*.proto")):
                copy = target / "google" / folder / source.relative_to(origin)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, copy)


if __name__ == "__main__":
    main()
