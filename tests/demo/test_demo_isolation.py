from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.config import Config

from scanner.demo.emulator import emulated_aws, serve
from scanner.demo.isolation import RealNetworkRefused
from scanner.demo.unimplemented import Unimplemented

USER = {
    "AWS_ACCESS_KEY_ID": "USERSOWNACCESSKEY000",
    "AWS_SECRET_ACCESS_KEY": "users-own-secret",
    "AWS_SESSION_TOKEN": "users-own-token",
    "AWS_PROFILE": "production",
    "AWS_CONFIG_FILE": "/users/own/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/users/own/credentials",
    "AWS_ENDPOINT_URL": "https://kms.example.com",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/production",
    "HTTPS_PROXY": "http://proxy.example.com:3128",
}


@pytest.fixture
def user_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in USER.items():
        monkeypatch.setenv(name, value)


def test_nothing_of_the_users_environment_is_used_and_all_of_it_comes_back(user_environment: None) -> None:
    with emulated_aws("111122223333", "eu-central-1"):
        session = boto3.Session()
        credentials = session.get_credentials().get_frozen_credentials()
        client = session.client("sts")
        assert set(USER.values()).isdisjoint(os.environ.values())
        assert set(USER.values()).isdisjoint({credentials.access_key, credentials.secret_key, credentials.token})
        assert client.meta.endpoint_url == "https://sts.eu-central-1.amazonaws.com"
        assert client.get_caller_identity()["Account"] == "111122223333"
    assert {name: os.environ[name] for name in USER} == USER


@pytest.mark.parametrize("endpoint", ["https://kms.example.com", "http://169.254.169.254", "https://10.0.0.7:4566"])
def test_no_request_leaves_this_machine(endpoint: str) -> None:
    with emulated_aws(), pytest.raises(RealNetworkRefused, match="never asks AWS"):
        boto3.client("kms", endpoint_url=endpoint).list_keys()


def test_no_request_leaves_this_machine_while_serving_either() -> None:
    with serve() as url:
        assert boto3.client("kms", endpoint_url=url).list_keys()["Keys"] == []
        with pytest.raises(RealNetworkRefused):
            boto3.client("kms", config=Config(retries={"total_max_attempts": 1})).list_keys()


def test_the_server_answers_with_the_same_extensions_for_the_account_it_was_given() -> None:
    with serve(account="111122223333") as url:
        kms = boto3.client("kms", endpoint_url=url, region_name="eu-central-1")
        assert kms.describe_custom_key_stores()["CustomKeyStores"] == []
        described = kms.create_key(MultiRegion=True)["KeyMetadata"]
        assert described["Arn"].startswith("arn:aws:kms:eu-central-1:111122223333:key/mrk-")
        assert described["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"


def test_each_emulation_begins_empty_and_moto_is_itself_again_afterwards() -> None:
    from moto.kms.models import KmsBackend, kms_backends

    for _ in range(2):
        with emulated_aws():
            kms = boto3.client("kms")
            assert kms.list_keys()["Keys"] == []
            kms.create_key()
            assert kms_backends.backend is not KmsBackend
    assert kms_backends.backend is KmsBackend


def test_what_the_emulation_cannot_make_is_not_there_and_what_it_cannot_do_says_so() -> None:
    with emulated_aws():
        assert boto3.client("keyspaces").list_keyspaces()["keyspaces"] == []
        assert boto3.client("s3tables", region_name="eu-central-1").list_table_buckets()["tableBuckets"] == []
        with pytest.raises(Unimplemented, match="keyspaces CreateKeyspace"):
            boto3.client("keyspaces").create_keyspace(keyspaceName="x")


def test_many_threads_may_ask_for_services_that_nobody_asked_for_before() -> None:
    services = ["ecr", "efs", "sns", "kinesis", "glue", "athena", "backup", "opensearch"]
    calls = ["describe_repositories", "describe_file_systems", "list_topics", "list_streams", "get_databases"]
    calls += ["list_work_groups", "list_backup_vaults", "list_domain_names"]
    with emulated_aws():
        clients = [boto3.client(service) for service in services]

        def ask(pair: tuple[Any, str]) -> int:
            client, call = pair
            return int(getattr(client, call)()["ResponseMetadata"]["HTTPStatusCode"])

        with ThreadPoolExecutor(8) as pool:
            assert set(pool.map(ask, zip(clients, calls, strict=True))) == {200}
