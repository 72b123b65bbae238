"""From a summary to words: facts, prompt, language model, check against the facts, template."""
