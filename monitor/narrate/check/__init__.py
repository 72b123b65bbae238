"""Whether a caption says nothing but the facts: what words claim, and a judge for each kind of claim."""
