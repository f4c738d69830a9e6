// SPDX-License-Identifier: MIT
//
// Every rpc of janusd from Node, with deadline, cancel and mTLS. Prints one line for each step
// and exits with 0 only if all went as it should. test_node.py prepares what it needs:
//
//   PROTO      folder of the .proto files      ADDRESS      a plaintext address
//   PID        a process whose root holds /data/menu and /data/recipe
//   TLS        an mTLS address, and the files CA, CERT, KEY, FOREIGN_CERT, FOREIGN_KEY
"use strict";

const assert = require("node:assert");
const fs = require("node:fs");
const path = require("node:path");
const grpc = require("@grpc/grpc-js");
const loader = require("@grpc/proto-loader");

const env = process.env;
const options = { keepCase: true, longs: Number, enums: String, defaults: true };

function load(...names) {
	const files = names.map((name) => path.join(env.PROTO, name));
	return grpc.loadPackageDefinition(
		loader.loadSync(files, { ...options, includeDirs: [env.PROTO] }));
}

const { Janusd } = load("janus.proto").janus;
const { GuardService } = load("janus/v1/guard_service.proto").janus.v1;
const { Health } = load("grpc/health/v1/health.proto").grpc.health.v1;
const { ServerReflection } =
	load("grpc/reflection/v1alpha/reflection.proto").grpc.reflection.v1alpha;

function within(milliseconds) {
	return { deadline: Date.now() + milliseconds };
}

// { reply, trailing }, or the error as the rejection.
function call(client, method, request, callOptions = within(10000)) {
	return new Promise((resolve, reject) => {
		const result = {};
		const under = client[method](request, callOptions, (error, reply) => {
			if (error) {
				reject(error);
				return;
			}
			result.reply = reply;
		});
		under.on("status", (status) => {
			result.trailing = status.metadata.getMap();
			if (status.code === grpc.status.OK) {
				resolve(result);
			}
		});
	});
}

function collect(stream) {
	return new Promise((resolve, reject) => {
		const all = [];
		stream.on("data", (one) => all.push(one));
		stream.on("error", reject);
		stream.on("end", () => resolve(all));
	});
}

function first(stream) {
	return new Promise((resolve, reject) => {
		stream.once("data", resolve);
		stream.once("error", reject);
	});
}

function failure(stream) {
	return new Promise((resolve) => stream.once("error", resolve));
}

async function refused(promise, code) {
	await assert.rejects(promise, (error) => {
		assert.strictEqual(error.code, grpc.status[code], error.message);
		return true;
	});
}

function guard(pod, subject) {
	return { name: "guard", nodeName: "node-1", podName: pod, pid: [Number(env.PID)],
		subject: [{ event: ["open"], ...subject }] };
}

function pem(name) {
	return fs.readFileSync(env[name]);
}

const insecure = grpc.credentials.createInsecure();
const janusd = new Janusd(env.ADDRESS, insecure);
const events = new GuardService(env.ADDRESS, insecure);
const health = new Health(env.ADDRESS, insecure);
const reflection = new ServerReflection(env.ADDRESS, insecure);

const steps = {
	async "CreateGuard returns a handle"() {
		const { reply, trailing } = await call(janusd, "CreateGuard", guard("node-pod", {
			allow: ["/data/menu"], deny: ["/data/recipe"], tags: { from: "node" } }));
		assert.strictEqual(reply.nodeName, "node-1");
		assert.strictEqual(reply.podName, "node-pod");
		assert.deepStrictEqual(reply.pid, [Number(env.PID)]);
		assert.strictEqual(trailing["janus-skipped"], undefined);
	},
	async "CreateGuard tells what was skipped"() {
		const { trailing } = await call(janusd, "CreateGuard", guard("partial", {
			deny: ["/data/recipe", "/data/missing"] }));
		assert.strictEqual(trailing["janus-skipped"], "1");
		assert.match(trailing["janus-skipped-first"], /\/data\/missing/);
	},
	async "CreateGuard names field and value when it refuses"() {
		await assert.rejects(call(janusd, "CreateGuard", guard("bad", {
			deny: ["/data/recipe"], event: ["never"] })), (error) => {
			assert.strictEqual(error.code, grpc.status.INVALID_ARGUMENT);
			assert.match(error.details, /subject\[0\]\.event\[0\].*'never'/);
			return true;
		});
	},
	async "GetGuardState streams the handles"() {
		const handles = await collect(janusd.GetGuardState({}, within(10000)));
		assert.deepStrictEqual(handles.map((one) => one.podName).sort(),
			["node-pod", "partial"]);
	},
	async "DestroyGuard ends one"() {
		const { reply } = await call(janusd, "DestroyGuard",
			{ nodeName: "node-1", podName: "partial" });
		assert.deepStrictEqual(reply, {});
		const handles = await collect(janusd.GetGuardState({}, within(10000)));
		assert.deepStrictEqual(handles.map((one) => one.podName), ["node-pod"]);
	},
	async "Check and Watch say that it serves"() {
		assert.strictEqual((await call(health, "Check", {})).reply.status, "SERVING");
		const stream = health.Watch({}, within(10000));
		assert.strictEqual((await first(stream)).status, "SERVING");
		const ended = failure(stream);
		stream.cancel();
		assert.strictEqual((await ended).code, grpc.status.CANCELLED);
	},
	async "reflection lists the services"() {
		const stream = reflection.ServerReflectionInfo(within(10000));
		stream.write({ list_services: "" });
		const answer = await first(stream);
		stream.end();
		const names = answer.list_services_response.service.map((one) => one.name);
		assert.ok(names.includes("janus.Janusd"), names.join());
	},
	async "a deadline ends a stream"() {
		const stream = health.Watch({}, within(300));
		assert.strictEqual((await first(stream)).status, "SERVING");
		assert.strictEqual((await failure(stream)).code, grpc.status.DEADLINE_EXCEEDED);
	},
	async "a deadline that is over ends a call"() {
		const late = guard("late", { deny: ["/data/recipe"] });
		await refused(call(janusd, "CreateGuard", late, within(-1)), "DEADLINE_EXCEEDED");
	},
	async "what guards record is streamed"() {
		const stream = events.StreamEvents({ verdicts: ["VERDICT_DENY"],
			path_glob: "/**/recipe" }, within(10000));
		const ended = failure(stream);
		const told = [];
		stream.on("data", (one) => told.push(...one.events));
		await first(stream); // it has begun
		assert.throws(() => fs.openSync(`/proc/${env.PID}/root/data/recipe`),
			{ code: "EPERM" });
		while (!told.length) {
			await first(stream);
		}
		assert.strictEqual(told[0].path, "/data/recipe");
		assert.strictEqual(told[0].verdict, "VERDICT_DENY");
		assert.strictEqual(told[0].kind, "EVENT_KIND_OPEN");
		stream.cancel();
		assert.strictEqual((await ended).code, grpc.status.CANCELLED);
	},
	async "a cancelled call ends at once and leaves the rest alone"() {
		const under = janusd.GetGuardState({}, within(10000));
		const ended = failure(under);
		under.cancel();
		assert.strictEqual((await ended).code, grpc.status.CANCELLED);
		assert.strictEqual((await call(health, "Check", {})).reply.status, "SERVING");
	},
	async "an unknown method is UNIMPLEMENTED"() {
		const plain = (value) => Buffer.from(value);
		const nothing = Buffer.alloc(0);
		const answer = new Promise((resolve, reject) => {
			const settle = (error, reply) => (error ? reject(error) : resolve(reply));

			janusd.makeUnaryRequest("/janus.Janusd/Nothing", plain, plain, nothing,
				settle);
		});
		await refused(answer, "UNIMPLEMENTED");
	},
	async "mTLS with the right certificate"() {
		const client = new Health(env.TLS,
			grpc.credentials.createSsl(pem("CA"), pem("KEY"), pem("CERT")));
		assert.strictEqual((await call(client, "Check", {})).reply.status, "SERVING");
		client.close();
	},
	async "mTLS without a certificate"() {
		const client = new Health(env.TLS, grpc.credentials.createSsl(pem("CA")));
		await refused(call(client, "Check", {}), "UNAVAILABLE");
		client.close();
	},
	async "mTLS with a foreign certificate"() {
		const client = new Health(env.TLS, grpc.credentials.createSsl(
			pem("CA"), pem("FOREIGN_KEY"), pem("FOREIGN_CERT")));
		await refused(call(client, "Check", {}), "UNAVAILABLE");
		client.close();
	},
};

async function main() {
	for (const [name, step] of Object.entries(steps)) {
		await step();
		console.log(`ok ${name}`);
	}
	console.log(`all ${Object.keys(steps).length} steps`);
	for (const client of [janusd, events, health, reflection]) {
		client.close();
	}
}

main().catch((error) => {
	console.error(error);
	process.exit(1);
});
