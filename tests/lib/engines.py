# SPDX-License-Identifier: MIT
"""The runtimes that people have: docker, containerd, podman (also without rights), crun.

Owns: their daemons, with all their state in the sandbox or on a /run that only this test sees,
and the containers that they run. Each engine's run() gives a container with the face that the
tests need: id, uri (as Kubernetes would send it), pid, exec(), host_write() and kill().
"""

import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import tarfile
import uuid

import rpc
import sandbox
import tree
from shell import Result
from user import User

IMAGE = "localhost/janus-test:latest"
# What the first process of each container is: it waits, and can be killed.
COMMAND = ["/bin/sh", "-c", "while :; do sleep 1; done"]


def require(*programs):
    for program in programs:
        if not shutil.which(program):
            sandbox.skip(f"needs {program}")


def private_run():
    """A /run of the test's own: whatever a runtime keeps there ends with the test."""
    if not os.path.exists("/run/janus-test-run"):
        sandbox.mount("janus-run", "/run", "tmpfs", "mode=755")
        with open("/run/janus-test-run", "w", encoding="ascii"):
            pass


def cover_unified():
    """crun refuses hosts with both versions of cgroups: the second one is out of its sight."""
    if os.path.isdir("/sys/fs/cgroup/unified"):
        sandbox.mount("janus-cover", "/sys/fs/cgroup/unified", "tmpfs")


def add_bytes(archive, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def image_archive(box):
    """An image in the form of docker save, which all of them can load."""
    path = os.path.join(box.path, "image.tar")
    if os.path.exists(path):
        return path
    root = tree.fill(box.folder("image"))
    tree.write(root, "/data/recipe", "salt\n")
    tree.write(root, "/data/menu", "soup\n")
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.add(root, arcname=".")
    layer = layer.getvalue()
    config = json.dumps({
        "architecture": "amd64", "os": "linux",
        "config": {"Cmd": COMMAND, "Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(layer)]},
    }).encode()
    name = sha256(config) + ".json"
    manifest = [{"Config": name, "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]
    with tarfile.open(path, "w") as archive:
        add_bytes(archive, name, config)
        add_bytes(archive, "layer.tar", layer)
        add_bytes(archive, "manifest.json", json.dumps(manifest).encode())
    return path


class Failed(AssertionError):
    pass


def call(*words, timeout=120.0, **options):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, errors="replace",
                          timeout=timeout, check=False, **options)
    if done.returncode:
        raise Failed(f"{' '.join(words)}: {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout.strip()


def attempt(*words, timeout=60.0):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace",
                          timeout=timeout, check=False)
    return Result(done.returncode, done.stdout.strip("\n"))


class Daemon:
    """A process that others talk to by its socket. What it says goes to a file."""

    def __init__(self, box, name, words, socket):
        self.log = os.path.join(box.path, name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        box.adopt(self.process.pid)
        try:
            sandbox.wait_until(lambda: os.path.exists(socket), 60, f"{name} to listen")
        except sandbox.Timeout as error:
            with open(self.log, encoding="utf-8", errors="replace") as log:
                raise Failed(f"{error}: {log.read()[-4000:]}") from error

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Container:
    def __init__(self, engine, cid, pid):
        self.engine, self.id, self.pid = engine, cid, pid
        self.uri = engine.scheme + cid

    def exec(self, *words):
        return self.engine.exec(self.id, *words)

    def cat(self, path):
        return self.exec("/bin/cat", path)

    def pid_inside(self):
        """As the first process knows itself."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            return next(line.split()[-1] for line in status if line.startswith("NSpid:"))

    def kill(self):
        self.engine.kill(self.id)


class Docker:
    name, scheme, runtime = "docker", "docker://", "docker"
    programs = ("dockerd", "docker", "containerd", "runc")

    def __init__(self, box):
        private_run()
        self.socket = os.path.join(box.path, "docker.sock")
        self.daemon = Daemon(box, "dockerd", [
            "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none",
            "--storage-driver", "overlay2", "--exec-opt", "native.cgroupdriver=cgroupfs",
            "--data-root", box.folder("docker"), "--exec-root", "/run/docker",
            "--pidfile", "/run/docker.pid", "--host", "unix://" + self.socket], self.socket)
        self.docker("load", "--input", image_archive(box))

    def docker(self, *words):
        return call("docker", "--host", "unix://" + self.socket, *words)

    def run(self, name):
        cid = self.docker("run", "--detach", "--network", "none", "--name", name, IMAGE)
        return Container(self, cid, int(self.docker("inspect", "--format", "{{.State.Pid}}",
                                                    cid)))

    def exec(self, cid, *words):
        return attempt("docker", "--host", "unix://" + self.socket, "exec", cid, *words)

    def kill(self, cid):
        self.docker("kill", cid)

    def close(self):
        attempt("sh", "-c", f"docker --host unix://{self.socket} ps -aq | "
                f"xargs -r docker --host unix://{self.socket} rm -f")
        self.daemon.close()


CONTAINERD_CONFIG = """version = 2
root = "{root}"
state = "/run/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "{socket}"
"""


class Containerd:
    name, scheme, runtime = "containerd", "containerd://", "containerd"
    programs = ("containerd", "ctr", "runc")
    namespace = "k8s.io"

    def __init__(self, box):
        private_run()
        self.box, self.count = box, 0
        self.socket = os.path.join(box.path, "containerd.sock")
        config = os.path.join(box.path, "containerd.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(self.config(box))
        self.daemon = Daemon(box, "containerd", ["containerd", "--config", config],
                             self.socket)
        self.ctr("images", "import", image_archive(box))

    def config(self, box):
        return CONTAINERD_CONFIG.format(root=box.folder("containerd"), socket=self.socket)

    def words(self, *words):
        return ("ctr", "--address", self.socket, "--namespace", self.namespace, *words)

    def ctr(self, *words):
        return call(*self.words(*words))

    def run(self, name, cgroup=None):
        cid = uuid.uuid4().hex + uuid.uuid4().hex
        options = ["--cgroup", cgroup.format(cid)] if cgroup else []
        self.ctr("run", "--detach", *options, IMAGE, cid, *COMMAND)
        for line in self.ctr("tasks", "list").splitlines():
            if line.startswith(cid):
                return Container(self, cid, int(line.split()[1]))
        raise Failed(f"{cid} ({name}) has no task")

    def exec(self, cid, *words):
        self.count += 1
        return attempt(*self.words("tasks", "exec", "--exec-id", f"e{self.count}", cid,
                                   *words))

    def kill(self, cid):
        self.ctr("tasks", "kill", "--signal", "SIGKILL", cid)

    def close(self):
        listed = attempt(*self.words("tasks", "list", "--quiet")).output.split()
        for cid in listed:
            attempt(*self.words("tasks", "kill", "--signal", "SIGKILL", cid))
            attempt(*self.words("tasks", "delete", "--force", cid))
            attempt(*self.words("containers", "delete", cid))
        self.daemon.close()


CRI_CONFIG = """
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{cni}"
"""

# enum NamespaceMode
POD, CONTAINER, NODE, TARGET = 0, 1, 2, 3


class Cri(Containerd):
    """containerd as the kubelet drives it: by gRPC, in pods."""

    def __init__(self, box, share_pids=False, host_pids=False):
        self.pids = POD if share_pids else NODE if host_pids else CONTAINER
        self.pods, self.parents = [], []
        self.messages = rpc.load_file(box, os.path.join(os.path.dirname(__file__),
                                                        "cri.proto"))
        super().__init__(box)
        self.channel = rpc.channel("unix:" + self.socket)

    def config(self, box):
        return super().config(box).replace('"io.containerd.grpc.v1.cri", ', "") + \
            CRI_CONFIG.format(image=IMAGE, cni=box.folder("cni"))

    def call(self, method, **fields):
        request = self.messages["runtime.v1." + method + "Request"](**fields)
        answer = self.messages["runtime.v1." + method + "Response"]
        service = "/runtime.v1.RuntimeService/"
        stub = self.channel.unary_unary(service + method,
                                        response_deserializer=answer.FromString)
        return stub(request.SerializeToString(), timeout=60)

    def namespaces(self, target=None):
        pids = {"pid": TARGET, "target_id": target.id} if target else {"pid": self.pids}
        return {"namespace_options": {"network": NODE, **pids}}

    def pod(self, name):
        uid = uuid.uuid4().hex
        config = {
            "metadata": {"name": name, "uid": uid, "namespace": "default"},
            "log_directory": self.box.folder("pods", uid),
            "linux": {"cgroup_parent": "/kubepods/besteffort/pod" + uid,
                      "security_context": self.namespaces()},
        }
        pod = self.call("RunPodSandbox", config=config).pod_sandbox_id
        self.pods.append(pod)
        self.parents.append("pod" + uid)
        return pod, config

    def run_in(self, pod, config, name, target=None):
        """With a target: among that container's processes, as kubectl debug would do it."""
        cid = self.call("CreateContainer", pod_sandbox_id=pod, sandbox_config=config, config={
            "metadata": {"name": name}, "image": {"image": IMAGE}, "command": COMMAND,
            "linux": {"security_context": self.namespaces(target)}}).container_id
        self.call("StartContainer", container_id=cid)
        info = self.call("ContainerStatus", container_id=cid, verbose=True).info["info"]
        return Container(self, cid, json.loads(info)["pid"])

    def run(self, name):
        return self.run_in(*self.pod(name), name)

    def exec(self, cid, *words):
        done = self.call("ExecSync", container_id=cid, cmd=words, timeout=30)
        return Result(done.exit_code, (done.stdout + done.stderr).decode().strip("\n"))

    def kill(self, cid):
        self.call("StopContainer", container_id=cid, timeout=0)

    def close(self):
        for pod in self.pods:
            try:
                self.call("StopPodSandbox", pod_sandbox_id=pod)
                self.call("RemovePodSandbox", pod_sandbox_id=pod)
            except rpc.grpc.RpcError as error:
                print("pod", pod, error.details())
        self.channel.close()
        super().close()
        # The kubelet makes a pod's cgroup, and takes it away.
        for name in self.parents:
            for folder in sandbox.cgroups_named(name):
                sandbox.remove_cgroup(folder)


class Podman:
    name, scheme, runtime = "podman", "podman://", "podman"
    programs = ("podman", "conmon", "runc", "crun")

    def __init__(self, box, runtime="runc"):
        private_run()
        if runtime == "crun":
            cover_unified()
        self.box, self.oci = box, runtime
        self.podman("load", "--input", image_archive(box))

    def words(self, *words):
        return ("podman", "--root", self.box.folder("podman"), "--runroot",
                "/run/podman-test", "--runtime", self.oci, "--cgroup-manager=cgroupfs",
                "--events-backend=file", "--tmpdir", "/run/podman-tmp", *words)

    def podman(self, *words):
        return call(*self.words(*words))

    def run(self, name):
        cid = self.podman("run", "--detach", "--network", "none", "--ulimit",
                          "nofile=1024:1024", "--ulimit", "nproc=1024:1024", "--name", name,
                          IMAGE)
        return Container(self, cid, int(self.podman("inspect", "--format",
                                                    "{{.State.Pid}}", cid)))

    def exec(self, cid, *words):
        return attempt(*self.words("exec", cid, *words))

    def kill(self, cid):
        self.podman("kill", cid)

    def close(self):
        attempt(*self.words("rm", "--all", "--force", "--time", "0"))


class RootlessPodman(Podman):
    """As people run it who have no rights: no cgroup names the container."""

    programs = ("podman", "conmon", "runc", "crun", "newuidmap", "setpriv")

    def __init__(self, box, runtime="crun", storage="overlay"):
        private_run()
        # It says which OCI runtime holds its state.
        self.runtime, self.storage = runtime, storage
        self.user = User(box)
        super().__init__(box, runtime)
        # What keeps the user's namespaces; nobody else ends it.
        with open(self.user.runtime + "/libpod/tmp/pause.pid", encoding="ascii") as file:
            self.pause = int(file.read())
        box.adopt(self.pause)

    def words(self, *words):
        return self.user.words("podman", "--storage-driver", self.storage, "--runtime",
                               self.oci, "--cgroup-manager=cgroupfs",
                               "--events-backend=file", *words)

    def close(self):
        super().close()
        os.kill(self.pause, signal.SIGTERM)
        sandbox.wait_until(lambda: sandbox.state(self.pause) in (None, "Z"), 10,
                           "podman's pause process to end")


class Crun:
    """By itself, with a cgroup, or with none of its own: then only its state names it."""

    name, scheme, runtime = "crun", "cri-o://", "crun"
    programs = ("crun", "runc")

    def __init__(self, box, manager="disabled"):
        private_run()
        cover_unified()
        self.box, self.manager = box, manager

    def words(self, *words):
        return ("crun", f"--cgroup-manager={self.manager}", *words)

    def run(self, name):
        cid = uuid.uuid4().hex + uuid.uuid4().hex
        bundle = self.box.folder(name + cid)
        root = tree.fill(self.box.folder(name + cid, "rootfs"))
        tree.write(root, "/data/recipe", "salt\n")
        tree.write(root, "/data/menu", "soup\n")
        call("crun", "spec", cwd=bundle)
        path = os.path.join(bundle, "config.json")
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
        config["process"].update(terminal=False, args=COMMAND)
        config["process"]["rlimits"] = []
        config["root"] = {"path": root, "readonly": False}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        pid_file = os.path.join(bundle, "pid")
        # A file, since the container keeps what it is given.
        with open(os.path.join(bundle, "log"), "wb") as log:
            done = subprocess.run(
                self.words("run", "--detach", "--bundle", bundle, "--pid-file", pid_file,
                           cid), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                timeout=60, check=False)
        if done.returncode:
            with open(os.path.join(bundle, "log"), encoding="utf-8") as log:
                raise Failed("crun run: " + log.read())
        with open(pid_file, encoding="ascii") as file:
            return Container(self, cid, int(file.read()))

    def exec(self, cid, *words):
        return attempt(*self.words("exec", cid, *words))

    def kill(self, cid):
        call(*self.words("kill", cid, "KILL"))

    def close(self):
        for cid in os.listdir("/run/crun") if os.path.isdir("/run/crun") else []:
            attempt(*self.words("delete", "--force", cid))
