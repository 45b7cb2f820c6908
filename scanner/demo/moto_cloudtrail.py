"""CloudTrail of the emulation: a trail without event selectors of its own records all management events."""

from __future__ import annotations

from typing import Any

from moto.cloudtrail.models import CloudTrailBackend as MotoCloudTrailBackend

from scanner.demo.extending import Extension

_DEFAULT = {
    "ReadWriteType": "All",
    "IncludeManagementEvents": True,
    "DataResources": [],
    "ExcludeManagementEventSources": [],
}


class CloudTrailBackend(MotoCloudTrailBackend):
    """moto's CloudTrail with the event selector that AWS answers by default (PutEventSelectors reference)."""

    def get_event_selectors(self, trail_name: str) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        """The trail's selectors, basic or advanced, else the default one."""
        arn, basic, advanced = super().get_event_selectors(trail_name)
        return arn, (basic if basic or advanced else [_DEFAULT]), advanced


EXTENSION = Extension("cloudtrail", backend=CloudTrailBackend)
