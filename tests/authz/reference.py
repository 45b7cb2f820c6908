"""A second engine for fully specified requests: slow, plain, and written from AWS's documentation on its own.

It shares no code with `scanner.authz`. It answers the cases of `access simulate` that hold well-formed
documents and nothing that AWS leaves open beyond what `Undetermined` covers.
"""

from __future__ import annotations

import base64
import datetime
import ipaddress
import re
from typing import Any

Case = dict[str, Any]
KEYLESS = {
    "CreateKey", "ListKeys", "ListAliases", "ListRetirableGrants", "GenerateRandom", "CreateCustomKeyStore",
    "ConnectCustomKeyStore", "DescribeCustomKeyStores", "DisconnectCustomKeyStore", "UpdateCustomKeyStore",
    "DeleteCustomKeyStore",
}  # fmt: skip
CROSSING = {
    "CreateGrant", "Decapsulate", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encapsulate", "Encrypt",
    "GenerateDataKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyRotationStatus", "GetPublicKey", "ListGrants",
    "ReEncryptFrom", "ReEncryptTo", "RetireGrant", "RevokeGrant", "Sign", "Verify", "VerifyMac",
}  # fmt: skip
WITH_ENCRYPTION_CONTEXT = {
    "CreateGrant", "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo",
}  # fmt: skip


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def glob(pattern: str, text: str) -> bool:
    reach = {0}
    for char in pattern:
        if char == "*":
            reach = set(range(min(reach), len(text) + 1)) if reach else set()
        else:
            reach = {i + 1 for i in reach if i < len(text) and char in ("?", text[i])}
    return len(text) in reach


# --- who --------------------------------------------------------------------------------------------


def chain(case: Case) -> dict[str, str]:
    """What the caller can be listed as: itself, its role, its account."""
    arn = case["principal"]
    found = {"self": arn}
    if arn.startswith("arn:"):
        found["account"] = arn.split(":")[4]
        if ":assumed-role/" in arn:
            found["role"] = arn.split("/")[1]
        if ":federated-user/" in arn:
            found["user"] = arn.split("/", 1)[1]
    return found


def is_account(text: str, account: str | None) -> bool:
    return account is not None and (text == account or (text.endswith(":root") and text.split(":")[4] == account))


def is_role(text: str, who: dict[str, str]) -> bool:
    named = re.fullmatch(r"arn:aws:iam::(\d{12}):role/(?:.*/)?([^/]+)", text)
    return named is not None and "role" in who and (named.group(1), named.group(2)) == (who["account"], who["role"])


def is_user(text: str, who: dict[str, str]) -> bool:
    named = re.fullmatch(r"arn:aws:iam::(\d{12}):user/(?:.*/)?([^/]+)", text)
    return named is not None and "user" in who and (named.group(1), named.group(2)) == (who["account"], who["user"])


def kinds(element: Any, case: Case) -> set[str]:
    """In which ways a Principal element names the caller: everyone, self, role, account."""
    who = chain(case)
    if element == "*":
        return {"everyone"}
    found = set()
    for kind, texts in element.items():
        for text in listed(texts):
            if kind == "AWS" and text == "*":
                found.add("everyone")
            elif kind == "AWS" and is_account(text, who.get("account")):
                found |= {"account", "self"} if who["self"].endswith(":root") else {"account"}
            elif (kind == "AWS" and text == who["self"] and text.startswith("arn:")) or (
                kind == "Service" and text == who["self"] and not text.startswith("arn:")
            ):
                found.add("self")
            elif kind == "AWS" and (is_role(text, who) or is_user(text, who)):
                found.add("role")
    return found


def reaches(statement: Any, case: Case) -> str | None:
    """direct, role, account, open (AWS does not say), unread (a Deny of nobody) or None."""
    if "NotPrincipal" in statement:
        found = kinds(statement["NotPrincipal"], case)
        if statement["Effect"] == "Deny" and case.get("boundaries"):
            return "direct"
        wanted = {"self", "account"} | ({"role"} if "role" in chain(case) else set())
        if case["principal"].endswith(":root") or not case["principal"].startswith("arn:"):
            wanted = {"self"}
        if "everyone" in found or wanted <= found:
            return None
        return "open" if found & {"self", "role"} else "direct"
    if "Principal" not in statement and statement["Effect"] == "Deny":
        return "unread"
    found = kinds(statement.get("Principal", {}), case)
    if found & {"everyone", "self"}:
        return "direct"
    return "role" if "role" in found else "account" if "account" in found else None


# --- what, where, when ------------------------------------------------------------------------------


def on_action(statement: Any, case: Case) -> bool:
    action = case["action"].lower()
    if "NotAction" in statement:
        return not any(glob(p.lower(), action) for p in listed(statement["NotAction"]))
    return any(glob(p.lower(), action) for p in listed(statement.get("Action")))


def on_resource(statement: Any, case: Case, variables: bool, may_shorten: bool) -> bool:
    resource = "*" if case["action"].split(":")[1] in KEYLESS else case["resource"]
    inverted = "NotResource" in statement
    texts = listed(statement.get("NotResource" if inverted else "Resource"))
    if not texts:
        return False
    return inverted != any(covers(text, resource, case, variables, may_shorten) for text in texts)


def covers(text: str, resource: str, case: Case, variables: bool, may_shorten: bool) -> bool:
    if text == "*":
        return True
    pattern = expand(text, case, variables)
    if pattern is None or not pattern.startswith("arn:") or not resource.startswith("arn:"):
        return False
    left, right = pattern.split(":", 5), resource.split(":", 5)
    if len(left) < 6 and may_shorten:
        left += ["*"] * (6 - len(left))
    return len(left) == len(right) and all(glob_marked(p, t) for p, t in zip(left, right, strict=True))


MARKS = {"*": "\ue001", "?": "\ue002", "$": "$"}


def expand(text: str, case: Case, variables: bool) -> str | None:
    """Variables replaced; literal wildcards become marks; None when a variable has no value."""
    if not variables:
        return text
    missing = False

    def value(match: re.Match[str]) -> str:
        nonlocal missing
        inner = match.group(1)
        if inner in MARKS:
            return MARKS[inner]
        name, _, default = inner.partition(",")
        values = context(case, name.strip())
        if len(values) == 1:
            return mark(values[0])
        default = default.strip()
        if not values and len(default) > 1 and default[0] == default[-1] == "'":
            return mark(default[1:-1])
        missing = True
        return ""

    replaced = re.sub(r"\$\{([^{}]*)\}", value, text)
    return None if missing else replaced


def mark(text: str) -> str:
    return text.replace("*", MARKS["*"]).replace("?", MARKS["?"])


def glob_marked(pattern: str, text: str) -> bool:
    return glob(pattern, mark(text))


def context(case: Case, key: str) -> list[str]:
    for name, value in case["context"].items():
        if name.lower() == key.lower():
            return [str(item).lower() if isinstance(item, bool) else str(item) for item in listed(value)]
    return []


def on_condition(statement: Any, case: Case, variables: bool) -> bool:
    return all(
        holds(operator, key, values, case, variables, open_means=statement["Effect"] == "Deny")
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def holds(operator: str, key: str, wanted: Any, case: Case, variables: bool, open_means: bool) -> bool:
    """`open_means` where AWS defines no answer: a Deny counts, an Allow does not."""
    wanted = [str(w).lower() if isinstance(w, bool) else str(w) for w in listed(wanted)]
    stated = context(case, key)
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return ("true" in wanted) if not stated else ("false" in wanted)
    if_exists = name.endswith("IfExists")
    name = name.removesuffix("IfExists")
    negated = "Not" in name
    if quantifier == "ForAllValues":
        return all(one(name, negated, text, wanted, case, variables) for text in stated)
    each = [one(name, negated, text, wanted, case, variables) for text in stated]
    if quantifier == "ForAnyValue":
        return any(each) or (if_exists and not stated and open_means)
    if not stated:
        return if_exists or negated
    return open_means if len(set(each)) > 1 else each[0]


def one(name: str, negated: bool, text: str, wanted: list[str], case: Case, variables: bool) -> bool:
    plain = name.replace("Not", "", 1)
    takes_variables = variables and plain.startswith(("String", "Arn"))
    found = False
    for value in wanted:
        expanded = expand(value, case, takes_variables)
        found = found or (expanded is not None and compare(plain, text, expanded))
    return found != negated


def compare(name: str, text: str, value: str) -> bool:
    if name == "StringEquals":
        return mark(text) == value.replace("*", MARKS["*"]).replace("?", MARKS["?"])
    if name == "StringEqualsIgnoreCase":
        return mark(text).lower() == mark(value).lower()
    if name == "StringLike":
        return glob_marked(value, text)
    if name in ("ArnLike", "ArnEquals"):
        left, right = value.split(":", 5), text.split(":", 5)
        return len(left) == len(right) == 6 and all(glob_marked(p, t) for p, t in zip(left, right, strict=True))
    if name == "Bool":
        return text.lower() == value.lower() and value.lower() in ("true", "false")
    if name == "BinaryEquals":
        return base64.b64decode(text) == base64.b64decode(value)
    if name == "IpAddress":
        return in_network(text, value)
    return ordered(name, text, value)


def in_network(text: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(text) in ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False


def ordered(name: str, text: str, value: str) -> bool:
    read = number if name.startswith("Numeric") else moment
    left, right = read(text), read(value)
    if left is None or right is None:
        return False
    order = name.removeprefix("Numeric").removeprefix("Date")
    return {
        "Equals": left == right,
        "LessThan": left < right,
        "LessThanEquals": left <= right,
        "GreaterThan": left > right,
        "GreaterThanEquals": left >= right,
    }[order]


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def moment(text: str) -> float | None:
    if re.fullmatch(r"\d{1,3}|\d{5,}", text):  # four digits are a year
        return float(text)
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=datetime.UTC)).timestamp()


# --- layers -----------------------------------------------------------------------------------------


def matching(document: Any, case: Case, kind: str) -> list[tuple[str, str]]:
    """(effect, route) of each statement that matches; kind is key, outside (RCP, endpoint) or identity."""
    variables = document.get("Version") == "2012-10-17"
    found = []
    for statement in listed(document.get("Statement")):
        route = "direct" if kind == "identity" else reaches(statement, case)
        if (
            route
            and on_action(statement, case)
            and on_resource(statement, case, variables, kind != "key")
            and on_condition(statement, case, variables)
        ):
            found.append((statement["Effect"], route))
    return found


def answer(case: Case) -> str:
    action = case["action"].split(":")[1]
    is_service = not case["principal"].startswith("arn:") and case["principal"] != "anonymous"
    on_alias = ":alias/" in case["resource"]
    touches_key = case["action"].startswith("kms:") and action not in {*KEYLESS, "RetireGrant"} and not on_alias
    key_hits = [
        hit
        for name in ("keyPolicy", "ramKeyPolicy")
        if case.get(name) and touches_key
        for hit in matching(case[name], case, "key")
    ]
    rcp_hits = [h for level in case.get("rcps") or [] for d in level for h in matching(d, case, "outside")]
    endpoint_hits = [h for d in case.get("vpcePolicies") or [] for h in matching(d, case, "outside")]
    mine: dict[str, list[tuple[str, str]]] = {"i": [], "b": [], "s": []}
    levels: list[list[tuple[str, str]]] = []
    if not is_service:
        mine["i"] = [h for d in case.get("identityPolicies") or [] for h in matching(d, case, "identity")]
        mine["b"] = [h for d in case.get("boundaries") or [] for h in matching(d, case, "identity")]
        mine["s"] = matching(case["sessionPolicy"], case, "identity") if case.get("sessionPolicy") else []
        levels = [[h for d in level for h in matching(d, case, "identity")] for level in case.get("scps") or []]
    everything = [*key_hits, *endpoint_hits, *mine["i"], *mine["b"], *mine["s"]]
    everything += [h for level in levels for h in level] + ([] if action == "RetireGrant" else rcp_hits)
    denials = [route for effect, route in everything if effect == "Deny"]
    if any(route not in ("open", "unread") for route in denials):
        return "ExplicitlyDenied"
    limits = all(("Allow", "direct") in level for level in levels)
    limits = limits and (not case.get("vpcePolicies") or any(e == "Allow" for e, _ in endpoint_hits))
    verdict = allowed(case, action, key_hits, mine, is_service, on_alias) if limits else "ImplicitlyDenied"
    if case["principal"] == "anonymous" or "unread" in denials:
        return "ImplicitlyDenied"
    return "Undetermined" if verdict == "Allowed" and denials else verdict


def allowed(
    case: Case,
    action: str,
    key_hits: list[tuple[str, str]],
    mine: dict[str, list[tuple[str, str]]],
    is_service: bool,
    on_alias: bool,
) -> str:
    boundary = not case.get("boundaries") or ("Allow", "direct") in mine["b"]
    session = not case.get("sessionPolicy") or ("Allow", "direct") in mine["s"]
    identity = ("Allow", "direct") in mine["i"] or case["principal"].endswith(":root")
    iam = identity and boundary and session and not is_service
    word = {True: "Allowed", False: "ImplicitlyDenied"}
    if (
        not case["action"].startswith("kms:")
        or action in KEYLESS
        or (on_alias and action in ("CreateAlias", "UpdateAlias", "DeleteAlias"))
    ):
        return word[iam and chain(case).get("account") == case["resourceAccount"]]
    if action == "RetireGrant":
        return word[any(retires(case, grant, iam) for grant in case.get("grants") or [])]
    if on_alias:
        return "ImplicitlyDenied"
    routes = {route for effect, route in key_hits if effect == "Allow"}
    granted = [g for g in case.get("grants") or [] if covers_request(g, case, action)]
    if is_service:
        return word["direct" in routes or bool(granted)]
    if chain(case).get("account") == case["resourceAccount"]:
        direct = "direct" in routes or ("role" in routes and boundary and session) or ("account" in routes and iam)
        named = [g for g in granted if grantee_kind(g["granteePrincipal"], case) != "account" or iam]
        return word[direct or bool(named)]
    if action not in CROSSING:
        return "ImplicitlyDenied"
    if (routes - {"open"} or granted) and iam:
        return "Allowed"
    if any(
        account_id(g.get("issuingAccount")) == chain(case).get("account")
        and grantee_kind(g["granteePrincipal"], case) != "account"
        for g in granted
    ):
        return "Allowed"
    return "Undetermined" if granted else "ImplicitlyDenied"


def account_id(text: str | None) -> str | None:
    return text.split(":")[4] if text and text.startswith("arn:") else text


def grantee_kind(text: str | None, case: Case) -> str | None:
    if not text:
        return None
    found = kinds({"AWS": text}, case)
    return "self" if "self" in found else "role" if "role" in found else "account" if "account" in found else None


def covers_request(grant: Any, case: Case, action: str) -> bool:
    if action not in grant["operations"]:
        return False
    service = grant.get("granteeServicePrincipal")
    if not (service == case["principal"] if service else grantee_kind(grant.get("granteePrincipal"), case)):
        return False
    constraints = grant.get("constraints") or {}
    if action in WITH_ENCRYPTION_CONTEXT and not fits_context(constraints, case):
        return False
    source = constraints.get("SourceArn")
    if source and not any(compare("ArnLike", text, source) for text in context(case, "aws:SourceArn")):
        return False
    return action != "CreateGrant" or set(context(case, "kms:GrantOperations")) <= set(grant["operations"])


def fits_context(constraints: Any, case: Case) -> bool:
    prefix = "kms:EncryptionContext:"
    pairs = {
        name[len(prefix) :]: listed(value)
        for name, value in case["context"].items()
        if name.lower().startswith(prefix.lower())
    }
    for kind in ("EncryptionContextEquals", "EncryptionContextSubset"):
        wanted = constraints.get(kind)
        if wanted is None:
            continue
        if any(pairs.get(name) != [value] for name, value in wanted.items()):
            return False
        names = set(pairs) | set(context(case, "kms:EncryptionContextKeys"))
        if kind.endswith("Equals") and names != set(wanted):
            return False
    return True


def retires(case: Case, grant: Any, iam: bool) -> bool:
    who = chain(case)
    retiring = grantee_kind(grant.get("retiringPrincipal"), case)
    if retiring in ("self", "role") or grant.get("retiringServicePrincipal") == case["principal"]:
        return True
    if "RetireGrant" in grant["operations"]:
        grantee = grantee_kind(grant.get("granteePrincipal"), case)
        if grantee in ("self", "role") or grant.get("granteeServicePrincipal") == case["principal"]:
            return True
        if grantee == "account" and iam:
            return True
    if case["principal"].endswith(":root") and account_id(grant.get("issuingAccount")) == who.get("account"):
        return True
    return iam and (retiring == "account" or who.get("account") == case["resourceAccount"])
