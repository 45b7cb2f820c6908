"""The page of a key: chain, edges, and what could not be read under the names that the page uses."""

from builders import a_cluster, a_gap, a_key, a_resource, a_snapshot, a_store, an_alias

from scanner.graph.build import build
from scanner.graph.pages import key_pages
from scanner.model.keypage import RELATIONS
from scanner.model.settings import Settings


def page_of(*items):
    (page,) = key_pages(build(a_snapshot(*items), Settings()))
    return page


def test_chain_runs_from_the_cluster_down_to_the_key():
    page = page_of(a_cluster(), a_store(), a_key(origin="AWS_CLOUDHSM", store_id="cks-1"), an_alias("alias/card"))
    assert [link.type for link in page.chain] == ["cluster", "store", "key"]
    assert (page.label, page.custody) == ("alias/card", "CKS")


def test_key_in_kms_hangs_on_kms_itself():
    assert [link.type for link in page_of(a_key()).chain] == ["kms", "key"]


def test_resources_are_edges():
    page = page_of(a_key(), a_resource())
    assert [(edge.relation, edge.label) for edge in page.edges if edge.relation == "protects"] == [
        ("protects", "vol-1")
    ]


def test_what_was_not_read_is_named_by_its_relation():
    page = page_of(a_key(), a_gap("DescribeVolumes", "resource:AWS::EC2::Volume"))
    assert "DescribeVolumes" in page.unknown["protects"]
    assert set(page.unknown) & set(RELATIONS) == {"protects"}


def test_keys_that_aws_manages_have_no_page():
    assert key_pages(build(a_snapshot(a_key(manager="AWS")), Settings())) == ()
