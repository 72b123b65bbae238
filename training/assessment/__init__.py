"""Assessment of captions by listeners: a blinded listening test, and what the returned sheets say.

Measures as published for soundscape captions judged by experts: precision and recall 1..5, fluency, conciseness and
irrelevance -2..0, overall = (precision + recall) / 2 + fluency + conciseness + irrelevance.
"""
