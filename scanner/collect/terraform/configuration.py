"""The configuration of a plan by place: blocks, module calls, outputs, variables and provider Regions."""

from __future__ import annotations

from typing import Any, TypeAlias

from msgspec import Struct, field

from scanner.collect.terraform.document import ConfigModule, ConfigResource, Document, ModuleCall, ProviderConfig

Place: TypeAlias = tuple[str, ...]
"""Module calls from the root, without instance keys."""
Block: TypeAlias = tuple[Place, str, str, str]
"""Place, mode, type and name."""


class Module(Struct):
    """One module of the configuration."""

    place: Place
    calls: dict[str, ModuleCall]
    outputs: dict[str, Any]
    variables: dict[str, Any]
    locals: dict[str, list[str]] = field(default_factory=dict)
    """References of each local, where the source was read; the plan itself does not hold them."""


class ConfigurationIndex(Struct):
    """Finds blocks and modules; `known` is False where the document has no configuration."""

    known: bool = False
    modules: dict[Place, Module] = field(default_factory=dict)
    blocks: dict[Block, ConfigResource] = field(default_factory=dict)
    providers: dict[str, ProviderConfig] = field(default_factory=dict)
    handed: frozenset[str] = frozenset()
    """Keys of providers that a module has from its caller, where the document follows what each call hands over."""
    follows_calls: bool = True
    opentofu: bool = True
    """Whether OpenTofu may have made the plan: the address of a provider tells."""
    inputs: dict[str, Any] = field(default_factory=dict)
    """Values of the root module's variables."""
    _inherited: dict[str, str] = field(default_factory=dict)

    def provider(self, block: Block) -> str:
        """The key in `providers` of the provider that a block uses; another text where it is not there."""
        found = self.blocks.get(block)
        key = (found.provider_config_key if found else None) or ""
        if key in self.providers or ":" not in key:
            return key
        if not self._inherited:
            self._inherited = inherited_providers(self)
        return self._inherited[key]

    def is_told(self, block: Block) -> bool:
        """Whether the document says which of several configurations of its provider a block uses."""
        return ":" not in self.provider(block) or self.provider(block) in self.providers

    def expressions(self, block: Block) -> dict[str, Any]:
        """The expressions of a block; empty where it is not known."""
        found = self.blocks.get(block)
        return (found.expressions or {}) if found else {}


def index_configuration(document: Document) -> ConfigurationIndex:
    """The configuration of a plan; an empty index for states."""
    index = ConfigurationIndex()
    configuration = document.configuration
    if configuration is None:
        return index
    index.known = True
    stated = configuration.provider_config or {}
    index.providers = {key: config for key, config in stated.items() if ":" not in key or config.expressions}
    addresses = [config.full_name for config in stated.values() if config.full_name]
    index.opentofu = not addresses or any("opentofu" in address for address in addresses)
    index.follows_calls = str(document.format_version) not in BEFORE_CALLS
    index.handed = frozenset(stated) - frozenset(index.providers) if index.follows_calls else frozenset()
    index.inputs = {name: stated.get("value") for name, stated in (document.variables or {}).items() if _is_map(stated)}
    pending: list[tuple[Place, ConfigModule]] = [((), configuration.root_module or ConfigModule())]
    while pending:
        place, module = pending.pop()
        calls = module.module_calls or {}
        index.modules[place] = Module(place, calls, module.outputs or {}, module.variables or {})
        for block in module.resources or ():
            index.blocks[place, block.mode, block.type, block.name] = block
        pending += [((*place, name), call.module) for name, call in calls.items() if call.module is not None]
    return index


BEFORE_CALLS = ("0.1", "0.2", "1.0")
"""Formats of Terraform before 1.2, which leave out the providers that a call hands over."""


def inherited_providers(index: ConfigurationIndex) -> dict[str, str]:
    """Keys of blocks in modules that do not configure their provider, with the key that they inherit.

    A module uses what its caller uses. Since Terraform 1.2 a key that a call hands over is replaced by what it stands
    for, and what is left comes from the root, except where a module between states nothing and is handed another: that
    is in the plan only where the key has an entry of its own (Terraform 1.5). Before 1.2, no call is in the plan.
    """
    written = {block.provider_config_key for block in index.blocks.values()} - {None}

    def source(key: str) -> str:
        module, _, name = key.rpartition(":")
        caller = module.rpartition("module.")[0].rstrip(".")
        above = f"{caller}:{name}" if caller else name
        kind = name.partition(".")[0]
        alone = sum((config.name or other) == kind for other, config in index.providers.items()) <= 1
        if not index.follows_calls and not alone:
            return key
        if above in index.providers or not caller:
            return above
        return source(above) if alone or above in written or key in told else key

    told = set(index.handed)
    for key in index.handed:  # and so do the modules around it
        module, _, name = key.rpartition(":")
        while module := module.rpartition("module.")[0].rstrip("."):
            told.add(f"{module}:{name}")
    return {key: source(key) for key in map(str, written) if ":" in key and key not in index.providers}


def _is_map(value: Any) -> bool:
    return isinstance(value, dict)


def references(expression: Any) -> list[str]:
    """Every reference inside an expression, nested blocks included, in order."""
    found: list[str] = []
    pending = [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending += reversed(node)
        elif isinstance(node, dict):
            listed = node.get("references")
            if isinstance(listed, list):
                found += [text for text in listed if isinstance(text, str)]
            else:
                pending += reversed(list(node.values()))
    return found


def constant(expression: Any) -> Any:
    """The constant that an expression is, or None."""
    return expression.get("constant_value") if isinstance(expression, dict) else None
