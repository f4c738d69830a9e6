# SPDX-License-Identifier: MIT
"""The clients of the daemon tests: classes made from janusd/proto, and raw bytes.

Owns: the compiled classes (in a folder of the sandbox) and the channels it opens.
"""

import glob
import os

import sandbox

try:
    import grpc
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    from grpc_tools import protoc
except ImportError as missing:
    grpc = descriptor_pb2 = None  # load() then skips
    MISSING = missing

PROTO = os.environ.get("JANUS_PROTO_DIR", os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..", "..", "janusd", "proto"))
DEADLINE = 10.0
SERVICE = "/janus.Janusd/"


class Protos:
    """Message classes by their full names."""

    def __init__(self, descriptors):
        self._pool = descriptor_pool.DescriptorPool()
        for file in descriptors.file:
            self._pool.Add(file)
        self._factory = message_factory.MessageFactory(self._pool)
        self._classes = {}

    def __getitem__(self, name):
        if name not in self._classes:
            descriptor = self._pool.FindMessageTypeByName(name)
            if hasattr(message_factory, "GetMessageClass"):
                self._classes[name] = message_factory.GetMessageClass(descriptor)
            else:
                self._classes[name] = self._factory.GetPrototype(descriptor)
        return self._classes[name]


def load(box):
    """Compile the protos; no Python modules are made of them: theirs would be called grpc."""
    if grpc is None:
        sandbox.skip(f"needs python3-grpcio and python3-grpc-tools ({MISSING})")
    folder = os.path.realpath(PROTO)
    files = sorted(glob.glob(os.path.join(glob.escape(folder), "**", "*.proto"),
                             recursive=True))
    if not files:
        raise AssertionError(f"no .proto files in {PROTO}")
    out = os.path.join(box.path, "protos.pb")
    words = ["protoc", f"--proto_path={folder}", f"--descriptor_set_out={out}", *files]
    if protoc.main(words):
        raise AssertionError("the protos do not compile")
    with open(out, "rb") as file:
        return Protos(descriptor_pb2.FileDescriptorSet.FromString(file.read()))


def load_file(box, path):
    """One proto that stands for itself."""
    out = os.path.join(box.path, os.path.basename(path) + ".pb")
    if protoc.main(["protoc", f"--proto_path={os.path.dirname(os.path.realpath(path))}",
                    f"--descriptor_set_out={out}", os.path.realpath(path)]):
        raise AssertionError(f"{path} does not compile")
    with open(out, "rb") as file:
        return Protos(descriptor_pb2.FileDescriptorSet.FromString(file.read()))


def channel(address):
    return grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)])


class Answer:
    """What an rpc ended with; details and trailing metadata as plain values."""

    def __init__(self, code, details, trailing, message=None):
        self.code, self.details, self.message = code, details, message
        self.trailing = {item.key: item.value for item in trailing or ()}

    @property
    def name(self):
        return self.code.name

    def __repr__(self):
        return f"{self.name}: {self.details!r} {self.trailing} {self.message}"


class Client:
    """One channel, and one connection, to one janusd. Nothing is retried, no proxy asked."""

    def __init__(self, address, protos, credentials=None, options=()):
        settings = [("grpc.enable_retries", 0), ("grpc.enable_http_proxy", 0),
                    ("grpc.use_local_subchannel_pool", 1), *options]
        self.protos = protos
        if credentials:
            self.channel = grpc.secure_channel(address, credentials, settings)
        else:
            self.channel = grpc.insecure_channel(address, settings)

    def close(self):
        self.channel.close()

    # Requests as the classes build them -----------------------------------------------

    def subject(self, **fields):
        fields.setdefault("event", ["open"])
        return self.protos["janus.JanusGuardSubject"](**fields)

    def config(self, **fields):
        return self.protos["janus.JanusdConfig"](**fields)

    def guard(self, pod, cid=(), pid=(), name="guard", log_format="", node="node-1",
              **subject):
        """A guard of one subject."""
        return self.config(name=name, nodeName=node, podName=pod, cid=list(cid),
                           pid=list(pid), logFormat=log_format,
                           subject=[self.subject(**subject)])

    # Calls ------------------------------------------------------------------------------

    def call(self, method, request, reply=None, timeout=DEADLINE):
        """Any unary method by its path; request is a message or bytes."""
        data = request if isinstance(request, bytes) else request.SerializeToString()
        stub = self.channel.unary_unary(method)
        try:
            raw, call = stub.with_call(data, timeout=timeout)
        except grpc.RpcError as error:
            return Answer(error.code(), error.details(), error.trailing_metadata())
        message = reply.FromString(raw) if reply else raw
        return Answer(call.code(), call.details(), call.trailing_metadata(), message)

    def stream(self, method, request, reply, timeout=DEADLINE):
        """A server stream; the caller iterates over it or cancels it."""
        return self.channel.unary_stream(
            method, response_deserializer=reply.FromString)(
                request.SerializeToString(), timeout=timeout)

    def create(self, request, timeout=DEADLINE):
        return self.call(SERVICE + "CreateGuard", request, self.protos["janus.JanusdHandle"],
                         timeout)

    def destroy(self, request, timeout=DEADLINE):
        return self.call(SERVICE + "DestroyGuard", request, self.protos["janus.Empty"],
                         timeout)

    def state(self, timeout=DEADLINE):
        """All handles there are."""
        return list(self.stream(SERVICE + "GetGuardState", self.protos["janus.Empty"](),
                                self.protos["janus.JanusdHandle"], timeout))

    def pods(self):
        return sorted(handle.podName for handle in self.state())

    def check(self, service="", timeout=DEADLINE):
        return self.call("/grpc.health.v1.Health/Check",
                         self.protos["grpc.health.v1.HealthCheckRequest"](service=service),
                         self.protos["grpc.health.v1.HealthCheckResponse"], timeout)

    def watch(self, service="", timeout=DEADLINE):
        return self.stream("/grpc.health.v1.Health/Watch",
                           self.protos["grpc.health.v1.HealthCheckRequest"](service=service),
                           self.protos["grpc.health.v1.HealthCheckResponse"], timeout)
