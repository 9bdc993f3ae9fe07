"""A school: teachers, courses, students and enrolments."""

from astra_data.worlds.domain import Column, Domain, Table

SCHOOL = Domain(
    "school",
    (
        Table(
            "teachers", "teacher", "TEA",
            (
                Column("full_name", "name", of="person"),
                Column("weekly_workload", "quantity", least=11, most=45),
                Column("monthly_salary", "money", least=1800, most=6000),
                Column("hire_date", "date"),
            ),
        ),
        Table(
            "courses", "course", "CRS",
            (
                Column("title", "name", of="thing"),
                Column("teacher", "reference", of="teachers"),
                Column("credit_count", "quantity", least=12, most=90),
                Column("course_fee", "money", least=20, most=900),
                Column("start_date", "date"),
                Column("level", "category", of=("advanced", "beginner", "expert", "middle")),
            ),
        ),
        Table(
            "students", "student", "STU",
            (
                Column("full_name", "name", of="person"),
                Column("home_town", "name", of="place"),
                Column("grant", "money", least=100, most=4000),
                Column("birth_date", "date"),
            ),
            moves="grant",
        ),
        Table(
            "enrolments", "enrolment", "ENR",
            (
                Column("student", "reference", of="students"),
                Column("course", "reference", of="courses"),
                Column("score", "quantity", least=12, most=100),
                Column("material_cost", "money", least=5, most=90),
                Column("exam_date", "date"),
                Column("status", "category", of=("active", "finished", "waiting")),
            ),
            states=("waiting", "active", "finished", "cancelled"),
            final=("finished", "cancelled"),
        ),
    ),
)
