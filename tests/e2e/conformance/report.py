"""Runs tests and ends with one line that says how many passed."""

import time
import unittest


class Result(unittest.TextTestResult):
    """Counts passes, which unittest does not."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def getDescription(self, test):
        return str(test)


def run_tests(tests, verbose, where):
    """The program's exit code: 0 when some test passed and none failed."""
    started = time.monotonic()
    result = unittest.TextTestRunner(verbosity=2 if verbose else 1, resultclass=Result).run(tests)
    failed = len(result.failures) + len(result.errors)
    for test, why in result.skipped:
        print(f"skipped {test}: {why}")
    print(f"{where} in {time.monotonic() - started:.0f} s:")
    print(f"{result.passed} passed, {failed} failed, {len(result.skipped)} skipped", flush=True)
    # No test at all is no proof of anything.
    return 1 if failed or not result.passed else 0
