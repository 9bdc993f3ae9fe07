"""The domains, one file each. A domain is added by adding it here."""

from astra_data.worlds.domain import Domain
from astra_data.worlds.domains.bank import BANK
from astra_data.worlds.domains.clinic import CLINIC
from astra_data.worlds.domains.energy import ENERGY
from astra_data.worlds.domains.hotel import HOTEL
from astra_data.worlds.domains.library import LIBRARY
from astra_data.worlds.domains.school import SCHOOL
from astra_data.worlds.domains.shop import SHOP

DOMAINS: dict[str, Domain] = {domain.name: domain for domain in (BANK, CLINIC, ENERGY, HOTEL, LIBRARY, SCHOOL, SHOP)}
"""Domain name -> domain."""

__all__ = ["DOMAINS"]
