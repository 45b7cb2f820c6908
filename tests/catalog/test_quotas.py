"""The table of quotas: its names are AWS's, its numbers can be kept."""

from __future__ import annotations

import botocore.session
import pytest

from scanner.catalog.quotas import DEFAULT, PAGE_SIZES, QUOTAS, SERVICES, quota_of

CORE = botocore.session.Session()


@pytest.mark.parametrize("service", sorted({service for service, _ in (*QUOTAS, *PAGE_SIZES)} | set(SERVICES)))
def test_every_operation_of_the_tables_exists(service: str):
    named = {operation for name, operation in (*QUOTAS, *PAGE_SIZES) if name == service}
    assert named <= set(CORE.get_service_model(service).operation_names)


def test_every_rate_is_above_nothing():
    assert all(quota.rate > 0 and quota.burst >= 0 for quota in (*QUOTAS.values(), *SERVICES.values(), DEFAULT))


def test_an_operation_is_looked_up_by_itself_then_by_its_service_then_by_default():
    assert quota_of("kms", "ListGrants").rate == 100
    assert quota_of("ec2", "DescribeVolumes") == SERVICES["ec2"]
    assert quota_of("cloudhsmv2", "DescribeClusters") == DEFAULT


def test_operations_that_share_a_quota_in_aws_share_it_here():
    shared = {quota_of("lambda", operation).shared for operation in ("ListFunctions", "ListTags", "ListAliases")}
    assert shared == {"lambda-control-plane"}


@pytest.mark.parametrize(("service", "operation"), PAGE_SIZES, ids=lambda part: part)
def test_a_page_size_is_one_that_the_model_allows(service: str, operation: str):
    members = CORE.get_service_model(service).operation_model(operation).input_shape.members
    limit = next(members[name] for name in ("Limit", "MaxResults") if name in members)
    assert PAGE_SIZES[service, operation] <= limit.metadata.get("max", PAGE_SIZES[service, operation])
