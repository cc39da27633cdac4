#!/bin/sh
# Writes a Python client for banger's contracts into a folder, with protoc and the plugin of the distribution
# (Debian packages: protobuf-compiler protobuf-compiler-grpc python3-grpcio python3-protobuf).
set -eu
out=${1:?usage: generate.sh FOLDER}
root=$(cd "$(dirname "$0")/../.." && pwd)
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$root/proto"
# The descriptors hold all that the contracts import, too.
exec /usr/bin/protoc --descriptor_set_in=gen/api.binpb --python_out="$out" --grpc_out="$out" \
  --plugin=protoc-gen-grpc=/usr/bin/grpc_python_plugin banger/v1/*.proto
