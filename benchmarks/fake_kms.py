"""A KMS on a local port that answers within AWS's latencies and refuses what exceeds AWS's quotas.

python -m benchmarks.fake_kms KEYS [--quotas]     prints its port, then one line of counts when its input closes
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
from collections import Counter
from typing import Any

from scanner.catalog.quotas import quota_of

ACCOUNT = "111122223333"
LATENCY_SECONDS = (0.02, 0.05)
IDENTITY = f"""<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/a</Arn>
<UserId>A</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
)
GRANT = {
    "GrantId": "0" * 64,
    "GranteePrincipal": f"arn:aws:iam::{ACCOUNT}:role/app",
    "Operations": ["Decrypt", "GenerateDataKey"],
    "CreationDate": 1.7e9,
}


class Kms:
    """`keys` symmetric customer keys; with `limited`, each operation has its quota in every whole second."""

    def __init__(self, keys: int, limited: bool) -> None:
        self.arns = [f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{n:08d}-0000-0000-0000-000000000000" for n in range(keys)]
        self.limited = limited
        self.answered: Counter[str] = Counter()
        self.throttled: Counter[str] = Counter()
        self._used: Counter[tuple[str, int]] = Counter()

    def answer(self, operation: str, asked: dict[str, Any]) -> tuple[int, Any]:
        """The status and the JSON of one request."""
        second = (operation, int(time.monotonic()))
        self._used[second] += 1
        if self.limited and self._used[second] > quota_of("kms", operation).rate:
            self.throttled[operation] += 1
            return 400, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        self.answered[operation] += 1
        reply = getattr(self, f"_{operation}", None)
        return (200, reply(asked)) if reply else (400, {"__type": "UnknownOperationException"})

    def _ListKeys(self, asked: dict[str, Any]) -> Any:
        start, limit = int(asked.get("Marker", 0)), asked.get("Limit", 100)
        page = [{"KeyArn": arn, "KeyId": arn.rsplit("/")[-1]} for arn in self.arns[start : start + limit]]
        more = start + limit < len(self.arns)
        return {"Keys": page, "Truncated": more} | ({"NextMarker": str(start + limit)} if more else {})

    def _DescribeKey(self, asked: dict[str, Any]) -> Any:
        return {
            "KeyMetadata": {
                "AWSAccountId": ACCOUNT,
                "KeyId": asked["KeyId"].rsplit("/")[-1],
                "Arn": asked["KeyId"],
                "CreationDate": 1.7e9,
                "Enabled": True,
                "Description": "a key",
                "KeyUsage": "ENCRYPT_DECRYPT",
                "KeyState": "Enabled",
                "Origin": "AWS_KMS",
                "KeyManager": "CUSTOMER",
                "KeySpec": "SYMMETRIC_DEFAULT",
                "MultiRegion": False,
            }
        }

    def _ListKeyPolicies(self, _: Any) -> Any:
        return {"PolicyNames": ["default"], "Truncated": False}

    def _GetKeyPolicy(self, _: Any) -> Any:
        return {"Policy": POLICY, "PolicyName": "default"}

    def _GetKeyRotationStatus(self, _: Any) -> Any:
        return {"KeyRotationEnabled": True, "RotationPeriodInDays": 365}

    def _ListKeyRotations(self, _: Any) -> Any:
        return {"Rotations": [{"RotationDate": 1.75e9, "RotationType": "AUTOMATIC"}], "Truncated": False}

    def _ListGrants(self, asked: dict[str, Any]) -> Any:
        return {"Grants": [{**GRANT, "KeyId": asked["KeyId"]}] * 3, "Truncated": False}

    def _ListResourceTags(self, _: Any) -> Any:
        return {"Tags": [{"TagKey": "pci", "TagValue": "true"}], "Truncated": False}


async def serve(kms: Kms) -> None:
    """Answer until the standard input closes."""
    server = await asyncio.start_server(lambda reader, writer: _connection(kms, reader, writer), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({"answered": kms.answered, "throttled": kms.throttled}), flush=True)


async def _connection(kms: Kms, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while head := await reader.readuntil(b"\r\n\r\n"):
            headers = {
                name.lower(): value for name, _, value in (line.partition(b": ") for line in head.split(b"\r\n"))
            }
            body = await reader.readexactly(int(headers.get(b"content-length", b"0")))
            await asyncio.sleep(random.uniform(*LATENCY_SECONDS))
            writer.write(_reply(kms, headers.get(b"x-amz-target", b"").decode(), body))
    except (asyncio.IncompleteReadError, asyncio.CancelledError, ConnectionError):
        writer.close()


def _reply(kms: Kms, target: str, body: bytes) -> bytes:
    if target:
        status, answer = kms.answer(target.rsplit(".")[-1], json.loads(body))
        kind, content = "application/x-amz-json-1.1", json.dumps(answer).encode()
    else:
        status, kind, content = 200, "text/xml", IDENTITY.encode()
    return f"HTTP/1.1 {status} x\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n".encode() + content


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("keys", type=int)
    parser.add_argument("--quotas", action="store_true")
    arguments = parser.parse_args()
    asyncio.run(serve(Kms(arguments.keys, arguments.quotas)))


if __name__ == "__main__":
    main()
