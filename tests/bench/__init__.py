"""The benchmarks: ours against what most teams would use instead, in one run, on one durable server, taking turns."""
