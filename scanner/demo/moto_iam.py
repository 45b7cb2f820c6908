"""IAM of the emulation: GetAccountAuthorizationDetails with named policies and pages."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam.models import ManagedPolicy
from moto.iam.responses import IamResponse as MotoIamResponse

from scanner.demo.extending import Extension
from scanner.demo.paging import page

_LISTS = (
    ("UserDetailList", "users", "User"),
    ("GroupDetailList", "groups", "Group"),
    ("RoleDetailList", "roles", "Role"),
)
_AWS_PREFIX = "arn:aws:iam::aws:policy"


class IamResponse(MotoIamResponse):
    """moto's IAM handler with the whole answer of GetAccountAuthorizationDetails."""

    def get_account_authorization_details(self) -> ActionResult:
        """GetAccountAuthorizationDetails: one run of pages over all kinds; AWS's own policies only where attached."""
        wanted = self._get_param("Filter", [])
        details = self.backend.get_account_authorization_details([])
        entries = [
            (name, item) for name, source, kind in _LISTS if not wanted or kind in wanted for item in details[source]
        ]
        entries += [("Policies", _described(p)) for p in details["managed_policies"] if _included(p, wanted)]
        limit, marker = self._get_param("MaxItems"), self._get_param("Marker")
        cut = page(entries, "Entries", limit=limit and int(limit), marker=marker, default=100, most=1000)
        answer: dict[str, Any] = {name: [] for name in (*(row[0] for row in _LISTS), "Policies")}
        for name, item in cut["Entries"]:
            answer[name].append(item)
        return ActionResult(answer | {"IsTruncated": cut["Truncated"], "Marker": cut.get("NextMarker")})


def _included(policy: ManagedPolicy, wanted: list[str]) -> bool:
    if policy.arn.startswith(_AWS_PREFIX):
        return policy.attachment_count > 0 and (not wanted or "AWSManagedPolicy" in wanted)
    return not wanted or "LocalManagedPolicy" in wanted


def _described(policy: ManagedPolicy) -> dict[str, Any]:
    """The ManagedPolicyDetail of one policy."""
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "Description": policy.description or None,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": policy.policy_version_list,
    }


EXTENSION = Extension("iam", IamResponse)
