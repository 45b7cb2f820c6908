"""Identity Center of the emulation: an account has no instance until one is made."""

from __future__ import annotations

from moto.ssoadmin.models import SSOAdminBackend as MotoSsoAdminBackend

from scanner.demo.extending import Extension


class SsoAdminBackend(MotoSsoAdminBackend):
    """moto's Identity Center without the instance that it makes for every Region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.instances.clear()


EXTENSION = Extension("ssoadmin", backend=SsoAdminBackend)
