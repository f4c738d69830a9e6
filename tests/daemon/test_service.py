# SPDX-License-Identifier: MIT
"""Health, reflection, unknown methods, deadlines and cancelled calls."""

from case import Case, main
from rpc import SERVICE, descriptor_pb2

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3


class Health(Case):
    def test_check(self):
        for service in ("", "janus.Janusd"):
            answer = self.assert_ok(self.client.check(service))
            self.assertEqual(answer.message.status, SERVING)

    def test_check_of_an_unknown_service(self):
        self.assert_code(self.client.check("nobody.Knows"), "NOT_FOUND")

    def test_watch_tells_the_end(self):
        stream = self.client.watch()
        self.assertEqual(next(stream).status, SERVING)
        self.janusd.terminate()
        self.assertEqual(next(stream).status, NOT_SERVING)
        self.assertEqual(self.janusd.wait_exit(), 0)

    def test_watch_of_an_unknown_service_goes_on(self):
        stream = self.client.watch("nobody.Knows")
        self.assertEqual(next(stream).status, SERVICE_UNKNOWN)
        self.assertTrue(stream.is_active())
        stream.cancel()

    def test_many_watchers_at_once_all_hear_it(self):
        streams = [self.client.watch() for _ in range(40)]
        self.assertEqual({next(stream).status for stream in streams}, {SERVING})
        self.janusd.terminate()
        self.assertEqual({next(stream).status for stream in streams}, {NOT_SERVING})
        self.assertEqual(self.janusd.wait_exit(), 0)


class Reflection(Case):
    def ask(self, version, **question):
        request = self.client.protos[f"grpc.reflection.{version}.ServerReflectionRequest"]
        reply = self.client.protos[f"grpc.reflection.{version}.ServerReflectionResponse"]
        method = f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo"
        stub = self.client.channel.stream_stream(
            method, request_serializer=request.SerializeToString,
            response_deserializer=reply.FromString)
        return next(stub(iter([request(**question)]), timeout=10))

    def versions(self):
        for version in ("v1alpha", "v1"):
            with self.subTest(version=version):
                yield version

    def test_services(self):
        for version in self.versions():
            answer = self.ask(version, list_services="")
            names = {one.name for one in answer.list_services_response.service}
            self.assertLessEqual({"janus.Janusd", "grpc.health.v1.Health"}, names)

    def test_file_containing_symbol(self):
        for version in self.versions():
            for symbol in ("janus.Janusd", "janus.Janusd.CreateGuard", "janus.JanusdConfig",
                           "janus.JanusGuardSubject.TagsEntry"):
                answer = self.ask(version, file_containing_symbol=symbol)
                files = [descriptor_pb2.FileDescriptorProto.FromString(raw) for raw in
                         answer.file_descriptor_response.file_descriptor_proto]
                ours = [file for file in files if file.package == "janus"]
                self.assertEqual(len(ours), 1, (symbol, answer))
                methods = [method.name for method in ours[0].service[0].method]
                self.assertEqual(methods, ["CreateGuard", "DestroyGuard", "GetGuardState"])

    def test_file_by_name(self):
        for version in self.versions():
            found = self.ask(version, file_containing_symbol="grpc.health.v1.Health")
            raw = found.file_descriptor_response.file_descriptor_proto[0]
            name = descriptor_pb2.FileDescriptorProto.FromString(raw).name
            answer = self.ask(version, file_by_filename=name)
            self.assertIn(raw, answer.file_descriptor_response.file_descriptor_proto)

    def test_what_is_not_there(self):
        for version in self.versions():
            for question in ({"file_containing_symbol": "janus.Nothing"},
                             {"file_by_filename": "../../etc/passwd"}):
                answer = self.ask(version, **question)
                self.assertEqual(answer.error_response.error_code, 5, answer)

    def test_one_stream_answers_in_order(self):
        name = "grpc.reflection.v1alpha.ServerReflection"
        request = self.client.protos[name + "Request"]
        reply = self.client.protos[name + "Response"]
        stub = self.client.channel.stream_stream(
            "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
            request_serializer=request.SerializeToString,
            response_deserializer=reply.FromString)
        questions = [request(host=str(index), list_services="") for index in range(50)]
        answers = list(stub(iter(questions), timeout=20))
        self.assertEqual([one.original_request.host for one in answers],
                         [str(index) for index in range(50)])


class Calls(Case):
    def test_unknown_methods(self):
        for method in ("/janus.Janusd/Nothing", "/nobody.Knows/It", "/", "/janus.Janusd/"):
            with self.subTest(method=method):
                self.assert_code(self.client.call(method, b""), "UNIMPLEMENTED")
        self.assert_ok(self.client.check())

    def test_unknown_methods_do_not_wear_out(self):
        for _ in range(300):
            self.assert_code(self.client.call("/nobody.Knows/It", b"x"), "UNIMPLEMENTED")
        self.assert_ok(self.client.check())

    def test_a_stream_ends_at_its_deadline(self):
        stream = self.client.watch(timeout=0.2)
        self.assertEqual(next(stream).status, SERVING)
        with self.assertRaises(Exception) as caught:
            next(stream)
        self.assertEqual(caught.exception.code().name, "DEADLINE_EXCEEDED")
        self.assert_ok(self.client.check())

    def test_a_call_that_is_not_answered_ends_at_its_deadline(self):
        self.assert_ok(self.client.check())
        self.janusd.pause()
        try:
            late = self.client.check(timeout=0.2)
        finally:
            self.janusd.resume()
        self.assert_code(late, "DEADLINE_EXCEEDED")
        self.assert_ok(self.client.check())

    def test_a_guard_whose_caller_gave_up_is_whole_or_not_there(self):
        target = self.target({"/data/recipe": "salt\n"})
        request = self.client.guard("kitchen", pid=[target.pid], deny=["/data/recipe"])
        self.assert_ok(self.client.check())
        self.janusd.pause()
        try:
            late = self.client.create(request, timeout=0.2)
        finally:
            self.janusd.resume()
        self.assert_code(late, "DEADLINE_EXCEEDED")
        self.assert_ok(self.client.create(request))
        self.assertEqual(self.client.pods(), ["kitchen"])
        self.assert_denied(target.run("cat /data/recipe"))
        self.assert_ok(self.client.destroy(
            self.client.config(nodeName="node-1", podName="kitchen")))
        self.assertEqual(self.client.pods(), [])
        self.assert_allowed(target.run("cat /data/recipe"), "salt")

    def test_cancelled_streams_leave_room_for_others(self):
        for _ in range(300):  # more than may be open at once
            stream = self.client.watch()
            self.assertEqual(next(stream).status, SERVING)
            stream.cancel()
        self.assert_ok(self.client.check())

    def test_cancelled_calls(self):
        target = self.target({"/data/recipe": "salt\n"})
        request = self.client.guard("kitchen", pid=[target.pid], deny=["/data/recipe"])
        stub = self.client.channel.unary_unary(SERVICE + "CreateGuard")
        for _ in range(100):
            stub.future(request.SerializeToString(), timeout=10).cancel()
        self.assert_ok(self.client.create(request))
        self.assertEqual(self.client.pods(), ["kitchen"])

    def test_a_state_stream_that_is_left_half_read(self):
        target = self.target({"/data/recipe": "salt\n"})
        for index in range(50):
            self.create(f"pod-{index}", pid=[target.pid], deny=["/data/recipe"])
        for _ in range(150):
            stream = self.client.stream(
                SERVICE + "GetGuardState", self.client.protos["janus.Empty"](),
                self.client.protos["janus.JanusdHandle"])
            next(stream)
            stream.cancel()
        self.assertEqual(len(self.client.state()), 50)


if __name__ == "__main__":
    main()
