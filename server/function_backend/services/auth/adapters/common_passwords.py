"""The passwords that everybody tries first: the frequency list that comes with zxcvbn, read once."""

from __future__ import annotations

import importlib.util
from functools import cache

from function_backend.kernel.packages import package_folder


@cache
def common_passwords() -> frozenset[str]:
    """30,000 leaked passwords in lower case, the most frequent ones of the big breaches."""
    # The file alone: the package builds what it guesses strengths with when it is loaded, which takes as long again.
    file = package_folder("zxcvbn") / "frequency_lists.py"
    spec = importlib.util.spec_from_file_location("zxcvbn.frequency_lists", file)
    if spec is None or spec.loader is None:
        raise ImportError("zxcvbn carries no frequency lists; install the package again")
    lists = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lists)
    return frozenset(lists.FREQUENCY_LISTS["passwords"])
