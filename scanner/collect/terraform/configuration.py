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
    index.providers = configuration.provider_config or {}
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


def inherited_providers(index: ConfigurationIndex) -> dict[str, str]:
    """Keys of blocks in modules that neither require nor configure their provider, with the key that they inherit.

    Terraform writes `module.outer.module.inner:aws` for such a block, and that key stands nowhere else. The module
    uses what its caller uses. In a module between, that can be another one than the root's: Terraform drops that
    handing over from the plan, so with several configurations of a provider only a block there tells.
    """
    written = {block.provider_config_key for block in index.blocks.values()} - {None}

    def source(key: str) -> str:
        module, _, name = key.rpartition(":")
        caller = module.rpartition("module.")[0].rstrip(".")
        above = f"{caller}:{name}" if caller else name
        if above in index.providers or not caller:
            return above
        alone = sum((config.name or name) == name for config in index.providers.values()) <= 1
        return source(above) if alone or above in written else key

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
