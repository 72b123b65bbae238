"""From the broker to the platforms that cities run; run where the broker is, so that a node keeps one destination."""
