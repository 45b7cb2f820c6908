"""Whether the resource policy of a CloudHSM backup lets anybody in outside its own account."""

from __future__ import annotations

from scanner.model.arn import account_of
from scanner.model.unknown import Unknown


def shared_beyond(account: str, policy: str | None | Unknown) -> bool | Unknown:
    """Whether an Allow statement names anybody but principals of `account`; unknown where it cannot be read."""
    if isinstance(policy, Unknown):
        return policy
    if policy is None:
        return False
    from scanner.authz.documents import Statement, parse_document

    def lets_out(statement: Statement) -> bool:
        who = statement.principals
        if who is None or not statement.allows:
            return False
        return who.everyone or statement.except_principals or any(map(_is_other, who.named))

    def _is_other(name: str) -> bool:
        return (account_of(name) or name) != account

    document = parse_document("backup", policy)
    if any(map(lets_out, document.statements)):
        return True
    return Unknown("; ".join(document.faults)) if document.faults else False
