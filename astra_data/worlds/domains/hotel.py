"""Hotels: rooms, guests and reservations."""

from astra_data.worlds.domain import Column, Domain, Table

HOTEL = Domain(
    "hotel",
    (
        Table(
            "hotels", "hotel", "HOT",
            (
                Column("brand", "name", of="thing"),
                Column("city", "name", of="place"),
                Column("floor_area", "quantity", least=400, most=9000, unit="m2"),
                Column("renovation_date", "date"),
            ),
        ),
        Table(
            "rooms", "room", "ROM",
            (
                Column("hotel", "reference", of="hotels"),
                Column("nightly_price", "money", least=40, most=600),
                Column("room_area", "quantity", least=12, most=140, unit="m2"),
                Column("view", "category", of=("garden", "lake", "street", "yard")),
            ),
        ),
        Table(
            "guests", "guest", "GST",
            (
                Column("full_name", "name", of="person"),
                Column("home_town", "name", of="place"),
                Column("bonus_balance", "quantity", least=100, most=9000),
                Column("birth_date", "date"),
            ),
            moves="bonus_balance",
        ),
        Table(
            "reservations", "reservation", "RES",
            (
                Column("guest", "reference", of="guests"),
                Column("room", "reference", of="rooms"),
                Column("arrival_date", "date"),
                Column("night_count", "quantity", least=11, most=60),
                Column("prepayment", "money", least=30, most=900),
                Column("status", "category", of=("confirmed", "paid", "requested")),
            ),
            states=("requested", "confirmed", "paid", "cancelled"),
            final=("paid", "cancelled"),
        ),
    ),
)
