"""An energy supplier: plants, contracts, meters and readings."""

from astra_data.worlds.domain import Column, Domain, Table

ENERGY = Domain(
    "energy",
    (
        Table(
            "plants", "plant", "PLT",
            (
                Column("site", "name", of="place"),
                Column("capacity", "quantity", least=100, most=9000, unit="kW"),
                Column("maintenance_cost", "money", least=900, most=90000),
                Column("inspection_date", "date"),
                Column("source", "category", of=("gas", "solar", "water", "wind")),
            ),
        ),
        Table(
            "contracts", "contract", "CON",
            (
                Column("holder", "name", of="person"),
                Column("plant", "reference", of="plants"),
                Column("monthly_charge", "money", least=12, most=300),
                Column("quota", "quantity", least=500, most=9000, unit="kWh"),
                Column("end_date", "date"),
            ),
            moves="quota",
        ),
        Table(
            "meters", "meter", "MET",
            (
                Column("contract", "reference", of="contracts"),
                Column("street", "name", of="place"),
                Column("mounting_date", "date"),
                Column("rental_fee", "money", least=2, most=40),
            ),
        ),
        Table(
            "readings", "reading", "RDG",
            (
                Column("meter", "reference", of="meters"),
                Column("consumption", "quantity", least=40, most=900, unit="kWh"),
                Column("surcharge", "money", least=1, most=90),
                Column("reading_date", "date"),
                Column("status", "category", of=("accepted", "disputed", "estimated")),
            ),
            states=("estimated", "accepted", "disputed", "cancelled"),
            final=("accepted", "cancelled"),
        ),
    ),
)
