"""The runs of all browsers: at most one for each, and only a few with a thread."""

import threading
from collections.abc import Callable

from inspector.record.transcript import Wire
from inspector.stepping.messages import Answer
from inspector.stepping.run import Run

#: The maximum number of runs at once. Any other request runs without steps.
MAX_RUNNING = 4
#: The maximum number of runs that are kept, with those whose answer nobody has requested.
MAX_KEPT = 16
#: Seconds to wait until a replaced run ends. It only has to render its page.
ENDS_WITHIN = 5.0


class Runs:
    """The runs, by browser. `keep_alive` renews what a waiting thread holds."""

    def __init__(self, keep_alive: Callable[[], None]) -> None:
        self._keep_alive = keep_alive
        self._of_browser: dict[str, Run] = {}
        self._lock = threading.Lock()

    def begin(self, browser: str, wire: Wire, target: str | None) -> Run | None:
        """Return a new run, or None if there are too many. It replaces the browser's last one."""
        self.end_last(browser)
        with self._lock:
            # Another request of this browser can have begun while the last one ended.
            overtaken = self._of_browser.pop(browser, None)
            if overtaken is not None:
                overtaken.end()
            running = sum(run.is_running for run in self._of_browser.values())
            if running >= MAX_RUNNING:
                return None
            run = self._of_browser[browser] = Run(browser, wire, target, self._keep_alive)
            for oldest in list(self._of_browser)[:-MAX_KEPT]:
                self._of_browser.pop(oldest).end()
            return run

    def find(self, browser: str, run_id: str) -> Run | None:
        """Return the run of this browser, or None if it no longer has this run."""
        run = self._of_browser.get(browser)
        if run is None or run.id != run_id:
            return None
        run.give_up_in_time()
        if run.is_over:
            return None
        return run

    def take_answer(self, browser: str, target: str | None) -> Answer | None:
        """Return the page that the browser's run has made for this address, once."""
        run = self._of_browser.get(browser)
        if run is None or target is None or run.target != target:
            return None
        answer = run.fresh_answer
        if answer is not None:
            self.forget(run)
        return answer

    def forget(self, run: Run) -> None:
        """Forget a run that has ended."""
        with self._lock:
            if self._of_browser.get(run.browser) is run:
                del self._of_browser[run.browser]

    def end_last(self, browser: str) -> None:
        """End the browser's last run, so that it holds nothing that the next one needs."""
        with self._lock:
            run = self._of_browser.pop(browser, None)
        if run is not None:
            run.end()
            run.wait_for_answer(ENDS_WITHIN)
