module function-backend.internal/cel-spec

go 1.25.0

// The protos that the conformance tests of CEL are written in. Nothing is built from it; its hash is in go.sum.
require cel.dev/expr v0.26.0
