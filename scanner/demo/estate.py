"""The demo estate: a payment company's account, with planted faults beside clean twins.

One account in two Regions: cardholder data (tag `DataClass=pci`), which must rest on keys in a custom key store,
next to ordinary applications. Under each rule stands what plants its fault | the twin that looks alike and is right.

pci-resource-off-cks
  buckets card-vault-exports (SSE-S3), chargeback-evidence, and its untagged replica chargeback-evidence-dr |
  card-vault-documents, ledger-archive; merchant-uploads is no cardholder data
  volume settlement-batch, snapshot card-vault-db-copy (untagged) | volume card-vault-db and its snapshot
  database chargeback (insights, master secret), snapshot ledger-for-warehouse | database ledger, cluster payments
  table device-fingerprints | tokens
  secrets card-vault/export-password, and the one that RDS keeps for chargeback | payments-api/scheme-credentials
  queue settlement-dead-letters | payment-events
  log group /ecs/chargeback | /ecs/card-vault
resource-unencrypted
  volumes tokenization-cache, ci-scratch | build-agents
  database reporting with its snapshots | merchant-directory; cluster merchant-analytics says StorageEncrypted false,
  yet AWS encrypts it with a key of its own
  queue audit-events | mail-outbox; file system unsorted-scans | statement-templates
key-disabled-in-use          card-vault-legacy | ledger-legacy, on which nothing rests
key-pending-deletion-in-use  reporting-old | poc-2022
key-rotation-off             merchant-portal | app-config; keys that cannot rotate are not asked to
key-cryptoperiod-exceeded    pan-archive-2024, branch-terminal, scheme-exchange |
                             card-vault, partner-settlement, issuer-bin-table
key-admin-can-decrypt        support-tools, sandbox (the default key policy beside an administrator) | app-config
key-policy-public            partner-exchange (its condition always holds) | webhooks
iam-decrypt-on-all-keys      fraud-analytics-batch, platform-admin | report-renderer, data-science
key-store-disconnected       legacy-hsm | pci-hsm
key-store-hsm-redundancy     settlement-hsm | pci-hsm
trail-excludes-kms-events    operations, change-log | organisation-audit, card-vault-reads (data events only)
trail-not-logging            former-siem | change-log
trail-unencrypted, trail-validation-off, audit-log-retention-short  operations | organisation-audit
hsm-audit-log-retention-short  the log group of legacy-hsm | those of the other clusters
cluster-not-fips-140-3, cluster-backup-stale  legacy-hsm | pci-hsm
cluster-backup-shared        settlement-hsm (with a partner) | pci-hsm
xks-proxy-public-endpoint    branch-vault | partner-vault
grant-to-foreign-account, grant-redelegates, grant-unconstrained-to-human, grant-without-retiring-principal
                             the grants partner-pilot, delegation, support-case, one-off-export on sandbox |
                             nightly-batch on fraud-scoring, database-storage on ledger
pci-scope-untagged-copy      the untagged copies above | the snapshots that took over the tags
pci-key-multi-region, pci-key-untagged, key-shared-across-data-classes  card-metadata, data-lake, observability,
                             card-vault (it also keeps a password of the HSMs) | tokenization
key-rotation-period-long     data-lake | app-config
imported-material-expiring   scheme-exchange | issuer-bin-table
key-unused                   hsm-bootstrap | backoffice
key-deletion-window-short    reporting-old | poc-2022, whose waiting period AWS does not tell
secret-on-aws-managed-key    card-vault/export-password, the one of chargeback | payments-api/scheme-credentials
key-policy-no-administrator  hsm-bootstrap | change-freeze, app-config
key-lockout-risk             change-freeze | app-config, sandbox
key-unaliased                the key of the support team | every other
secret-guards-its-own-key-store  hsm/pci-hsm/kmsuser | hsm/settlement-hsm/kmsuser
secret-rotation-off          card-vault/export-password | payments-api/scheme-credentials
key-policy-foreign-account, key-policy-orphan-principal, key-policy-negated-element
                             warehouse, backoffice, terminals | partner-exchange, warehouse, backoffice
service-principal-unguarded  metrics | observability, trail-logs
replica-policy-differs       the replica of risk-model | that of card-metadata
hsm-quorum-unproven          settlement-hsm; the listing of legacy-hsm is old | pci-hsm
key-destructive-call-unalarmed  the second Region | the main one

/batch/reporting keeps a month, which no rule asks of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from scanner.demo.estate_audit import build_audit
from scanner.demo.estate_databases import build_databases, build_secrets
from scanner.demo.estate_grants import build_grants
from scanner.demo.estate_identities import build_identities
from scanner.demo.estate_keys import age_keys, build_keys
from scanner.demo.estate_services import build_services
from scanner.demo.estate_storage import build_buckets, build_volumes
from scanner.demo.estate_stores import age_stores, build_stores
from scanner.demo.world import AS_OF, World, world


def build(estate: World) -> None:
    """Build the estate through the AWS API; the clock ends at the day of the demo."""
    build_identities(estate)
    stores = build_stores(estate)
    build_keys(estate, stores)
    build_buckets(estate)
    build_volumes(estate)
    build_databases(estate)
    build_secrets(estate)
    build_audit(estate)
    build_services(estate)
    build_grants(estate)
    age_keys(estate)
    age_stores(estate, stores)
    estate.clock.move_to(AS_OF)


@contextmanager
def demo_estate() -> Iterator[World]:
    """The estate, for as long as the context lasts."""
    with world() as estate:
        build(estate)
        yield estate
