# SPDX-License-Identifier: MIT
"""What tests of StreamEvents share: a stream as the responses it gives, and what is in them."""

import grpc

from case import Case
import sandbox

METHOD = "/janus.v1.GuardService/StreamEvents"
VERDICTS = {"ALLOW": 1, "DENY": 2, "WOULD_DENY": 3}


class Stream:
    """One call. Responses are taken one by one, and all of them are remembered."""

    def __init__(self, client, timeout, **fields):
        protos = client.protos
        self.call = client.stream(METHOD, protos["janus.v1.StreamEventsRequest"](**fields),
                                  protos["janus.v1.StreamEventsResponse"], timeout)
        self.responses = []

    def next(self):
        response = next(self.call)
        self.responses.append(response)
        return response

    @property
    def events(self):
        return [event for response in self.responses for event in response.events]

    @property
    def gaps(self):
        return [response.gap.lost for response in self.responses
                if response.HasField("gap")]

    @property
    def last(self):
        return self.responses[-1].last_sequence

    @property
    def instance(self):
        return self.responses[-1].instance

    def read(self, count):
        """Until there are so many events."""
        while len(self.events) < count:
            self.next()
        return self.events

    def read_to(self, sequence):
        while self.last < sequence:
            self.next()
        return self.events

    def end(self):
        """The code and the details that it ends with."""
        try:
            while True:
                self.next()
        except grpc.RpcError as error:
            return error.code().name, error.details()
        except StopIteration:
            return "OK", ""

    def cancel(self):
        self.call.cancel()


class Events(Case):
    """A denied file and an allowed one of a target."""

    files = {"/data/recipe": "salt\n", "/data/menu": "soup\n"}

    def setUp(self):
        super().setUp()
        self.goal = self.target(self.files)

    def guard(self, pod="kitchen", **fields):
        fields.setdefault("deny", ["/data/recipe"])
        fields.setdefault("allow", ["/data/menu"])
        self.create(pod, pid=[self.goal.pid], **fields)

    def stream(self, timeout=20, client=None, **fields):
        """One that has begun: what happens from now on is in it."""
        stream = Stream(client or self.client, timeout, **fields)
        self.addCleanup(stream.cancel)
        stream.next()
        return stream

    def denied(self, path="/data/recipe"):
        self.assert_denied(self.goal.run(f"cat '{path}'"))

    def allowed(self, path="/data/menu"):
        self.assert_allowed(self.goal.run(f"cat '{path}'"))

    def refused(self, code, *words, **fields):
        got, details = Stream(self.client, 20, **fields).end()
        self.assertEqual(got, code, details)
        for word in words:
            self.assertIn(word, details)

    def wait_until(self, condition, what):
        return sandbox.wait_until(condition, 20, what)
