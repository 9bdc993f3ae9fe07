"""A bank: customers, accounts, cards and transfers."""

from astra_data.worlds.domain import Column, Domain, Table

BANK = Domain(
    "bank",
    (
        Table(
            "offices", "office", "OFF",
            (
                Column("city", "name", of="place"),
                Column("manager", "name", of="person"),
                Column("desk_count", "quantity", least=11, most=90),
                Column("lease_end", "date"),
            ),
        ),
        Table(
            "clients", "client", "CLI",
            (
                Column("full_name", "name", of="person"),
                Column("office", "reference", of="offices"),
                Column("yearly_income", "money", least=9000, most=90000),
                Column("joining_date", "date"),
            ),
        ),
        Table(
            "accounts", "account", "ACC",
            (
                Column("client", "reference", of="clients"),
                Column("balance", "money", least=50, most=9000),
                Column("overdraft_limit", "money", least=100, most=4000),
                Column("opening_date", "date"),
                Column("plan", "category", of=("basic", "family", "gold", "student")),
            ),
            moves="balance",
        ),
        Table(
            "payments", "payment", "PAY",
            (
                Column("account", "reference", of="accounts"),
                Column("recipient", "name", of="person"),
                Column("amount", "money", least=5, most=2500),
                Column("booking_date", "date"),
                Column("retry_count", "quantity", least=11, most=90),
                Column("status", "category", of=("executed", "pending", "scheduled")),
            ),
            states=("scheduled", "pending", "executed", "cancelled"),
            final=("executed", "cancelled"),
        ),
    ),
)
