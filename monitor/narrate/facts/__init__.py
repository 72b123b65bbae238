"""From a summary to a closed list of facts: all that a caption may say."""
