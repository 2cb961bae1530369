"""Evaluates the x-kubernetes-validations of this project's resource definitions without an API server.

Servers before 1.25 ignore these rules, and no newer one can be had from Debian, so the chart's tests evaluate them
here: defaults are applied as an API server does, then each rule is translated from the part of CEL that the rules use
(has, all, ==, !=, >, &&, ||, !, member and index access) into Python. A rule that uses more raises ValueError, so that
no rule can seem to be checked when it is not.
"""

import copy
import re

_TOKEN = re.compile(r"'[^']*'|[A-Za-z_][A-Za-z_0-9]*|\d+|==|!=|>=|<=|&&|\|\||[!><()\[\].,]|\s+")
_WORDS = {"&&": " and ", "||": " or ", "!": " not "}


class _Node:
    """A JSON object whose members are attributes, as in CEL."""

    def __init__(self, members):
        self._members = members

    def __getattr__(self, name):
        if name not in self._members:
            raise KeyError(f"no such key: {name}")  # CEL: the rule fails.
        return _wrap(self._members[name])


def _wrap(value):
    if isinstance(value, dict):
        return _Node(value)
    if isinstance(value, list):
        return [_wrap(item) for item in value]
    return value


def _present(read):
    try:
        read()
        return True
    except KeyError:
        return False


def translate(rule):
    """The Python expression that says what the CEL expression `rule` says."""
    tokens = _TOKEN.findall(rule)
    if "".join(tokens) != rule:
        raise ValueError(f"rule uses CEL beyond the known part: {rule}")
    text = "".join(_WORDS.get(token, token) for token in tokens)
    text = re.sub(r"\bhas\(([A-Za-z_.]+)\)", r"present(lambda: \1)", text)
    text = re.sub(r"([A-Za-z_.]+)\.all\((\w+), ([^()]+)\)", r"all([\3 for \2 in \1])", text)
    for call in re.findall(r"\b(\w+)\(", text):
        if call not in ("present", "all", "or", "and", "not"):
            raise ValueError(f"rule calls {call}, which is beyond the known part of CEL: {rule}")
    return text.strip()


def holds(rule, value, old=None):
    """Whether `rule` holds for `value`; a rule that reads what is absent does not hold, as in CEL."""
    names = {"__builtins__": {}, "self": _wrap(value), "oldSelf": _wrap(old), "present": _present, "all": all}
    try:
        return bool(eval(translate(rule), names))  # The rules are this repository's own.
    except (KeyError, IndexError):
        return False


def with_defaults(schema, value):
    """`value` as an API server stores it: defaults filled in, from the outside in."""
    value = copy.deepcopy(value)
    _fill(schema, value)
    return value


def _fill(schema, value):
    if isinstance(value, dict):
        for name, member in schema.get("properties", {}).items():
            if name not in value and "default" in member:
                value[name] = copy.deepcopy(member["default"])
            if name in value:
                _fill(member, value[name])
    elif isinstance(value, list):
        for item in value:
            _fill(schema.get("items", {}), item)


def broken_rules(schema, value, old=None):
    """The messages of all rules that `value` breaks; transition rules run only for an update, from `old`."""
    found = []
    for validation in schema.get("x-kubernetes-validations", []):
        transition = "oldSelf" in validation["rule"]
        if (not transition or old is not None) and not holds(validation["rule"], value, old):
            found.append(validation["message"])
    if isinstance(value, dict):
        for name, member in schema.get("properties", {}).items():
            if name in value:
                below = old.get(name) if isinstance(old, dict) else None
                found += broken_rules(member, value[name], below)
    elif isinstance(value, list):
        for item in value:
            found += broken_rules(schema.get("items", {}), item)
    return found


def all_rules(schema):
    """Every rule below `schema`."""
    found = [validation["rule"] for validation in schema.get("x-kubernetes-validations", [])]
    for member in schema.get("properties", {}).values():
        found += all_rules(member)
    if "items" in schema:
        found += all_rules(schema["items"])
    return found
