"""Judges rendered manifests against the restricted pod security standard: prints one problem a line."""

import sys

import yaml


def pods(manifest):
    if manifest["kind"] == "CronJob":
        yield manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def problems(pod):
    shared = pod.get("securityContext", {})
    if pod.get("automountServiceAccountToken", True):
        yield "a token of the cluster is mounted"
    if any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
        yield "a namespace of the host is shared"
    mounted = {mount["name"] for one in pod["containers"] for mount in one.get("volumeMounts", [])}
    volumes = {volume["name"]: set(volume) - {"name"} for volume in pod.get("volumes", [])}
    if mounted != set(volumes):
        yield f"mounted {sorted(mounted)}, there {sorted(volumes)}"
    for name, kinds in volumes.items():
        if len(kinds) != 1 or not kinds <= {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}:
            yield f"volume {name}: {sorted(kinds)}"
    for one in pod["containers"]:
        own = one.get("securityContext", {})
        told = shared | own
        if told.get("runAsNonRoot") is not True or told.get("runAsUser") == 0:
            yield f"{one['name']} may be root"
        if told.get("seccompProfile", {}).get("type") not in ("RuntimeDefault", "Localhost"):
            yield f"{one['name']} has no seccomp profile"
        if own.get("allowPrivilegeEscalation") is not False or own.get("privileged"):
            yield f"{one['name']} may gain privileges"
        if own.get("capabilities", {}).get("drop") != ["ALL"] or own["capabilities"].get("add"):
            yield f"{one['name']} keeps capabilities"
        if own.get("readOnlyRootFilesystem") is not True:
            yield f"{one['name']} may write to its root"
        if "limits" not in one.get("resources", {}):
            yield f"{one['name']} has no limits"


for path in sys.argv[1:]:
    seen = 0
    for manifest in yaml.safe_load_all(open(path, encoding="utf-8")):
        for pod in pods(manifest):
            seen += 1
            for problem in problems(pod):
                print(f"{path}: {problem}")
    if seen == 0:
        print(f"{path}: no pod in it")
