"""Short names for principals and statements, so that a case reads as one sentence."""

from __future__ import annotations

from typing import Any

ACCOUNT, OTHER = "111122223333", "444455556666"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/0f0e0d0c-0b0a-4908-8706-050403020100"
NAMES = {
    "alice": f"arn:aws:iam::{ACCOUNT}:user/alice",
    "bob": f"arn:aws:iam::{ACCOUNT}:user/bob",
    "app": f"arn:aws:iam::{ACCOUNT}:role/app",
    "app/s": f"arn:aws:sts::{ACCOUNT}:assumed-role/app/s",
    "account": f"arn:aws:iam::{ACCOUNT}:root",
    "outsider": f"arn:aws:iam::{OTHER}:user/outsider",
    "partner": f"arn:aws:iam::{OTHER}:role/partner",
    "partner/s": f"arn:aws:sts::{OTHER}:assumed-role/partner/s",
    "eve": f"arn:aws:iam::{ACCOUNT}:user/eve",
    "tom": f"arn:aws:iam::{ACCOUNT}:user/tom",
    "hop": f"arn:aws:iam::{ACCOUNT}:role/hop",
    "team": f"arn:aws:iam::{ACCOUNT}:group/team",
    "own": f"arn:aws:iam::{ACCOUNT}:policy/own",
    "narrow": f"arn:aws:iam::{ACCOUNT}:policy/narrow",
    "mallory": f"arn:aws:iam::{OTHER}:user/mallory",
    "boss": "arn:aws:iam::777788889999:user/boss",
    "KEY": KEY,
    "OTHER_KEY": f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/11111111-0b0a-4908-8706-050403020100",
    "ALIAS": f"arn:aws:kms:eu-west-1:{ACCOUNT}:alias/app",
}


def full(value: Any) -> Any:
    """Short names replaced wherever they stand."""
    if isinstance(value, dict):
        return {key: full(item) for key, item in value.items()}
    if isinstance(value, list):
        return [full(item) for item in value]
    return NAMES.get(value, value) if isinstance(value, str) else value


def statement(short: dict[str, Any]) -> dict[str, Any]:
    """One statement; `on: null` and `allow: null` leave Resource and Action out."""
    raw: dict[str, Any] = {"Effect": "Allow" if any(word.startswith("allow") for word in short) else "Deny"}
    raw["Resource"] = short.get("on", "*")
    for word, element in (
        ("allow", "Action"),
        ("deny", "Action"),
        ("allow_except", "NotAction"),
        ("when", "Condition"),
    ):
        if word in short:
            raw[element] = short[word]
    for word, element in (("to", "Principal"), ("to_except", "NotPrincipal")):
        if word in short:
            who = short[word]
            raw[element] = who if who == "*" or isinstance(who, dict) else {"AWS": who}
    if "on_except" in short:
        del raw["Resource"]
        raw["NotResource"] = short["on_except"]
    return {element: full(value) for element, value in raw.items() if value is not None}


def document(shorts: list[dict[str, Any]] | None, version: str | None = "2012-10-17") -> dict[str, Any] | None:
    """A document of statements."""
    if shorts is None:
        return None
    head = {} if version is None else {"Version": version}
    return {**head, "Statement": [statement(short) for short in shorts]}


def grant(short: dict[str, Any]) -> dict[str, Any]:
    """One grant."""
    return {
        "granteePrincipal": full(short.get("to")),
        "granteeServicePrincipal": short.get("to_service"),
        "operations": short["operations"],
        "constraints": short.get("constraints", {}),
        "retiringPrincipal": full(short.get("retiring")),
        "issuingAccount": short.get("issuer", ACCOUNT),
    }


def account_of(arn: str) -> str | None:
    """The account in an ARN."""
    return arn.split(":")[4] if arn.startswith("arn:") else None


def role_arn(arn: str) -> str:
    """aws:PrincipalArn of a caller: a session shows its role."""
    if ":assumed-role/" not in arn:
        return arn
    return arn.replace(":sts:", ":iam:").replace("assumed-role/", "role/").rpartition("/")[0]


def case(short: dict[str, Any]) -> dict[str, Any]:
    """A case as `access simulate` takes it; principal facts stand in the context."""
    version = short.get("version", "2012-10-17")
    if "allow_when" in short or "deny_when" in short:
        allow = {"allow": "kms:*", "to": "alice", "when": short.get("allow_when")}
        deny = {"deny": "kms:*", "to": "alice", "when": short.get("deny_when")}
        policy = [allow, deny] if "deny_when" in short else [allow]
        short = {"principal": "alice", "key_policy": policy, **short}
    principal = full(short["principal"])
    account = account_of(principal)
    facts = {"aws:PrincipalArn": role_arn(principal), "aws:PrincipalAccount": account, "kms:CallerAccount": account}
    return {
        "id": short.get("name"),
        "principal": principal,
        "principalAccount": account,
        "action": short.get("action", "kms:Decrypt"),
        "resource": full(short.get("resource", KEY)),
        "resourceAccount": ACCOUNT,
        "keyPolicy": document(short.get("key_policy"), version),
        "ramKeyPolicy": document(short.get("ram")),
        "identityPolicies": [document(short["identity"])] if "identity" in short else [],
        "boundaries": [document(short["boundary"])] if "boundary" in short else None,
        "sessionPolicy": document(short.get("session")),
        "scps": levels(short.get("scps")),
        "rcps": levels(short.get("rcps")),
        "vpcePolicies": [document(each) for each in short["endpoint"]] if "endpoint" in short else None,
        "grants": [grant(each) for each in short.get("grants", [])],
        "context": {**(facts if account else {}), **short.get("context", {})},
    }


def levels(shorts: list[list[list[dict[str, Any]]]] | None) -> list[list[dict[str, Any] | None]] | None:
    """Levels of documents."""
    return None if shorts is None else [[document(each) for each in level] for level in shorts]
