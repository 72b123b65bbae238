"""What the messages hold: payloads, topics, schemas, examples, and the reference that is made of them."""
