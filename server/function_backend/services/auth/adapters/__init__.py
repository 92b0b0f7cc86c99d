"""What the pipeline asks of this folder."""
