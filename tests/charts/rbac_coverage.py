#!/usr/bin/env python3
"""Compares what the operator asked of an API server with what its roles allow.

usage: rbac_coverage.py AUDIT_LOG RENDERED_CHART [USER]

AUDIT_LOG is an audit log of kube-apiserver (JSON lines of audit.k8s.io/v1 Event), RENDERED_CHART the chart's manifests.
Prints what was asked without being allowed and fails; then, as a remark, what is allowed and was never asked.
"""

import json
import sys

import yaml

from rendering import Renderer


def read_requests(lines, user=None):
    """The requests for resources in an audit log, once each, as (verb, group, resource, name)."""
    found = set()
    for line in lines:
        event = json.loads(line)
        reference = event.get("objectRef")
        if not reference or (user is not None and event.get("user", {}).get("username") != user):
            continue
        if "resource" not in reference:
            continue
        resource = reference["resource"]
        if reference.get("subresource"):
            resource += "/" + reference["subresource"]
        found.add((event["verb"], reference.get("apiGroup", ""), resource, reference.get("name", "")))
    return found


def role_rules(manifests, names=None):
    """The rules of all Roles and ClusterRoles among `manifests`, of those called `names` when given."""
    found = []
    for manifest in manifests:
        if manifest and manifest["kind"] in ("Role", "ClusterRole"):
            if names is None or manifest["metadata"]["name"] in names:
                found += manifest["rules"]
    return found


def bound_rules(manifests):
    """The rules of the roles that some RoleBinding or ClusterRoleBinding among `manifests` grants."""
    bound = {m["roleRef"]["name"] for m in manifests if m and m["kind"] in ("RoleBinding", "ClusterRoleBinding")}
    return role_rules(manifests, bound)


def allows(rule, request):
    verb, group, resource, name = request
    return (
        verb in rule["verbs"]
        and group in rule["apiGroups"]
        and resource in rule["resources"]
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
    )


def chart_rules(values=None):
    """What the chart grants to the operator."""
    renderer = Renderer()
    try:
        return bound_rules(renderer.manifests(values))
    finally:
        renderer.close()


def missing_verbs(requests_log, rules=None, user=None):
    """What was asked in `requests_log` (lines of an audit log) that no rule allows: a sentence each, sorted.

    `rules` are those that the chart grants to the operator when absent; with `user`, only its requests count.
    """
    if rules is None:
        rules = chart_rules()
    return sorted(
        f"{verb} {resource}{'.' + group if group else ''}{' ' + name if name else ''} is not allowed"
        for verb, group, resource, name in read_requests(requests_log, user)
        if not any(allows(rule, (verb, group, resource, name)) for rule in rules)
    )


def missing_grants(wanted_rules, rules):
    """What a role with `wanted_rules` would grant that `rules` do not hold: such a role cannot be created."""
    return sorted(
        f"{verb} {resource}{'.' + group if group else ''} cannot be granted"
        for wanted in wanted_rules
        for group in wanted["apiGroups"]
        for resource in wanted["resources"]
        for verb in wanted["verbs"]
        if not any(allows(rule, (verb, group, resource, "")) for rule in rules)
    )


def unused_verbs(requests_log, rules, user=None):
    """What the rules allow and nobody asked for in `requests_log`."""
    requests = read_requests(requests_log, user)
    return sorted(
        f"{verb} {resource}{'.' + group if group else ''} was never asked for"
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if not any(request[:3] == (verb, group, resource) for request in requests)
    )


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[0], encoding="utf-8") as log, open(arguments[1], encoding="utf-8") as chart:
        lines = log.readlines()
        rules = bound_rules(list(yaml.safe_load_all(chart)))
    user = arguments[2] if len(arguments) == 3 else None
    missing = missing_verbs(lines, rules, user)
    print("\n".join(missing + ["remark: " + text for text in unused_verbs(lines, rules, user)]))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
