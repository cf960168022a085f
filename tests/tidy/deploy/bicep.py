"""Judges a Bicep file by the vendor's own models: prints one problem a line, nothing where there is none.

Read with a parser of Bicep; names, nesting and closed lists of values are those of the management libraries. Names that
are used and declared nowhere are found in the text. What it does not know: whether an API version exists, and types of
expressions.
"""

import re
import sys
import typing

from azure.mgmt.appcontainers import models as apps
from azure.mgmt.authorization.v2022_04_01 import models as authorization
from azure.mgmt.loganalytics import models as logs
from azure.mgmt.msi import models as identities
from azure.mgmt.storage import models as storage
from pycep import BicepParser

RESOURCES = {
    "Microsoft.App/jobs": (apps, "Job"),
    "Microsoft.App/managedEnvironments": (apps, "ManagedEnvironment"),
    "Microsoft.Authorization/roleAssignments": (authorization, "RoleAssignmentCreateParameters"),
    "Microsoft.ManagedIdentity/userAssignedIdentities": (identities, "Identity"),
    "Microsoft.OperationalInsights/workspaces": (logs, "Workspace"),
    "Microsoft.Storage/storageAccounts": (storage, "StorageAccountCreateParameters"),
    "Microsoft.Storage/storageAccounts/blobServices": (storage, "BlobServiceProperties"),
    "Microsoft.Storage/storageAccounts/blobServices/containers": (storage, "BlobContainer"),
}
# No library of the vendor has it any more: what its page lists, as far as it is used here.
SETTINGS = {"properties": {"workspaceId": None, "logs": {"category": None, "enabled": None}}}
ENVELOPE = {"name", "parent", "scope", "dependsOn"}
ROLES = {"ba92f5b4-2d11-453d-a403-e96b0029c9fe", "7f951dda-4ed3-4680-a7ca-43fe172d538d"}


def fields(module, model):
    """Names as the service knows them, each with the type of its value where it is told."""
    old = getattr(model, "_attribute_map", None)
    if old:
        return {told["key"]: told["type"] for told in old.values()}
    model()
    hints = typing.get_type_hints(model, localns={"_models": module, "_enums": module, "datetime": None})
    return {field._rest_name: hints.get(name) for name, field in model._attr_to_rest_field.items()}


def judge_listed(known, value, place):
    for item in value if isinstance(value, list) else [value]:
        for key, inner in item.items():
            if key not in known:
                yield_problem(f"{place}.{key}: no such property")
            elif known[key] and not is_computed(inner):
                judge_listed(known[key], inner, f"{place}.{key}")


def is_computed(value):
    return isinstance(value, dict) and set(value) & {"function", "operator"}


def models_in(told):
    """The classes that a type names: models and closed lists of values."""
    if isinstance(told, type):
        yield told
    for inner in typing.get_args(told):
        yield from models_in(inner)


def is_map(told):
    return typing.get_origin(told) is dict or any(is_map(inner) for inner in typing.get_args(told))


def judge(module, told, value, place, symbols):
    if value is None or told is None or is_computed(value):
        return
    if isinstance(told, str):  # older libraries: the name of a model, [Model], {str}
        told = getattr(module, told.strip("[]"), None)
        if told is None:
            return
    classes = list(models_in(told))
    models = [one for one in classes if hasattr(one, "as_dict") or hasattr(one, "_attribute_map")]
    lists = [one for one in classes if hasattr(one, "__members__")]
    if isinstance(value, list):
        for number, item in enumerate(value):
            judge(module, told, item, f"{place}[{number}]", symbols)
    elif isinstance(value, dict) and is_map(told):
        for key, inner in value.items():
            judge(module, models[0] if models else None, inner, f"{place}.{key}", symbols)
    elif isinstance(value, dict) and models:
        judge_object(module, models[0], value, place, symbols, set())
    elif isinstance(value, str) and lists and value not in symbols:
        allowed = {member.value for one in lists for member in one}
        if value not in allowed:
            yield_problem(f"{place}: `{value}` is none of {', '.join(sorted(allowed))}")


def judge_object(module, model, value, place, symbols, also):
    known = fields(module, model)
    for key, inner in value.items():
        name = key.strip("'")
        flat = {path.split(".", 1)[1]: told for path, told in known.items() if path.startswith(name + ".")}
        if flat and isinstance(inner, dict):
            for below in inner:
                if below not in flat:
                    yield_problem(f"{place}.{name}.{below}: {model.__name__} has no such property")
        elif name in known:
            judge(module, known[name], inner, f"{place}.{name}", symbols)
        elif name not in also:
            yield_problem(f"{place}.{name}: {model.__name__} has no such property")


problems = []


def yield_problem(text):
    problems.append(text)


def undeclared(text, symbols):
    """Bare names that stand as a value, or inside `${…}`, and are declared nowhere."""
    bare = re.sub(r"//[^\n]*", "", text)
    used = set(re.findall(r"\$\{(\w+)", bare))
    used |= set(re.findall(r"^\s*[\w']+:\s+([A-Za-z_]\w*)(?=[.\s]|$)", bare, re.M))
    used |= set(re.findall(r"^output \w+ \w+ = ([A-Za-z_]\w*)", bare, re.M))
    return sorted(used - symbols - {"true", "false", "null", "az"})


def main(path):
    text = open(path, encoding="utf-8").read()
    tree = BicepParser().parse(text=text)
    symbols = {name for part in ("parameters", "variables", "resources") for name in tree.get(part, {})}
    for name in undeclared(text, symbols):
        # A function call in `${…}` or after a colon is followed by a bracket.
        if not re.search(rf"\b{name}\(", text):
            yield_problem(f"`{name}` is used and declared nowhere")
    for name, resource in tree["resources"].items():
        if resource.get("existing"):
            continue
        kind = resource["type"]
        if kind == "Microsoft.Insights/diagnosticSettings":
            judge_listed({name: None for name in ENVELOPE} | SETTINGS, resource["config"], name)
            continue
        if kind not in RESOURCES:
            yield_problem(f"{name}: no model is known for {kind}")
            continue
        module, model = RESOURCES[kind]
        config = resource["config"]
        config = config.get("config", config) if "condition" in config else config
        judge_object(module, getattr(module, model), config, name, symbols, ENVELOPE | {"location"})
    guids = set(re.findall(r"'([0-9a-f]{8}-[0-9a-f-]{27})'", text))
    for guid in sorted(guids - ROLES):
        yield_problem(f"{guid} is none of the roles that this deployment may give")
    print("\n".join(problems), end="\n" if problems else "")


main(sys.argv[1])
