"""One connection to a broker, and the next one: addresses, words for what went wrong, subscriptions."""
