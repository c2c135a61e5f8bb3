"""
The line protocol of the benchmarks, for peers in Python: one JSON request a line on standard input, one JSON answer a
line on standard output. What a library prints itself goes to standard error.

A peer is a file that calls `serve(name, version, jobs)`. A job is a function that gets the request, brings the data into
the library's own form (not timed) and returns a function without arguments; that one is timed, and returns what is
compared with the others: {"entries": …, "finalEquity": …}.
"""

import json
import os
import resource
import sys
import time
import traceback

import numpy as np

COLUMNS = ("time", "open", "high", "low", "close", "volume")


def load(request):
    """The first `bars` rows of the file of six float64 columns, by name."""
    stored = os.path.getsize(request["file"]) // 48
    bars = min(request["bars"], stored)
    return {
        name: np.fromfile(request["file"], dtype=np.float64, count=bars, offset=index * stored * 8)
        for index, name in enumerate(COLUMNS)
    }


def serve(name, version, jobs):
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    prepared = {}

    def answer(value):
        answers.write(json.dumps(value) + "\n")

    answer({"peer": name, "version": version, "python": sys.version.split()[0], "jobs": list(jobs)})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer(measure(request, jobs, prepared))
        except Exception as error:  # the benchmark tells it and goes on
            traceback.print_exc()
            answer({"error": f"{type(error).__name__}: {error}"})


def measure(request, jobs, prepared):
    key = json.dumps(request, sort_keys=True)
    began = time.perf_counter()
    if key not in prepared:
        prepared.clear()
        prepared[key] = jobs[request["job"]](request)
    start = time.perf_counter()
    result = prepared[key]()
    end = time.perf_counter()
    return {
        "prepareMilliseconds": (start - began) * 1e3,
        "milliseconds": (end - start) * 1e3,
        "peakMemoryBytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "result": result,
    }
