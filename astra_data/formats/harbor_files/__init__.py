"""Files that go into a Harbor task as they are. They use the standard library alone, and run without this package installed."""
