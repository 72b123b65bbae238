"""Where sound comes from: microphone, audio file, synthesised demo scene; one contract."""
