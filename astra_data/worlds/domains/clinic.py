"""A clinic: doctors, patients, appointments and their cost."""

from astra_data.worlds.domain import Column, Domain, Table

CLINIC = Domain(
    "clinic",
    (
        Table(
            "wards", "ward", "WRD",
            (
                Column("building", "name", of="place"),
                Column("bed_count", "quantity", least=11, most=80),
                Column("nightly_rate", "money", least=90, most=900),
            ),
        ),
        Table(
            "doctors", "doctor", "DOC",
            (
                Column("full_name", "name", of="person"),
                Column("specialty", "category", of=("cardiology", "dermatology", "neurology", "surgery")),
                Column("ward", "reference", of="wards"),
                Column("hourly_fee", "money", least=60, most=400),
                Column("hire_date", "date"),
            ),
        ),
        Table(
            "patients", "patient", "PAT",
            (
                Column("full_name", "name", of="person"),
                Column("home_town", "name", of="place"),
                Column("deposit", "money", least=30, most=3000),
                Column("birth_date", "date"),
                Column("body_height", "quantity", least=101, most=210, unit="cm"),
            ),
            moves="deposit",
        ),
        Table(
            "appointments", "appointment", "APP",
            (
                Column("doctor", "reference", of="doctors"),
                Column("patient", "reference", of="patients"),
                Column("visit_date", "date"),
                Column("duration", "quantity", least=11, most=180, unit="min"),
                Column("bill", "money", least=20, most=800),
                Column("status", "category", of=("booked", "confirmed", "done")),
            ),
            states=("booked", "confirmed", "done", "cancelled"),
            final=("done", "cancelled"),
        ),
    ),
)
