"""Typed business decisions in CEL over protobuf: checked when written, compiled to Python, able to say why."""
