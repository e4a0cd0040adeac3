"""Writes the official client's protobuf descriptions as a FileDescriptorSet, which protoc takes in place of .proto files.

    <the client's Python> descriptors.py FILE MESSAGE...     prints the name of each message's .proto file
"""

import importlib
import sys
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet


def add_with_imports(file, files):
    for imported in file.dependencies:
        add_with_imports(imported, files)
    files.setdefault(file.name, file)


def main():
    target, *messages = sys.argv[1:]
    files = {}
    for message in messages:
        add_with_imports(importlib.import_module(f"ibapi.protobuf.{message}_pb2").DESCRIPTOR, files)
    described = FileDescriptorSet()
    for name, file in files.items():
        file.CopyToProto(described.file.add())
        print(name)
    Path(target).write_bytes(described.SerializeToString())


if __name__ == "__main__":
    main()
