"""Data classes: declared by settings, flowing along lineage, open where tags were not read."""

from builders import ACCOUNT, REGION, a_key, a_resource, a_snapshot, a_use
from msgspec import UNSET

from scanner.graph.build import build
from scanner.model.records import Link
from scanner.model.settings import DataClass, Selector, Settings
from scanner.model.unknown import Partial


def arn(name):
    return f"arn:aws:ec2:{REGION}:{ACCOUNT}:volume/{name}"


def graph_of(*records, settings=None):
    return build(a_snapshot(*records), settings or Settings())


def test_tag_declares_pci_without_regard_to_case():
    graph = graph_of(a_resource(tags={"dataclass": "PCI"}))
    assert graph.resources[arn("vol-1")].data_classes == ("pci",)


def test_an_untagged_resource_is_in_no_class():
    assert graph_of(a_resource()).resources[arn("vol-1")].data_classes == ()


def test_unread_tags_leave_the_classes_open():
    record = a_resource(tags=UNSET, unread={"tags": "ec2:DescribeTags AccessDenied"})
    classes = graph_of(record).resources[arn("vol-1")].data_classes
    assert isinstance(classes, Partial)
    assert "DescribeTags" in classes.reason


def test_snapshot_of_a_pci_volume_is_pci_and_says_by_which_path():
    volume = a_resource("vol-1", tags={"DataClass": "pci"})
    copy = a_resource(
        "snap-1",
        "AWS::EC2::Snapshot",
        arn=arn("snap-1"),
        links=(Link(relation="derived_from", target="vol-1"),),
    )
    second = a_resource(
        "snap-2",
        "AWS::EC2::Snapshot",
        arn=arn("snap-2"),
        links=(Link(relation="derived_from", target=arn("snap-1")),),
    )
    resource = graph_of(volume, copy, second).resources[arn("snap-2")]
    assert resource.data_classes == ("pci",)
    assert resource.scope_path == (
        "pci: tag DataClass=pci on AWS::EC2::Volume vol-1 -> AWS::EC2::Snapshot snap-1 -> AWS::EC2::Snapshot snap-2",
    )


def test_secret_that_opens_a_pci_database_is_pci_but_not_the_other_way_round():
    database = a_resource("db", "AWS::RDS::DBInstance", arn=arn("db"), tags={"DataClass": "pci"})
    secret = a_resource(
        "s", "AWS::SecretsManager::Secret", arn=arn("s"), links=(Link(relation="unlocks", target=arn("db")),)
    )
    other = a_resource("db2", "AWS::RDS::DBInstance", arn=arn("db2"))
    pci_secret = a_resource(
        "s2",
        "AWS::SecretsManager::Secret",
        arn=arn("s2"),
        tags={"DataClass": "pci"},
        links=(Link(relation="unlocks", target=arn("db2")),),
    )
    graph = graph_of(database, secret, other, pci_secret)
    assert graph.resources[arn("s")].data_classes == ("pci",)
    assert graph.resources[arn("db2")].data_classes == ()


def test_target_of_replication_is_in_scope():
    source = a_resource("b1", tags={"DataClass": "pci"}, links=(Link(relation="replicates_to", target=arn("b2")),))
    graph = graph_of(source, a_resource("b2"))
    assert graph.resources[arn("b2")].data_classes == ("pci",)


def test_circular_lineage_ends():
    one = a_resource("b1", tags={"DataClass": "pci"}, links=(Link(relation="replicates_to", target=arn("b2")),))
    two = a_resource("b2", links=(Link(relation="replicates_to", target=arn("b1")),))
    assert graph_of(one, two).resources[arn("b2")].data_classes == ("pci",)


def test_copy_of_something_with_unread_tags_is_open_too():
    source = a_resource("vol-1", tags=UNSET, unread={"tags": "refused"})
    copy = a_resource("snap-1", links=(Link(relation="derived_from", target="vol-1"),))
    assert isinstance(graph_of(source, copy).resources[arn("snap-1")].data_classes, Partial)


def test_selector_of_account_and_name_needs_both():
    settings = Settings(
        data_classes=(DataClass("signing", (Selector(accounts=(ACCOUNT,), names=("sign-*",)),), ("XKS",)),)
    )
    graph = graph_of(a_resource("sign-1"), a_resource("vol-1"), settings=settings)
    assert graph.resources[arn("sign-1")].data_classes == ("signing",)
    assert graph.resources[arn("sign-1")].required_custody == ("XKS",)
    assert graph.resources[arn("vol-1")].data_classes == ()


def test_organizational_unit_that_was_not_read_leaves_the_class_open():
    settings = Settings(data_classes=(DataClass("pci", (Selector(organizational_units=("ou-pci",)),)),))
    assert isinstance(graph_of(a_resource(), settings=settings).resources[arn("vol-1")].data_classes, Partial)


def test_key_carries_the_classes_of_what_it_protects_and_of_its_own_tags():
    graph = graph_of(
        a_key("key-1"),
        a_key("key-2", tags={"DataClass": "pci"}),
        a_resource("vol-1", "AWS::EC2::Volume", a_use(), tags={"DataClass": "pci"}),
    )
    assert [key.data_classes for key in graph.keys.values()] == [("pci",), ("pci",)]
