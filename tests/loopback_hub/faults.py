"""Faults that a test asks the hub for.

hub.faults.answer("POST", r".*/commit/main", status=412, times=2)
hold = hub.faults.hold_uploads(after=3)     # three LFS files land, the others wait ...
hold.reached.wait(60)                       # ... until here, where the client can be killed
hold.drop()                                 # what waited is lost
"""

import re
import threading
from dataclasses import dataclass, field


@dataclass
class Answer:
    """Answer a route with `status` the next `times` times."""

    method: str
    route: re.Pattern[str]
    status: int
    times: int
    headers: dict[str, str]


@dataclass
class Hold:
    """Uploads beyond the first `left` wait until they are dropped. `reached` is set when the first one waits."""

    left: int
    reached: threading.Event = field(default_factory=threading.Event)
    dropped: threading.Event = field(default_factory=threading.Event)

    def drop(self) -> None:
        self.dropped.set()


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answers: list[Answer] = []
        self._hold: Hold | None = None

    def answer(self, method: str, route: str, *, status: int, times: int, retry_after: int | None = None) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        self._answers.append(Answer(method, re.compile(route), status, times, headers))

    def hold_uploads(self, *, after: int) -> Hold:
        self._hold = Hold(after)
        return self._hold

    def next_answer(self, method: str, path: str) -> Answer | None:
        with self._lock:
            for answer in self._answers:
                if answer.times and answer.method == method and answer.route.fullmatch(path):
                    answer.times -= 1
                    return answer
        return None

    def loses_upload(self) -> bool:
        """Called when an LFS upload begins. Waits while it is held; true if it is then to be lost."""
        with self._lock:
            hold = self._hold
            if hold is None or hold.dropped.is_set():
                return False
            if hold.left:
                hold.left -= 1
                return False
        hold.reached.set()
        hold.dropped.wait()
        return True
