"""What leaves the node: messages, MQTT, Home Assistant, bridges to city platforms, embedded broker."""
