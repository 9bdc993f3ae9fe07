"""A circuit breaker for one server: after a few failures in a row it refuses, and lets one attempt through now and then.

    breaker = Breaker(most=3, rest=8)
    if breaker.admit():
        breaker.succeeded() if it_worked else breaker.failed()

Time is counted in attempts, not in seconds, so what it does depends on nothing but what happened before.
"""


class Breaker:
    """Closed until `most` failures in a row; then open for `rest` attempts; then half open: one attempt decides."""

    def __init__(self, most: int = 3, rest: int = 8) -> None:
        self.most, self.rest = most, rest
        self._in_a_row = self._refusals = 0
        self._probing = False

    @property
    def closed(self) -> bool:
        return self._in_a_row < self.most

    def admit(self) -> bool:
        """Whether this attempt may be made. Who is admitted says `succeeded`, `failed` or `abandoned` once."""
        if self.closed:
            return True
        if self._refusals or self._probing:
            self._refusals = max(self._refusals - 1, 0)
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._in_a_row, self._probing = 0, False

    def failed(self) -> None:
        was_closed, self._in_a_row = self.closed, self._in_a_row + 1
        if self._probing or (was_closed and not self.closed):
            self._refusals = self.rest
        self._probing = False

    def abandoned(self) -> None:
        """The attempt was given up before its outcome was known."""
        self._probing = False
